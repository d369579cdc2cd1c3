import type { Outcome } from '../contract/index.ts';

/**
 * What an outcome says of the target itself: it cannot do its work (`failed`), it has no room (`throttled`), or it took the event
 * (`reached`), however the function fared with it.
 */
export type TargetFault = 'reached' | 'throttled' | 'failed';

/** Errors of functions that are none of the event's: Lambda's own types for a function that cannot be loaded. */
const INIT_ERROR_TYPES: ReadonlySet<string> = new Set([
  'Runtime.HandlerNotFound',
  'Runtime.ImportModuleError',
  'Runtime.InitTimeout',
  'Runtime.InvalidEntrypoint',
  'Runtime.InvalidWorkingDir',
  'Runtime.MalformedHandlerName',
  'Runtime.UserCodeSyntaxError',
]);

/** Codes of terminal outcomes that any event would have met: not there, not allowed. Others may be one event's, such as its size. */
const TARGET_CODES =
  /^(Http(3\d\d|401|403|404|410)|ResourceNotFoundException|AccessDenied(Exception)?|UnrecognizedClientException|InvalidSignatureException|ExpiredTokenException|KMS\w+)$/;

/** Sorts an outcome. A function error or a time-out may be one record's fault, so it says nothing against the target. */
export function faultOf(outcome: Outcome): TargetFault {
  switch (outcome.kind) {
    case 'success':
    case 'timeout':
      return 'reached';
    case 'function-error':
      return outcome.duringInit === true || INIT_ERROR_TYPES.has(outcome.errorType) ? 'failed' : 'reached';
    case 'throttled':
      return 'throttled';
    case 'service-error':
      return 'failed';
    case 'terminal':
      return TARGET_CODES.test(outcome.code) ? 'failed' : 'reached';
  }
}

/** Why, in a few words without anything of the event. */
export function causeOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'success':
    case 'timeout':
      return outcome.kind;
    case 'function-error':
      return outcome.errorType;
    case 'throttled':
    case 'service-error':
      return `${outcome.kind}: ${outcome.message}`;
    case 'terminal':
      return `${outcome.code}: ${outcome.message}`;
  }
}
