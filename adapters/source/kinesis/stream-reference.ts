/** How people name a stream, by ARN or name, and what such a name tells before any call. */
import { parseArn } from '../../shared/aws-arn.ts';
import { shown } from '../../shared/aws-settings.ts';

/** What the user wrote, taken apart. */
export type StreamReference =
  | { readonly kind: 'arn'; readonly arn: string; readonly region: string; readonly account: string }
  | { readonly kind: 'name'; readonly name: string };

/** How calls name the stream. */
export type StreamName = { readonly StreamARN: string } | { readonly StreamName: string };

const NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const RESOURCE = /^stream\/[A-Za-z0-9_.-]{1,128}$/;
const CONSUMER = /^stream\/[^/]+\/consumer\//;
const FORM = 'arn:aws:kinesis:REGION:ACCOUNT:stream/NAME';

/** Takes a stream's ARN or name apart; a text says what is wrong with it. */
export function parseStreamReference(stream: unknown): StreamReference | string {
  if (typeof stream !== 'string' || stream === '') {
    return `must be the stream's ARN or name, not ${stream === '' ? 'an empty text' : shown(stream)}`;
  }
  if (!stream.startsWith('arn:')) {
    if (NAME.test(stream)) return { kind: 'name', name: stream };
    return `${shown(stream)} is no ARN and no stream name (1 to 128 letters, digits, "_", "." and "-")`;
  }
  const arn = parseArn(stream);
  if (arn === undefined) return `${shown(stream)} is no ARN of the form ${FORM}`;
  if (arn.service !== 'kinesis') return `${shown(stream)} is an ARN of ${arn.service}; a stream's has the form ${FORM}`;
  if (arn.region === '' || arn.account === '')
    return `${shown(stream)} lacks the region or the account; a stream's ARN has the form ${FORM}`;
  if (CONSUMER.test(arn.resource))
    return `${shown(stream)} names a consumer; enhanced fan-out is not read yet, so give the stream's ARN, ${FORM}`;
  if (!RESOURCE.test(arn.resource)) return `${shown(stream)} ends in ${shown(arn.resource)}, which is no stream/NAME`;
  return { kind: 'arn', arn: stream, region: arn.region, account: arn.account };
}

/** The stream as calls name it. By name only where the user did so: older emulators know no ARNs. */
export function nameInCalls(stream: StreamReference): StreamName {
  return stream.kind === 'arn' ? { StreamARN: stream.arn } : { StreamName: stream.name };
}
