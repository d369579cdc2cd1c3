import { expect, it } from 'vitest';
import { windowEvent } from '../../../src/window/index.ts';

const call = {
  window: { start: Date.UTC(2020, 11, 9, 7, 4), end: Date.UTC(2020, 11, 9, 7, 6), state: '{"sum":18}' },
  shardId: 'shardId-000000000006',
  eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  isFinal: true,
  isTerminatedEarly: false,
};

it('adds to an event what AWS adds, in its order, with bounds to the second', () => {
  const Records = [{ kinesis: { data: 'eA==' } }];
  const event = windowEvent({ Records }, call);
  expect(JSON.stringify(event)).toBe(
    JSON.stringify({
      Records,
      window: { start: '2020-12-09T07:04:00Z', end: '2020-12-09T07:06:00Z' },
      state: { sum: 18 },
      shardId: 'shardId-000000000006',
      eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
      isFinalInvokeForWindow: true,
      isWindowTerminatedEarly: false,
    }),
  );
});

it('gives every invocation a state of its own', () => {
  const [one, other] = [windowEvent({ Records: [] }, call), windowEvent({ Records: [] }, call)] as { readonly state: object }[];
  expect(one?.state).toEqual(other?.state);
  expect(one?.state).not.toBe(other?.state);
});
