/** The error codes of Lambda's API that Millrace answers with (spec a.2). */
export type RefusalCode =
  | 'InvalidParameterValueException'
  | 'InvalidRequestContentException'
  | 'RequestTooLargeException'
  | 'ResourceConflictException'
  | 'ResourceInUseException'
  | 'ResourceNotFoundException'
  | 'SerializationException'
  | 'ServiceException'
  | 'TooManyRequestsException'
  | 'UnsupportedOperationException'
  | 'ValidationException';

interface Envelope {
  readonly status: number;
  /** The case of the key is part of the interface. */
  readonly messageKey: 'message' | 'Message';
  /** Whose fault it is; `undefined`: the body has no such member. */
  readonly type: 'User' | 'Service' | undefined;
}

const ENVELOPES: Readonly<Record<RefusalCode, Envelope>> = {
  InvalidParameterValueException: { status: 400, messageKey: 'message', type: 'User' },
  InvalidRequestContentException: { status: 400, messageKey: 'message', type: 'User' },
  RequestTooLargeException: { status: 413, messageKey: 'message', type: 'User' },
  ResourceConflictException: { status: 409, messageKey: 'message', type: 'User' },
  ResourceInUseException: { status: 400, messageKey: 'Message', type: 'User' },
  ResourceNotFoundException: { status: 404, messageKey: 'Message', type: 'User' },
  SerializationException: { status: 400, messageKey: 'Message', type: undefined },
  ServiceException: { status: 500, messageKey: 'Message', type: 'Service' },
  TooManyRequestsException: { status: 429, messageKey: 'message', type: 'User' },
  UnsupportedOperationException: { status: 400, messageKey: 'message', type: 'User' },
  ValidationException: { status: 400, messageKey: 'message', type: undefined },
};

/** Why a request about a mapping is refused, as Lambda's API says it. */
export class ResourceRefusal extends Error {
  override readonly name = 'ResourceRefusal';
  readonly code: RefusalCode;
  /** TooManyRequestsException only. */
  readonly reason: string | undefined;
  /** What Millrace knows beyond AWS's text, for people; AWS has no place for it. */
  readonly detail: string | undefined;

  constructor(code: RefusalCode, message: string, more: { readonly reason?: string; readonly detail?: string } = {}) {
    super(message);
    this.code = code;
    this.reason = more.reason;
    this.detail = more.detail;
  }

  /** Of the HTTP answer. */
  get status(): number {
    return ENVELOPES[this.code].status;
  }

  /** The body of the HTTP answer. */
  get body(): Readonly<Record<string, string>> {
    const { type, messageKey } = ENVELOPES[this.code];
    return {
      ...(type === undefined ? {} : { Type: type }),
      ...(this.reason === undefined ? {} : { Reason: this.reason }),
      [messageKey]: this.message,
    };
  }
}

/** Refuses a value that the model of the API allows and the service does not. */
export function refuseValue(message: string, detail?: string): never {
  throw new ResourceRefusal('InvalidParameterValueException', message, detail === undefined ? {} : { detail });
}
