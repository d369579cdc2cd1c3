import { describe, expect, it } from 'vitest';
import { EmbeddedStream, type EmbeddedStreamOptions, embeddedStream } from '../../../../adapters/source/embedded-stream/index.ts';
import { problemLines } from '../../../support/problems-of.ts';

/** What is refused of a caller without types, who is the one whom the checks are for. */
const problems = (options: unknown): string[] => problemLines(() => new EmbeddedStream(options as EmbeddedStreamOptions));

describe('the options of an embedded stream', () => {
  it('need no more than a name', async () => {
    const stream = embeddedStream({ name: 'orders' });
    expect(stream).toMatchObject({ kind: 'stream', label: 'orders', arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/orders' });
    expect(await stream.describe()).toMatchObject({ arn: stream.arn, retentionMs: 86_400_000 });
    expect(stream.shardIds).toEqual(['shardId-000000000000']);
  });

  it('place it in a region and an account, and name the role of events', () => {
    const stream = embeddedStream({ name: 'orders', region: 'eu-central-1', account: '123456789012' });
    const { shardId } = stream.put({ partitionKey: 'a', data: 'x' });
    const [record] = stream.toEvent(shardId, stream.peek(shardId).records).Records;
    expect(record).toMatchObject({
      awsRegion: 'eu-central-1',
      eventSourceARN: 'arn:aws:kinesis:eu-central-1:123456789012:stream/orders',
      invokeIdentityArn: 'arn:aws:iam::123456789012:role/millrace',
    });
  });

  it.each([
    [undefined, 'options: must be an object'],
    [{}, 'name: must be 1 to 128 letters, digits, _, - and ., but is missing'],
    [{ name: 'with space' }, 'but is the text "with space"'],
    [{ name: 'a', shards: 0 }, 'shards: must be a whole number from 1 to 1000, but is the number 0'],
    [{ name: 'a', shards: 1001 }, 'shards: must be a whole number from 1 to 1000'],
    [{ name: 'a', retentionMs: 999 }, 'retentionMs: must be a whole number from 1000'],
    [{ name: 'a', pollMs: 0.5 }, 'pollMs: must be a whole number from 1 to 60000'],
    [{ name: 'a', iteratorLifetimeMs: 0 }, 'iteratorLifetimeMs: must be a whole number from 1'],
    [{ name: 'a', maximumRecords: '5' }, 'maximumRecords: must be a whole number from 1'],
    [{ name: 'a', maximumBytes: Number.NaN }, 'maximumBytes: must be a whole number from 1'],
    [{ name: 'a', maximumRecordBytes: 10_485_761 }, 'maximumRecordBytes: must be a whole number from 1 to 10485760'],
    [{ name: 'a', region: 'Nowhere!' }, 'region: must be a region such as us-east-1'],
    [{ name: 'a', account: '12' }, 'account: must be twelve digits'],
    [{ name: 'a', roleArn: 'me' }, 'roleArn: must be an ARN'],
    [{ name: 'a', shard: 2 }, 'shard: is not an option of an embedded stream; did you mean shards?'],
    [{ name: 'a', somethingElse: 2 }, 'somethingElse: is not an option of an embedded stream; there are name,'],
  ])('are refused with field, rule and value: %j', (options, expected) => {
    expect(problems(options).join('\n')).toContain(expected);
  });

  it('are refused all at once', () => {
    expect(problems({ name: '', pollMs: -1, colour: 'red' })).toHaveLength(3);
  });
});
