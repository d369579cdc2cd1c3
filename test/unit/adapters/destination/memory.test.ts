import { expect, it } from 'vitest';
import { memoryDestination } from '../../../../adapters/destination/memory/index.ts';
import { discard, numbered } from '../../../conformance/destination-suite.ts';

const { signal } = new AbortController();

it('shows what it received: by whom, as text, read, and with the event', async () => {
  const destination = memoryDestination();
  const sent = discard(numbered(0));
  await destination.send(sent, signal);
  const { id, mappingId, shardId } = sent;
  const [received, ...others] = destination.received;
  expect(received).toMatchObject({ id, mappingId, shardId, json: numbered(0), payload: sent.payload() });
  expect(received?.record.requestContext.condition).toBe('RetryAttemptsExhausted');
  expect(received?.record['KinesisBatchInfo']).toMatchObject({ batchSize: 2 });
  expect(others).toEqual([]);
});

it('refuses what it has no room for, until it is cleared', async () => {
  const destination = memoryDestination({ maximumDiscards: 1 });
  await destination.send(discard(numbered(0)), signal);
  await expect(destination.send(discard(numbered(1)), signal)).rejects.toMatchObject({
    name: 'SourceError',
    kind: 'throttled',
    code: 'Full',
  });
  expect(destination.received).toHaveLength(1);
  destination.clear();
  await destination.send(discard(numbered(1)), signal);
  expect(destination.received.map(({ json }) => json)).toEqual([numbered(1)]);
});
