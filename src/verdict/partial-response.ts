/** What a function's answer says of its batch. */
export type PartialResponse =
  | { readonly kind: 'succeeded' }
  /** These items failed, the others are done. */
  | { readonly kind: 'failed'; readonly itemIdentifiers: ReadonlySet<string> }
  /** Nothing can be concluded: the whole batch failed. */
  | { readonly kind: 'malformed'; readonly reason: string };

/** How an item is named in an answer; `undefined`: not at all. */
export type NameOf = (itemIdentifier: unknown) => string | undefined;

const textOf: NameOf = (itemIdentifier) => (typeof itemIdentifier === 'string' && itemIdentifier !== '' ? itemIdentifier : undefined);

/**
 * How Kafka's items are named: `{ partition: "topic-0", offset: 123 }` (spec f.2). Gives the offset; that of another partition is no
 * item of the batch.
 */
export function offsetNameOf(partitionName: string): NameOf {
  return (itemIdentifier) => {
    if (typeof itemIdentifier !== 'object' || itemIdentifier === null) return undefined;
    const { partition, offset } = itemIdentifier as { partition?: unknown; offset?: unknown };
    const isOffset = (typeof offset === 'number' && Number.isSafeInteger(offset)) || (typeof offset === 'string' && offset !== '');
    if (typeof partition !== 'string' || !isOffset) return undefined;
    return partition === partitionName ? String(offset) : `${partition} ${String(offset)}`;
  };
}

const SUCCEEDED: PartialResponse = { kind: 'succeeded' };

/**
 * Whether an answer that is JSON but neither object, array, null nor '' (such as `"ok"` or `42`) fails the batch. AWS
 * does not document it; failing is the choice that loses nothing.
 */
const SCALAR_RESPONSE_FAILS: boolean = true;

/**
 * Reads a partial batch response (ReportBatchItemFailures). Success: nothing, `null`, `""`, `[]`, `{}`, a missing, null
 * or empty `batchItemFailures`. Failure of all: no JSON, an identifier that is empty, null, missing or not of this
 * batch. See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html.
 */
export function readPartialResponse(text: string, isInBatch: (itemIdentifier: string) => boolean, nameOf?: NameOf): PartialResponse {
  if (text.trim() === '') return SUCCEEDED;
  try {
    return readPartialAnswer(JSON.parse(text), isInBatch, nameOf);
  } catch {
    return malformed('the answer is not JSON');
  }
}

/** The same of an answer that has been parsed. */
export function readPartialAnswer(
  answer: unknown,
  isInBatch: (itemIdentifier: string) => boolean,
  nameOf: NameOf = textOf,
): PartialResponse {
  if (answer === null || answer === '') return SUCCEEDED;
  if (typeof answer !== 'object') return scalar(typeof answer);
  const failures: unknown = Array.isArray(answer) ? undefined : (answer as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === undefined || failures === null) return SUCCEEDED;
  if (!Array.isArray(failures)) return malformed('batchItemFailures is not a list');
  return readFailures(failures, isInBatch, nameOf);
}

function scalar(type: string): PartialResponse {
  return SCALAR_RESPONSE_FAILS ? malformed(`the answer is a ${type}, not an object`) : SUCCEEDED;
}

function readFailures(failures: readonly unknown[], isInBatch: (itemIdentifier: string) => boolean, nameOf: NameOf): PartialResponse {
  if (failures.length === 0) return SUCCEEDED;
  const itemIdentifiers = new Set<string>();
  for (const failure of failures) {
    const itemIdentifier = nameOf(
      typeof failure === 'object' && failure !== null ? (failure as { itemIdentifier?: unknown }).itemIdentifier : undefined,
    );
    if (itemIdentifier === undefined) return malformed('an entry of batchItemFailures has no itemIdentifier');
    if (!isInBatch(itemIdentifier)) return malformed('an itemIdentifier is not of this batch');
    itemIdentifiers.add(itemIdentifier);
  }
  return { kind: 'failed', itemIdentifiers };
}

function malformed(reason: string): PartialResponse {
  return { kind: 'malformed', reason };
}
