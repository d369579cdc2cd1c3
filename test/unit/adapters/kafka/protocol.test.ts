import { AssignerProtocol } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { offers, readAssignment, readMembers, writeAssignments } from '../../../../adapters/source/kafka/protocol.ts';

const had = { generation: 7, partitions: { orders: [0, 2] } };

const unexpected = (_: string, reason: string): never => {
  throw new Error(reason);
};

describe('the group protocol', () => {
  it('offers its own strategy first, and those of other clients for mixed groups', () => {
    expect(offers(AssignerProtocol, 'orders', had).map(({ name }) => name)).toEqual([
      'millrace-sticky',
      'RoundRobinAssigner',
      'range',
      'roundrobin',
    ]);
  });

  it('tells the leader what a member had', () => {
    const [own, other] = offers(AssignerProtocol, 'orders', had);
    const members = [own, other].map((offer, index) => ({ memberId: String(index), memberMetadata: offer?.metadata ?? Buffer.alloc(0) }));
    expect(readMembers(AssignerProtocol, members, unexpected)).toEqual([
      { memberId: '0', topics: ['orders'], had },
      { memberId: '1', topics: ['orders'], had: undefined },
    ]);
  });

  it.each([
    '',
    'java bytes',
    'millrace-1:',
    'millrace-1:{',
    'millrace-1:{"generation":"x","partitions":{}}',
    'millrace-1:{"generation":1,"partitions":{"orders":["0"]}}',
  ])('goes by nothing that it does not understand: %j', (text) => {
    const memberMetadata = AssignerProtocol.MemberMetadata.encode({ version: 1, topics: ['orders'], userData: Buffer.from(text) });
    expect(readMembers(AssignerProtocol, [{ memberId: 'a', memberMetadata }], unexpected)).toEqual([
      { memberId: 'a', topics: ['orders'], had: undefined },
    ]);
  });

  it('gives nothing to a member whose metadata is cut off anywhere, or is no such thing, says why, and reads the others', () => {
    const memberMetadata = offers(AssignerProtocol, 'orders', had)[0]?.metadata ?? Buffer.alloc(0);
    const cuts = Array.from({ length: memberMetadata.length }, (_, length) => memberMetadata.subarray(0, length));
    const foreign = [
      Buffer.alloc(0),
      Buffer.from('not of this protocol'),
      Buffer.from([0, 0, 0x7f, 0xff, 0xff, 0xff]),
      Buffer.alloc(64, 0xff),
    ];
    for (const bytes of [...cuts, ...foreign]) {
      const unread: string[] = [];
      const [odd, sound] = readMembers(
        AssignerProtocol,
        [
          { memberId: 'odd', memberMetadata: bytes },
          { memberId: 'sound', memberMetadata },
        ],
        (memberId, reason) => unread.push(`${memberId}: ${reason}`),
      );
      expect(sound).toEqual({ memberId: 'sound', topics: ['orders'], had });
      expect(odd?.had).toBeUndefined();
      const isUnread = unread.length === 1 && unread[0]?.startsWith('odd: ') === true;
      expect(isUnread || odd?.topics.every((topic) => topic === 'orders')).toBe(true);
    }
  });

  it('hands out what was divided, and reads only what is of the topic', () => {
    const [sent] = writeAssignments(AssignerProtocol, new Map([['a', { orders: [1, 3], other: [0] }]]));
    expect(sent?.memberId).toBe('a');
    expect(readAssignment(AssignerProtocol, sent?.memberAssignment ?? Buffer.alloc(0), 'orders')).toEqual([1, 3]);
    expect(readAssignment(AssignerProtocol, sent?.memberAssignment ?? Buffer.alloc(0), 'none')).toEqual([]);
    expect(readAssignment(AssignerProtocol, Buffer.alloc(0), 'orders')).toEqual([]);
  });
});
