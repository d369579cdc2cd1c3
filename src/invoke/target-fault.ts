import type { Outcome } from '../contract/index.ts';

/**
 * What an outcome says of the target itself: it cannot do its work (`failed`), it has no room (`throttled`), or it took the event
 * (`reached`), however the function fared with it.
 */
export type TargetFault = 'reached' | 'throttled' | 'failed';

/** Parts of codes of AWS that say: not allowed. */
const DENIED = [
  'AccessDenied',
  'AuthFailure',
  'AuthorizationError',
  'CredentialsProviderError',
  'EC2AccessDenied',
  'ExpiredToken',
  'Forbidden',
  'IncompleteSignature',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSecurity',
  'InvalidSignature',
  'MissingAuthenticationToken',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'Unauthorized',
  'UnrecognizedClient',
];
/** Parts of codes of AWS that say: not there, or not as it must be. */
const BROKEN = [
  String.raw`CodeArtifact\w+`,
  'Invalid(Runtime|SecurityGroupID|SubnetID|ZipFile)',
  String.raw`KMS\w+`,
  'ModeNotSupported',
  'NoPublishedVersion',
  'ResourceNotFound',
  'Runtime(Alias|Version)Deleted',
];
/** Codes of terminal outcomes that any event would have met. Others may be one event's, such as its size. */
const TARGET_CODES = new RegExp(
  `^(Http(3\\d\\d|401|403|404|410|415)|Runtime\\.InvalidEntrypoint|(${[...DENIED, ...BROKEN].join('|')})(Exception)?)$`,
);

/** Sorts an outcome. A function error or a time-out may be one record's fault, so it says nothing against the target. */
export function faultOf(outcome: Outcome): TargetFault {
  switch (outcome.kind) {
    case 'success':
    case 'timeout':
      return 'reached';
    case 'function-error':
      return outcome.duringInit === true ? 'failed' : 'reached';
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
