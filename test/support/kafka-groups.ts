/** What a test does to a consumer group of a real broker from outside, which kafkajs's admin cannot: past its members. */
import type { Kafka } from 'kafkajs';

interface Coordinator {
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: { topic: string; partitions: { partition: number; offset: string; metadata: string }[] }[];
  }): Promise<unknown>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
}

interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  findGroupCoordinator(group: { groupId: string }): Promise<Coordinator>;
}

/** Sets what a group without members has committed. */
export async function setCommitted(
  kafka: Kafka,
  groupId: string,
  topic: string,
  committed: { readonly partition: number; readonly offset: string; readonly metadata: string },
): Promise<void> {
  await atCoordinator(kafka, groupId, (coordinator) =>
    // A generation of -1 is that of a simple consumer, which is no member.
    coordinator.offsetCommit({ groupId, groupGenerationId: -1, memberId: '', topics: [{ topic, partitions: [{ ...committed }] }] }),
  );
}

/** Puts every member of a group out, as the broker does with those whose session is over: they hear of it with their next heartbeat. */
export async function putOut(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const { groups } = await admin.describeGroups([groupId]);
  await admin.disconnect();
  const members = groups.flatMap((group) => group.members.map(({ memberId }) => memberId));
  await atCoordinator(kafka, groupId, async (coordinator) => {
    for (const memberId of members) await coordinator.leaveGroup({ groupId, memberId });
  });
}

async function atCoordinator(kafka: Kafka, groupId: string, act: (coordinator: Coordinator) => Promise<unknown>): Promise<void> {
  let found: object | undefined;
  kafka.consumer({
    groupId,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: 'none',
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  const cluster = found as unknown as Cluster; // kafkajs's types leave out half of what its brokers can do
  await cluster.connect();
  try {
    await cluster.refreshMetadata();
    await act(await cluster.findGroupCoordinator({ groupId }));
  } finally {
    await cluster.disconnect();
  }
}
