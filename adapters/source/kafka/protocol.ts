/** What members of a group tell each other: strategies that are offered, what a member had, what it gets. */
import type { AssignerProtocol } from 'kafkajs';
import type { AssignedMember, Assignments, Had } from './assignment.ts';
import type { WireMember } from './wire.ts';

/** kafkajs's codec of the group protocol. */
export type GroupCodec = typeof AssignerProtocol;

const STICKY = 'millrace-sticky';
/**
 * Strategies of other clients that say nothing of their own in what members send, so that a leader of another client can divide for
 * us and we for it: those of kafkajs and, by their default names, of the Java clients and librdkafka.
 */
const OTHERS = ['RoundRobinAssigner', 'range', 'roundrobin'] as const;
const USER_DATA_MARK = 'millrace-1:';

/** What a member offers when it joins: its own strategy first. */
export function offers(codec: GroupCodec, topic: string, had: Had): { readonly name: string; readonly metadata: Buffer }[] {
  const encode = (userData: Buffer): Buffer => codec.MemberMetadata.encode({ version: 0, topics: [topic], userData });
  const own = encode(Buffer.from(`${USER_DATA_MARK}${JSON.stringify(had)}`));
  const plain = encode(Buffer.alloc(0));
  return [{ name: STICKY, metadata: own }, ...OTHERS.map((name) => ({ name, metadata: plain }))];
}

/** The members as the leader got them. One that cannot be read gets nothing, and is told with the reason. */
export function readMembers(
  codec: GroupCodec,
  members: readonly WireMember[],
  onUnread: (memberId: string, reason: string) => void,
): AssignedMember[] {
  return members.map(({ memberId, memberMetadata }) => {
    try {
      const { topics, userData } = codec.MemberMetadata.decode(memberMetadata) ?? {};
      return { memberId, topics: topics ?? [], had: readHad(userData) };
    } catch (error) {
      // Cut off, or of another protocol: who sent it joins in vain, not the others.
      onUnread(memberId, error instanceof Error ? error.message : String(error));
      return { memberId, topics: [], had: undefined };
    }
  });
}

/** What a member is sent by the leader, for each. */
export function writeAssignments(
  codec: GroupCodec,
  assignments: Assignments,
): { readonly memberId: string; readonly memberAssignment: Buffer }[] {
  return [...assignments].map(([memberId, share]) => {
    const assignment = Object.fromEntries(Object.entries(share).map(([topic, partitions]) => [topic, [...partitions]]));
    return { memberId, memberAssignment: codec.MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }) };
  });
}

/** The partitions of the topic that a member was given. */
export function readAssignment(codec: GroupCodec, assignment: Buffer, topic: string): number[] {
  return codec.MemberAssignment.decode(assignment)?.assignment[topic] ?? [];
}

/** What other versions or clients wrote there is nothing to go by. */
function readHad(userData: Buffer | null | undefined): Had | undefined {
  const text = userData?.toString('utf8') ?? '';
  if (!text.startsWith(USER_DATA_MARK)) return undefined;
  try {
    const had: unknown = JSON.parse(text.slice(USER_DATA_MARK.length));
    return isHad(had) ? had : undefined;
  } catch {
    return undefined;
  }
}

function isHad(had: unknown): had is Had {
  if (typeof had !== 'object' || had === null || !('generation' in had) || !('partitions' in had)) return false;
  const { generation, partitions } = had;
  if (typeof generation !== 'number' || typeof partitions !== 'object' || partitions === null) return false;
  return Object.values(partitions).every((list) => Array.isArray(list) && list.every((partition) => Number.isInteger(partition)));
}
