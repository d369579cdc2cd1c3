/** SQS's own error codes, of its JSON protocol and of the older query protocol. */
import type { SourceError, SourceErrorKind } from '../../src/index.ts';
import { codeMap, kindOfCode, toSourceError } from './aws-errors.ts';

const SQS_CODES = codeMap({
  'not-found': ['AWS.SimpleQueueService.NonExistentQueue', 'NonExistentQueue', 'QueueDoesNotExist'],
  // A key that is disabled or gone is mended at the key, not here; the queue is asked again meanwhile.
  denied: [
    'KMS.AccessDeniedException',
    'KMS.DisabledException',
    'KMS.InvalidKeyUsageException',
    'KMS.InvalidStateException',
    'KMS.NotFoundException',
    'KMS.OptInRequired',
    'KmsAccessDenied',
    'KmsDisabled',
    'KmsInvalidKeyUsage',
    'KmsInvalidState',
    'KmsNotFound',
    'KmsOptInRequired',
  ],
  invalid: [
    'AWS.SimpleQueueService.MessageNotInflight',
    'InvalidParameterValue',
    'InvalidParameterValueException',
    'MessageNotInflight',
    'ReceiptHandleIsInvalid',
  ],
  throttled: ['OverLimit', 'KmsThrottled', 'KMS.ThrottlingException', 'AWS.SimpleQueueService.RequestThrottled'],
});

/** What a call threw, as the engine knows it. */
export function sqsError(thrown: unknown, call: string): SourceError {
  return toSourceError(thrown, call, SQS_CODES);
}

/** The kind of a code that a batch gave for one entry; `undefined` for codes of no special meaning. */
export function sqsEntryKind(code: string): SourceErrorKind | undefined {
  return kindOfCode(code, SQS_CODES);
}
