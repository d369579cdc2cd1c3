/** The object that is kept for one discard: its key and its text. */
import { type Discard, discardJson } from '../../../src/index.ts';

/**
 * How the event is kept: as a JSON text within the JSON, which is what AWS's guide says. Not confirmed against AWS: its recorded
 * answers went through a tool that reads such texts, and would look the same for an object.
 */
export const PAYLOAD_FORM: PayloadForm = 'text';

/** `text`: `"payload":"{\"Records\":…}"`; `object`: `"payload":{"Records":…}`. */
export type PayloadForm = 'text' | 'object';

/** The invocation record with the event as its last key. */
export function objectBody(discard: Discard, form: PayloadForm = PAYLOAD_FORM): string {
  if (form === 'text') return discardJson(discard, discard.payload());
  return `${discardJson(discard).slice(0, -1)},"payload":${discard.payload()}}`;
}

/** `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<id>`, in UTC. The same discard has the same key when it is sent again. */
export function objectKey({ mappingId, shardId, at, id }: Discard): string {
  const instant = new Date(at).toISOString();
  const day = instant.slice(0, 10);
  const time = instant.slice(11, 19).replaceAll(':', '.');
  return `aws/lambda/${mappingId}/${shardId}/${day.replaceAll('-', '/')}/${day}T${time}-${id}`;
}
