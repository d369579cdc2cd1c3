import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Fetcher, FetchTrouble } from '../../../../adapters/source/kafka/fetcher.ts';
import type { WireBroker, WirePartition, WirePlace } from '../../../../adapters/source/kafka/wire.ts';
import { SeededRandom, SourceError, VirtualClock } from '../../../../src/index.ts';

type Fetch = WireBroker['fetch'];
type Request = Parameters<Fetch>[0];

/** Brokers with two leaders: even partitions on 1, odd ones on 2. */
class StubBrokers {
  readonly requests: { readonly nodeId: number; readonly places: readonly WirePlace[]; readonly maxWaitTime: number }[] = [];
  refreshed = 0;
  answer: (nodeId: number, places: readonly WirePlace[]) => Promise<WirePartition[]> = (_, places) =>
    Promise.resolve(places.map((place) => partition(place)));

  partitions() {
    return Promise.resolve([0, 1, 2, 3].map((partitionId) => ({ partitionId, leader: partitionId === 3 ? -1 : 1 + (partitionId % 2) })));
  }

  refresh() {
    this.refreshed += 1;
    return this.partitions();
  }

  async onBroker<Answer>(nodeId: number, _doing: string, make: (broker: WireBroker) => Promise<Answer>): Promise<Answer> {
    const fetch: Fetch = async ({ topics, maxWaitTime }: Request) => {
      const places = topics[0]?.partitions ?? [];
      this.requests.push({ nodeId, places, maxWaitTime });
      return { responses: [{ partitions: await this.answer(nodeId, places) }] };
    };
    return make({ fetch } as WireBroker);
  }
}

function place(partitionId: number, fetchOffset = '0'): WirePlace {
  return { partition: partitionId, fetchOffset, maxBytes: 1000 };
}

function partition({ partition: id, fetchOffset }: WirePlace, messages: WirePartition['messages'] = []): WirePartition {
  return { partition: id, errorCode: 0, highWatermark: fetchOffset, messages };
}

const closing: Fetcher[] = [];
afterEach(() => {
  for (const fetcher of closing.splice(0)) fetcher.close();
});

function open() {
  const brokers = new StubBrokers();
  const clock = new VirtualClock(0);
  const fetcher = new Fetcher({ topic: 'orders', brokers, isolationLevel: 0, clock, random: new SeededRandom(1) });
  closing.push(fetcher);
  const stop = new AbortController();
  return { brokers, clock, fetcher, stop, fetch: (asked: WirePlace) => clock.run(fetcher.fetch(asked, stop.signal)) };
}

describe('the fetcher', () => {
  it('fetches what is asked for, once, and nothing when nobody asks', async () => {
    const { brokers, clock, fetch } = open();
    expect(await fetch(place(0, '5'))).toMatchObject({ partition: 0, highWatermark: '5' });
    expect(brokers.requests).toHaveLength(1);
    await clock.advance(60_000);
    expect(brokers.requests).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('sends along who asks in the same turn, by leader, but one partition once', async () => {
    const { brokers, clock, fetcher, stop } = open();
    const asks = [place(0, '1'), place(2, '2'), place(1, '3'), place(0, '4')].map((asked) => fetcher.fetch(asked, stop.signal));
    const answers = await clock.run(Promise.all(asks));
    expect(answers.map((answer) => (answer as WirePartition).highWatermark)).toEqual(['1', '2', '3', '4']);
    const sent = brokers.requests.map(({ nodeId, places }) => [nodeId, places.map(({ fetchOffset }) => fetchOffset)]);
    expect(sent).toEqual(
      expect.arrayContaining([
        [1, ['1', '2']],
        [2, ['3']],
        [1, ['4']],
      ]),
    );
    expect(sent).toHaveLength(3);
  });

  it('lets a broker wait for records only shortly, and yet more shortly after some have come', async () => {
    const { brokers, fetch } = open();
    brokers.answer = (_, places) =>
      Promise.resolve(places.map((asked) => partition(asked, [{ offset: '0', timestamp: '0', key: null, value: null }])));
    await fetch(place(0));
    await fetch(place(2));
    expect(brokers.requests.map(({ maxWaitTime }) => maxWaitTime)).toEqual([100, 10]);
  });

  it('gives up at once when the signal is set', async () => {
    const { brokers, fetcher, stop } = open();
    brokers.answer = () => new Promise(() => undefined);
    const asked = fetcher.fetch(place(0), stop.signal);
    await turn();
    stop.abort();
    expect(await asked).toBeUndefined();
    expect(await fetcher.fetch(place(0), stop.signal)).toBeUndefined();
  });

  it('tells trouble of one broker to those who asked it, with waits that grow, and asks anew who leads', async () => {
    const { brokers, clock, fetch } = open();
    brokers.answer = (nodeId, places) =>
      nodeId === 1
        ? Promise.reject(new SourceError('unavailable', 'ECONNRESET', 'gone'))
        : Promise.resolve(places.map((asked) => partition(asked)));
    const waits: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const answer = await fetch(place(0));
      expect(answer).toBeInstanceOf(FetchTrouble);
      waits.push((answer as FetchTrouble).retryAt - clock.monotonic());
    }
    expect(waits[0]).toBeLessThanOrEqual(200);
    expect(waits.at(-1)).toBeGreaterThan(2_000);
    expect(brokers.refreshed).toBeGreaterThan(0);
    expect(await fetch(place(1))).toMatchObject({ partition: 1 });
  });

  it('keeps apart whom kafkajs can decode and whom it cannot', async () => {
    const { brokers, clock, fetcher, stop } = open();
    brokers.answer = (_, places) =>
      places.some((asked) => asked.partition === 2)
        ? Promise.reject(new SourceError('invalid', 'KafkaJSNotImplemented', 'no codec'))
        : Promise.resolve(places.map((asked) => partition(asked)));
    const [good, bad] = await clock.run(Promise.all([fetcher.fetch(place(0), stop.signal), fetcher.fetch(place(2), stop.signal)]));
    expect(good).toMatchObject({ partition: 0 });
    expect(bad).toMatchObject({ error: { kind: 'invalid' } });
  });

  it('says unavailable of a partition that nobody leads', async () => {
    const { fetch } = open();
    expect(await fetch(place(3))).toMatchObject({ error: { kind: 'unavailable', code: 'LEADER_NOT_AVAILABLE' } });
  });
});
