import { describe, expect, it } from 'vitest';
import { OneTopic } from './one-topic.ts';

// Topics seed 15: a partition that resumed at its horizon forgot what was done beyond it. Seed 34: ranges that had failed below the
// horizon could not be written into a commit, and the commit threw.
describe('a partition that resumes at its horizon', () => {
  it('repeats nothing that is done beyond it, and forgets what failed below it', async () => {
    const world = new OneTopic();
    const fields = { batchSize: 1, parallelizationFactor: 4, onTrimmed: 'resumeAtTrimHorizon', checkpointIntervalMs: 0 } as const;
    world.run = ([text]) => ({
      afterMs: 10,
      outcome: text === 'fails' ? { kind: 'function-error', errorType: 'Error', errorMessage: 'no' } : { kind: 'success', text: () => '' },
    });
    const engine = world.start(fields);
    world.topic.produce({ key: 'a', value: 'fails' });
    for (const value of ['1', '2', '3']) world.topic.produce({ key: 'b', value });
    await world.clock.advance(5000);
    await world.clock.run(engine.stop());
    expect(world.topic.peekGroup('group-1').committed.get(0)?.offset).toBe('0');
    world.topic.deleteRecords(0, '2');
    world.invoked.splice(0);
    const next = world.start(fields);
    world.topic.produce({ key: 'b', value: '4' });
    await world.clock.run(next.idle());
    expect(world.invoked).toEqual([['4']]);
    await world.clock.run(next.stop());
    expect(world.topic.peekGroup('group-1').committed.get(0)?.offset).toBe('5');
    expect(world.events('engine.defect')).toEqual([]);
  });
});
