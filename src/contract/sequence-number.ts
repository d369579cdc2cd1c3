/**
 * A sequence number or offset: a decimal text of any length, compared as an integer (R15). Kinesis gives 56 digits,
 * DynamoDB 21 to 40; neither fits a JavaScript number.
 */
export type SequenceNumber = string & { readonly __sequenceNumber: true };

/** Checks and brands a text. Leading zeros are taken off, so that equal numbers are equal texts. Throws a RangeError. */
export function sequenceNumber(text: string): SequenceNumber {
  if (!/^\d{1,128}$/.test(text)) throw new RangeError('a sequence number is a text of 1 to 128 decimal digits');
  return (text.length > 1 && text.startsWith('0') ? text.replace(/^0+(?=\d)/, '') : text) as SequenceNumber;
}

/** Below 0 when `a` is the lesser, 0 when they are equal, above 0 when `a` is the greater. */
export function compareSequence(a: SequenceNumber, b: SequenceNumber): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
