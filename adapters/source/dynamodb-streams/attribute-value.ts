/** Attribute values as Lambda's events show them: typed as DynamoDB does, binary ones in base64. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb-streams';
import type { AttributeValue as EventValue } from 'aws-lambda';
import { setOwn } from '../../shared/sqs-event.ts';

/** The attributes of an item, or of a map within one. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** One text unit takes at most six bytes in JSON (`\u001f`). */
const BYTES_PER_UNIT = 6;
/** `{"BOOL":false}` and a comma: no type takes more around its value. */
const VALUE_BYTES = 15;
/** Quotes and comma around one element, quotes and colon around one name. */
const ELEMENT_BYTES = 3;

/** A copy for one event: what a function does to it changes nothing for the next one. */
export function eventAttributes(attributes: Attributes): Record<string, EventValue> {
  const shown: Record<string, EventValue> = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value !== undefined) setOwn(shown, name, eventValue(value));
  }
  return shown;
}

function eventValue(value: AttributeValue): EventValue {
  if (value.S !== undefined) return { S: value.S };
  if (value.N !== undefined) return { N: value.N };
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.M !== undefined) return { M: eventAttributes(value.M) };
  if (value.L !== undefined) return { L: value.L.map(eventValue) };
  if (value.BOOL !== undefined) return { BOOL: value.BOOL };
  if (value.NULL !== undefined) return { NULL: value.NULL };
  if (value.SS !== undefined) return { SS: [...value.SS] };
  if (value.NS !== undefined) return { NS: [...value.NS] };
  if (value.BS !== undefined) return { BS: value.BS.map(base64) };
  throw new TypeError('an attribute value is of a type that is not known');
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/** Never less than the attributes take in an event's JSON, and cheap: nothing is copied or encoded. */
export function attributesBound(attributes: Attributes | undefined): number {
  let bytes = 2;
  for (const name in attributes) {
    const value = attributes[name];
    if (value !== undefined) bytes += textBound(name) + valueBound(value);
  }
  return bytes;
}

function valueBound(value: AttributeValue): number {
  if (value.S !== undefined) return VALUE_BYTES + textBound(value.S);
  if (value.N !== undefined) return VALUE_BYTES + textBound(value.N);
  if (value.B !== undefined) return VALUE_BYTES + base64Bound(value.B);
  if (value.M !== undefined) return VALUE_BYTES + attributesBound(value.M);
  if (value.L !== undefined) return VALUE_BYTES + sum(value.L, valueBound);
  const texts = value.SS ?? value.NS;
  if (texts !== undefined) return VALUE_BYTES + sum(texts, textBound);
  if (value.BS !== undefined) return VALUE_BYTES + sum(value.BS, base64Bound);
  return VALUE_BYTES;
}

function sum<Value>(values: readonly Value[], bound: (value: Value) => number): number {
  let bytes = 0;
  for (const value of values) bytes += bound(value);
  return bytes;
}

function textBound(text: string): number {
  return text.length * BYTES_PER_UNIT + ELEMENT_BYTES;
}

function base64Bound(bytes: Uint8Array): number {
  return Math.ceil(bytes.byteLength / 3) * 4 + ELEMENT_BYTES;
}
