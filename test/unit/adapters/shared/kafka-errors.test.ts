import { CompressionCodecs, CompressionTypes } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { kafkaError, kafkaType } from '../../../../adapters/shared/kafka-errors.ts';
import { SourceError } from '../../../../src/index.ts';

/** As kafkajs wraps: how often it was tried, around what the broker said. */
function protocolError(type: string, message = 'said by the broker'): Error {
  const inner = Object.assign(new Error(message), { name: 'KafkaJSProtocolError', type });
  return Object.assign(new Error(message, { cause: inner }), { name: 'KafkaJSNumberOfRetriesExceeded' });
}

describe('errors of kafkajs', () => {
  it.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', 'not-found'],
    ['TOPIC_AUTHORIZATION_FAILED', 'denied'],
    ['GROUP_AUTHORIZATION_FAILED', 'denied'],
    ['SASL_AUTHENTICATION_FAILED', 'denied'],
    ['OFFSET_METADATA_TOO_LARGE', 'invalid'],
    ['INVALID_SESSION_TIMEOUT', 'invalid'],
    ['INCONSISTENT_GROUP_PROTOCOL', 'invalid'],
    ['INVALID_GROUP_ID', 'invalid'],
    ['GROUP_MAX_SIZE_REACHED', 'throttled'],
    ['OFFSET_OUT_OF_RANGE', 'trimmed'],
    ['NOT_LEADER_FOR_PARTITION', 'unavailable'],
    ['GROUP_COORDINATOR_NOT_AVAILABLE', 'unavailable'],
  ])('%s is %s, and keeps its name through what it is wrapped in', (type, kind) => {
    const error = kafkaError(protocolError(type), 'Fetch of orders');
    expect(error).toMatchObject({ kind, code: type });
    expect(error.message).toMatch(/^Fetch of orders: /u);
    expect(kafkaType(protocolError(type))).toBe(type);
  });

  it('is denied where TLS fails, and says what to look at', () => {
    const inner = Object.assign(new Error('Connection error: self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(kafkaError(inner, 'Metadata')).toMatchObject({
      kind: 'denied',
      message: expect.stringMatching(/check the certificates/u) as string,
    });
  });

  it('is denied where the broker refuses who we are, in its own words', () => {
    const refused = Object.assign(new Error('SASL PLAIN authentication failed'), { name: 'KafkaJSSASLAuthenticationError' });
    expect(kafkaError(refused, 'Metadata')).toMatchObject({ kind: 'denied', message: expect.stringContaining('SASL PLAIN') as string });
  });

  it('is unavailable where nobody listens, and for whatever else may pass', () => {
    const closed = Object.assign(new Error('Connection error: connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(kafkaError(closed, 'Metadata')).toMatchObject({ kind: 'unavailable', code: 'ECONNREFUSED' });
    expect(kafkaError('odd', 'Metadata')).toMatchObject({ kind: 'unavailable', message: 'Metadata: odd' });
  });

  it.each([
    ['Snappy', 'kafkajs-snappy'],
    ['LZ4', 'kafkajs-lz4'],
    ['ZSTD', '@kafkajs/zstd'],
  ] as const)('is invalid where kafkajs lacks the codec of %s, names it and says how to bring one', (codec, from) => {
    const thrown = ((): unknown => {
      try {
        return CompressionCodecs[CompressionTypes[codec]]();
      } catch (error) {
        return error;
      }
    })();
    expect(kafkaError(thrown, 'Fetch')).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(
        `compressed with ${codec},.* CompressionCodecs\\[CompressionTypes\\.${codec}\\] .*package ${from};`,
      ) as string,
    });
  });

  it.each([
    ['MESSAGE_TOO_LARGE', 'invalid'],
    ['POLICY_VIOLATION', 'invalid'],
    ['THROTTLING_QUOTA_EXCEEDED', 'throttled'],
    ['UNKNOWN_TOPIC_ID', 'not-found'],
  ])('%s is %s for those who write', (type, kind) => {
    expect(kafkaError(protocolError(type), 'Produce to failed')).toMatchObject({ kind, code: type });
  });

  it('goes through what is one already', () => {
    const error = new SourceError('gone', 'X', 'x');
    expect(kafkaError(error, 'Fetch')).toBe(error);
  });
});
