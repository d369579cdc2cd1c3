import { AssignerProtocol } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import type { Brokers } from '../../../../adapters/source/kafka/brokers.ts';
import { KafkaMembership } from '../../../../adapters/source/kafka/membership.ts';
import type { WireBroker } from '../../../../adapters/source/kafka/wire.ts';
import {
  type OffsetCommit,
  SeededRandom,
  SourceError,
  sequenceNumber,
  silentLogger,
  type TopicAssignment,
  VirtualClock,
} from '../../../../src/index.ts';

const ILLEGAL_GENERATION = 22;

/** A group of one member, which gets partition 0 in every generation. */
class StubGroup {
  generation = 0;
  isRebalancing = false;
  /** The error that a commit is answered with, once it is let go. */
  readonly commits: { readonly generation: number; readonly answer: (errorCode: number) => void }[] = [];

  connect(): Brokers {
    const brokers: Partial<Brokers> = {
      codec: () => Promise.resolve(AssignerProtocol),
      refresh: () => this.partitions(),
      partitions: () => this.partitions(),
      partitionsOf: () => Promise.resolve(new Map()),
      coordinator: () => Promise.resolve(1),
      onBroker: (_nodeId, _doing, make) => make(this.broker),
      cut: () => undefined,
      close: () => Promise.resolve(),
    };
    return brokers as Brokers;
  }

  partitions() {
    return Promise.resolve([{ partitionId: 0, leader: 1 }]);
  }

  get broker(): WireBroker {
    const broker: Partial<WireBroker> = {
      joinGroup: ({ groupProtocols }) => {
        this.generation += 1;
        this.isRebalancing = false;
        const [offered] = groupProtocols;
        const members = [{ memberId: 'me', memberMetadata: offered?.metadata ?? Buffer.alloc(0) }];
        return Promise.resolve({ generationId: this.generation, groupProtocol: '', leaderId: 'me', memberId: 'me', members });
      },
      syncGroup: ({ groupAssignment }) => Promise.resolve({ memberAssignment: groupAssignment[0]?.memberAssignment ?? Buffer.alloc(0) }),
      heartbeat: () =>
        this.isRebalancing ? Promise.reject(new SourceError('unavailable', 'REBALANCE_IN_PROGRESS', 'rebalance')) : Promise.resolve(),
      leaveGroup: () => Promise.resolve(),
      offsetCommit: ({ groupGenerationId }) =>
        new Promise((resolve) => {
          const answer = (errorCode: number): void => {
            resolve({ responses: [{ partitions: [{ partition: 0, errorCode }] }] });
          };
          this.commits.push({ generation: groupGenerationId, answer });
        }),
    };
    return broker as WireBroker;
  }
}

function open() {
  const group = new StubGroup();
  const clock = new VirtualClock();
  const assigned: (readonly TopicAssignment[])[] = [];
  const membership = new KafkaMembership({
    topic: 'orders',
    isolationLevel: 0,
    sessionTimeoutMs: 10_000,
    metadataMaxAgeMs: 30_000,
    request: {
      groupId: 'g',
      listener: {
        onAssigned: (partitions) => assigned.push(partitions),
        onRevoking: () => Promise.resolve(),
        onTrouble: () => undefined,
      },
    },
    connect: () => group.connect(),
    clock,
    random: new SeededRandom(1),
    logger: silentLogger,
    onLeft: () => undefined,
  });
  return { group, clock, assigned, membership };
}

const commit: OffsetCommit = { partition: 0, epoch: 1, offset: sequenceNumber('5'), metadata: '' };

describe('a membership', () => {
  it('takes a late refusal of who it was before for no refusal of what it still has', async () => {
    const { group, clock, assigned, membership } = open();
    await clock.advance(100);
    const late = membership.commit([commit]);
    await clock.advance(0);
    group.isRebalancing = true;
    await clock.advance(5_000);
    expect(assigned).toEqual([[{ partition: 0, epoch: 1 }], [{ partition: 0, epoch: 1 }]]);
    group.commits[0]?.answer(ILLEGAL_GENERATION);
    expect(await late).toEqual([expect.objectContaining({ kind: 'unavailable', code: 'ILLEGAL_GENERATION' })]);
    const again = membership.commit([commit]);
    await clock.advance(0);
    group.commits[1]?.answer(0);
    expect(await again).toEqual(['committed']);
    expect(group.commits.map(({ generation }) => generation)).toEqual([1, 2]);
    await clock.run(membership.leave());
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes a refusal of who it is for one, and joins again under another epoch', async () => {
    const { group, clock, assigned, membership } = open();
    await clock.advance(100);
    const refused = membership.commit([commit]);
    await clock.advance(0);
    group.commits[0]?.answer(ILLEGAL_GENERATION);
    expect(await refused).toEqual(['refused']);
    await clock.advance(5_000);
    expect(assigned.at(-1)).toEqual([{ partition: 0, epoch: 2 }]);
    expect(await membership.commit([commit])).toEqual(['refused']);
    await clock.run(membership.leave());
    expect(clock.pendingTimers).toBe(0);
  });
});
