/**
 * A sequence number or offset: a decimal text of any length, compared as an integer (R15). Kinesis gives 56 digits,
 * DynamoDB 21 to 40, leading zeros included; neither fits a JavaScript number. The text is kept as it came.
 */
export type SequenceNumber = string & { readonly __sequenceNumber: true };

/** Checks and brands a text. Throws a RangeError. */
export function sequenceNumber(text: string): SequenceNumber {
  if (!/^\d{1,128}$/.test(text)) throw new RangeError('a sequence number is a text of 1 to 128 decimal digits');
  return text as SequenceNumber;
}

/** Below 0 when `a` is the lesser, 0 when they are equal, above 0 when `a` is the greater. */
export function compareSequence(a: SequenceNumber, b: SequenceNumber): number {
  if (a.length === b.length) return a === b ? 0 : a < b ? -1 : 1;
  const left = withoutZeros(a);
  const right = withoutZeros(b);
  if (left.length !== right.length) return left.length - right.length;
  return left === right ? 0 : left < right ? -1 : 1;
}

function withoutZeros(text: string): string {
  return text.startsWith('0') ? text.replace(/^0+/, '') : text;
}
