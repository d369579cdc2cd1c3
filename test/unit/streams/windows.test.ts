import type { KinesisStreamEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { handler } from '../../../adapters/target/function/index.ts';
import { StreamWorld } from '../../support/stream-world.ts';

/** An event in a window as AWS documents it (TimeWindowEvent). */
interface WindowEvent extends KinesisStreamEvent {
  readonly window: { readonly start: string; readonly end: string };
  readonly state: { readonly sum?: number; readonly ballast?: string };
  readonly shardId: string;
  readonly eventSourceARN: string;
  readonly isFinalInvokeForWindow: boolean;
  readonly isWindowTerminatedEarly: boolean;
}

type Answer = (event: WindowEvent, sum: number) => unknown;

/** What one invocation was given, in short. */
function short({ window, state, Records, isFinalInvokeForWindow, isWindowTerminatedEarly }: WindowEvent): string {
  const texts = Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
  const flags = `${isFinalInvokeForWindow ? ' final' : ''}${isWindowTerminatedEarly ? ' early' : ''}`;
  return `${window.start.slice(11, 19)} ${String(state.sum ?? 0)}+[${texts.join(' ')}]${flags}`;
}

class WindowWorld extends StreamWorld {
  readonly calls: string[] = [];
  readonly windowEvents: WindowEvent[] = [];

  /** The function sums up, and answers what `answer` makes of it. */
  mapWindows(fields: Readonly<Record<string, unknown>> = {}, answer: Answer = (_event, sum) => ({ state: { sum } })): void {
    const target = handler((event: WindowEvent) => {
      this.calls.push(short(event));
      this.windowEvents.push(event);
      const sum = event.Records.reduce(
        (total, { kinesis }) => total + Number(Buffer.from(kinesis.data, 'base64').toString()),
        event.state.sum ?? 0,
      );
      return answer(event, sum);
    });
    this.mapping = this.engine.map({
      name: 'm',
      startingPosition: 'TRIM_HORIZON',
      tumblingWindowInSeconds: 60,
      ...fields,
      source: this.stream,
      target: target,
    });
  }

  /** The virtual wall clock goes to so many seconds after the full minute that the world began in, or later ones. */
  async until(seconds: number): Promise<void> {
    await this.clock.advance(this.#begin + seconds * 1000 - this.clock.wall());
  }

  readonly #begin = Math.ceil(this.clock.wall() / 60_000) * 60_000;

  get minute(): string {
    return new Date(this.#begin).toISOString().slice(11, 19);
  }

  get nextMinute(): string {
    return new Date(this.#begin + 60_000).toISOString().slice(11, 19);
  }
}

async function begun(fields: Readonly<Record<string, unknown>> = {}, answer?: Answer): Promise<WindowWorld> {
  const world = new WindowWorld();
  await world.until(0);
  world.mapWindows(fields, answer);
  await world.clock.run(world.engine.start());
  return world;
}

function put(world: StreamWorld, ...numbers: number[]): void {
  for (const number of numbers) world.stream.put({ partitionKey: 'k', data: String(number) });
}

describe('a tumbling window', () => {
  it('hands its state from invocation to invocation, and ends with a final one', async () => {
    const world = await begun();
    put(world, 1, 2);
    await world.until(10);
    put(world, 3);
    await world.until(65);
    put(world, 10);
    await world.until(70);
    expect(world.calls).toEqual([
      `${world.minute} 0+[1 2]`,
      `${world.minute} 3+[3]`,
      `${world.minute} 6+[] final`,
      `${world.nextMinute} 0+[10]`,
    ]);
    const [event] = world.windowEvents;
    expect(Object.keys(event ?? {})).toEqual([
      'Records',
      'window',
      'state',
      'shardId',
      'eventSourceARN',
      'isFinalInvokeForWindow',
      'isWindowTerminatedEarly',
    ]);
    expect(event).toMatchObject({
      shardId: 'shardId-000000000000',
      eventSourceARN: world.stream.arn,
      window: { start: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/) as unknown },
    });
    await world.stop();
  });

  it('puts no two windows into one batch, and gives the last batch of a window the final flag when the next has begun', async () => {
    const world = new WindowWorld();
    await world.until(0);
    put(world, 1, 2);
    await world.until(61);
    put(world, 10, 20);
    world.mapWindows();
    await world.clock.run(world.engine.start());
    await world.until(70);
    expect(world.calls).toEqual([`${world.minute} 0+[1 2] final`, `${world.nextMinute} 0+[10 20]`]);
    await world.stop();
  });

  it('is closed two minutes after its end when nothing comes any more', async () => {
    const world = await begun();
    put(world, 1);
    await world.until(179);
    expect(world.calls).toEqual([`${world.minute} 0+[1]`]);
    await world.until(182);
    expect(world.calls).toEqual([`${world.minute} 0+[1]`, `${world.minute} 1+[] final`]);
    await world.until(900);
    expect(world.calls).toHaveLength(2);
    await world.stop();
  });

  it('is closed by the end of its shard, and the children begin without state', async () => {
    const world = await begun();
    put(world, 1);
    await world.until(10);
    const children = world.stream.splitShard('shardId-000000000000');
    put(world, 5);
    await world.until(30);
    expect(world.calls).toEqual([`${world.minute} 0+[1]`, `${world.minute} 1+[] final`, `${world.minute} 0+[5]`]);
    expect(children).toContain(world.windowEvents.at(-1)?.shardId);
    await world.stop();
  });

  it('asks for the final invocation until it succeeds, with nothing else of the shard meanwhile', async () => {
    let failures = 3;
    const world = await begun({ maximumRetryAttempts: 0, bisectBatchOnFunctionError: true }, ({ isFinalInvokeForWindow }, sum) => {
      if (isFinalInvokeForWindow && failures > 0) {
        failures -= 1;
        throw new Error('not yet');
      }
      return { state: { sum } };
    });
    put(world, 1);
    await world.until(61);
    put(world, 2);
    await world.until(100);
    const final = `${world.minute} 1+[] final`;
    expect(world.calls).toEqual([`${world.minute} 0+[1]`, final, final, final, final, `${world.nextMinute} 0+[2]`]);
    await world.stop();
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an object without state', { batchItemFailures: [] }],
    ['a state that is a text', { state: 'sum' }],
    ['a state that is a list', { state: [1] }],
    ['a state of null', { state: null }],
  ])('takes an answer of %s for a failure of the batch, which is tried again with the state before it', async (_name, wrong) => {
    let isFirst = true;
    const world = await begun({}, (_event, sum) => {
      if (!isFirst) return { state: { sum } };
      isFirst = false;
      return wrong;
    });
    put(world, 1);
    await world.until(30);
    expect(world.calls).toEqual([`${world.minute} 0+[1]`, `${world.minute} 0+[1]`]);
    await world.stop();
  });

  it('adopts the state of a partial answer for the records before the failed one', async () => {
    let isFirst = true;
    const world = await begun({ functionResponseTypes: ['ReportBatchItemFailures'] }, ({ Records, state }, sum) => {
      if (!isFirst) return { state: { sum } };
      isFirst = false;
      return { state: { sum: (state.sum ?? 0) + 1 }, batchItemFailures: [{ itemIdentifier: Records[1]?.kinesis.sequenceNumber }] };
    });
    put(world, 1, 2, 3);
    await world.until(30);
    expect(world.calls).toEqual([`${world.minute} 0+[1 2 3]`, `${world.minute} 1+[2 3]`]);
    await world.stop();
  });

  it('ends early when its state passes 1 MB: a final invocation with that state, then the same window anew', async () => {
    const ballast = 'x'.repeat(1_048_576);
    const world = await begun({}, ({ isFinalInvokeForWindow }, sum) => ({
      state: sum >= 3 && !isFinalInvokeForWindow ? { sum, ballast } : { sum },
    }));
    put(world, 1);
    await world.until(5);
    put(world, 2);
    await world.until(10);
    put(world, 1);
    await world.until(15);
    expect(world.calls).toEqual([
      `${world.minute} 0+[1]`,
      `${world.minute} 1+[2]`,
      `${world.minute} 3+[] final early`,
      `${world.minute} 0+[1]`,
    ]);
    expect(world.windowEvents[2]?.state.ballast).toHaveLength(ballast.length);
    await world.stop();
  });

  it('goes on with its state after a restart', async () => {
    const world = await begun();
    put(world, 1, 2);
    await world.until(10);
    await world.stop();
    world.renew();
    world.mapWindows();
    await world.clock.run(world.engine.start());
    put(world, 4);
    await world.until(20);
    expect(world.calls).toEqual([`${world.minute} 0+[1 2]`, `${world.minute} 3+[4]`]);
    await world.stop();
  });

  it('closes the window of its shard also when the engine stopped between the end of the shard and the final invocation', async () => {
    let isBroken = true;
    const answer: Answer = ({ isFinalInvokeForWindow }, sum) => {
      if (isFinalInvokeForWindow && isBroken) throw new Error('broken');
      return { state: { sum } };
    };
    const world = await begun({}, answer);
    put(world, 1);
    await world.until(10);
    world.stream.splitShard('shardId-000000000000');
    await world.until(20);
    await world.stop();
    isBroken = false;
    world.renew();
    world.mapWindows({}, answer);
    await world.clock.run(world.engine.start());
    put(world, 5);
    await world.until(60);
    expect(world.calls.slice(-2)).toEqual([`${world.minute} 1+[] final`, `${world.minute} 0+[5]`]);
    await world.stop();
  });

  it('gives up what fails too often, and closes without it', async () => {
    const world = await begun({ maximumRetryAttempts: 1 }, ({ Records }, sum) => {
      if (Records.length > 0 && sum >= 100) throw new Error('too much');
      return { state: { sum } };
    });
    put(world, 1);
    await world.until(5);
    put(world, 100);
    await world.until(20);
    await world.until(65);
    put(world, 7);
    await world.until(70);
    expect(world.calls).toEqual([
      `${world.minute} 0+[1]`,
      `${world.minute} 1+[100]`,
      `${world.minute} 1+[100]`,
      `${world.minute} 1+[] final`,
      `${world.nextMinute} 0+[7]`,
    ]);
    await world.stop();
  });

  it('needs ParallelizationFactor 1, and is 0 to 900 seconds long', () => {
    const world = new WindowWorld();
    expect(() => {
      world.mapWindows({ parallelizationFactor: 2 });
    }).toThrow(/ParallelizationFactor 1/);
    expect(() => {
      world.mapWindows({ tumblingWindowInSeconds: 901 });
    }).toThrow(/0 to 900/);
  });
});

describe('a shard that stands still because records may be lost', () => {
  it('keeps its window open: what becomes of it is for those to say who let the shard go on', async () => {
    const world = new WindowWorld({ retentionMs: 300_000 });
    await world.until(0);
    world.mapWindows();
    await world.clock.run(world.engine.start());
    put(world, 1);
    await world.until(5);
    await world.stop();
    put(world, 2);
    await world.until(900);
    world.renew();
    world.mapWindows();
    await world.clock.run(world.engine.start());
    await world.until(905);
    expect(world.engine.explain().join('\n')).toContain('may have been lost');
    expect(world.calls).toEqual([`${world.minute} 0+[1]`]);
    await world.stop();
  });
});
