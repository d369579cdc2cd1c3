/** Records that DynamoDB no longer keeps: what may have been lost stops the shard, what was not lost stops nothing. */
import { expect, test } from 'vitest';
import { SourceError } from '../../src/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { type Change, DynamoDbWorld } from '../support/dynamodb-world.ts';

const STANDS_STILL = /stands still, because records may have been lost/;

const a = (value: string): Change => ({ item: 'a', value });

/** Waits until the mapping says that a shard stands still because records may have been lost. */
async function untilTrimmed(world: DynamoDbWorld): Promise<string> {
  await expect.poll(() => world.engine?.explain().join('\n')).toMatch(STANDS_STILL);
  return world.engine?.explain().join('\n') ?? '';
}

describeWithBackend('dynamodb-local', 'a mapping of a DynamoDB stream, after a day', ({ endpoint }) => {
  test('stops a shard whose unread records are gone with it, says so, and goes on when told to', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.start();
    await world.table.put(a('read'));
    await world.idle();
    await world.stop();
    await world.table.put(a('lost'));
    await world.age(25);
    await world.table.put(a('kept'));
    await world.start();
    const said = await untilTrimmed(world);
    const [shardId] = world.told('shard.state').map((event) => event.shardId);
    expect(said).toContain(shardId);
    expect(said).toMatch(/onTrimmed/);
    expect(world.told('shard.state').at(-1)).toMatchObject({ shardId, state: 'trimmed' });
    expect(world.values).toEqual(['read']);
    await expect(world.engine?.idle({ timeoutMs: 1000 })).rejects.toThrow(STANDS_STILL);
    await world.start({ onTrimmed: 'resumeAtTrimHorizon' });
    await world.idle();
    expect(world.values).toEqual(['read', 'kept']);
  });

  test('stops a shard that is still there but lacks its next record, and goes on with the oldest kept when told to', async ({
    onTestFinished,
  }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.start();
    await world.table.put(a('read'));
    await world.idle();
    await world.stop();
    await world.table.put(a('lost'));
    await world.age(3);
    await world.table.put(a('kept'));
    await world.age(22);
    await world.start();
    await untilTrimmed(world);
    expect(world.values).toEqual(['read']);
    await world.start({ onTrimmed: 'resumeAtTrimHorizon' });
    await world.idle();
    expect(world.values).toEqual(['read', 'kept']);
    // Once gone on, nothing is suspected any more.
    await world.table.put(a('later'));
    await world.start();
    await world.idle();
    expect(world.values).toEqual(['read', 'kept', 'later']);
  });

  test('goes on by itself after idle days in which nothing was lost', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.start();
    await world.table.put(a('first'));
    await world.idle();
    for (const hours of [3, 10, 12, 20]) {
      await world.age(hours);
      await untilAtTip(world);
    }
    await world.table.put(a('days later'));
    await expect.poll(() => world.values).toEqual(['first', 'days later']);
    expect(world.told('shard.state').map(({ state }) => state)).not.toContain('trimmed');
  });

  test('goes on after a rest of less than a day, although its position is older than what is kept', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.start();
    await world.table.put(a('first'));
    await world.idle();
    await world.age(3);
    await untilAtTip(world);
    await world.stop();
    await world.table.put(a('while nobody read'));
    await world.age(22);
    await world.start();
    await world.idle();
    expect(world.values).toEqual(['first', 'while nobody read']);
    expect(world.told('shard.state').map(({ state }) => state)).not.toContain('trimmed');
  });

  test('goes on when all of its shard is trimmed and all of it was read', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.start();
    await world.table.put(a('first'));
    await world.idle();
    await world.age(3);
    await untilAtTip(world);
    await world.stop();
    await world.age(22);
    await world.table.put(a('first of a later shard'));
    await world.start();
    await world.idle();
    expect(world.values).toEqual(['first', 'first of a later shard']);
    expect(world.refused).toContain('TrimmedDataAccessException');
  });

  test('stops at a child whose records were trimmed while its parent could not be worked off', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    await world.table.put(a('blocks'));
    await world.table.rollOver();
    await world.table.put(a('never read'));
    let isBroken = true;
    await world.start({}, () => {
      if (isBroken) throw new Error('broken');
    });
    await expect.poll(() => world.values.length).toBeGreaterThan(0);
    await world.age(25);
    isBroken = false;
    await expect.poll(() => world.engine?.explain().join('\n')).toMatch(STANDS_STILL);
    expect(world.values).not.toContain('never read');
  });

  // The reader opens the trim horizon again at once, thousands of times a second, and says that it is being started.
  test('does not ask in a hurry for a trim horizon that is refused', async ({ onTestFinished }) => {
    const world = await DynamoDbWorld.open(endpoint, onTestFinished);
    let reads = 0;
    await world.start({}, undefined, (source) => {
      source.read = () => {
        reads += 1;
        return refused();
      };
    });
    await expect.poll(() => reads).toBeGreaterThan(1);
    const before = reads;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(reads - before).toBeLessThan(20);
  });
});

/** A read that the service refuses, in a later turn. */
// biome-ignore lint/correctness/useYield: it has nothing to give
async function* refused(): AsyncGenerator<never, void, undefined> {
  await new Promise((resolve) => setImmediate(resolve));
  throw new SourceError('trimmed', 'TrimmedDataAccessException', 'refused');
}

/** Waits until every shard has told of enough empty pages, so that the engine knows how far it has read. */
async function untilAtTip(world: DynamoDbWorld): Promise<void> {
  const before = world.told('shard.page').length;
  await expect.poll(() => world.told('shard.page').length).toBeGreaterThan(before + 20);
  await world.idle();
}
