/** Which member gets which partition: as even as can be, and as it was before as far as that allows. Pure. */

/** One member, as the leader sees it. */
export interface AssignedMember {
  readonly memberId: string;
  readonly topics: readonly string[];
  /** What it had, and in which generation; nothing where it does not tell. */
  readonly had: Had | undefined;
}

/** What a member had. */
export interface Had {
  readonly generation: number;
  readonly partitions: Readonly<Record<string, readonly number[]>>;
}

/** By member, by topic: its partitions. */
export type Assignments = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

/** Divides the partitions of every topic among the members that want it. */
export function divide(members: readonly AssignedMember[], partitionsOf: ReadonlyMap<string, readonly number[]>): Assignments {
  const shares = new Map(members.map(({ memberId }) => [memberId, new Map<string, number[]>()]));
  const load = new Map(members.map(({ memberId }) => [memberId, 0]));
  for (const [topic, partitions] of [...partitionsOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const wanting = members.filter(({ topics }) => topics.includes(topic));
    if (wanting.length === 0) continue;
    for (const [memberId, got] of divideTopic(topic, partitions, wanting, load)) {
      shares.get(memberId)?.set(topic, got);
      load.set(memberId, (load.get(memberId) ?? 0) + got.length);
    }
  }
  return new Map([...shares].map(([memberId, share]) => [memberId, Object.fromEntries(share)]));
}

function divideTopic(
  topic: string,
  partitions: readonly number[],
  members: readonly AssignedMember[],
  load: ReadonlyMap<string, number>,
): Map<string, number[]> {
  const owners = lastOwners(topic, members);
  const kept = new Map(members.map(({ memberId }) => [memberId, partitions.filter((partition) => owners.get(partition) === memberId)]));
  const least = Math.floor(partitions.length / members.length);
  // Who has most keeps most, so that little moves; then who has little else.
  const order = members
    .map(({ memberId }) => memberId)
    .sort((a, b) => sizeOf(kept, b) - sizeOf(kept, a) || (load.get(a) ?? 0) - (load.get(b) ?? 0) || (a < b ? -1 : 1));
  const extra = partitions.length % members.length;
  const quotas = new Map(order.map((memberId, at) => [memberId, least + (at < extra ? 1 : 0)]));
  const shares = new Map(order.map((memberId) => [memberId, (kept.get(memberId) ?? []).slice(0, quotas.get(memberId))]));
  const given = new Set([...shares.values()].flat());
  const free = partitions.filter((partition) => !given.has(partition));
  for (const memberId of order) {
    const share = shares.get(memberId) ?? [];
    share.push(...free.splice(0, (quotas.get(memberId) ?? 0) - share.length));
    share.sort((a, b) => a - b);
  }
  return shares;
}

function sizeOf(kept: ReadonlyMap<string, readonly number[]>, memberId: string): number {
  return kept.get(memberId)?.length ?? 0;
}

/** By partition: who had it in the youngest generation; nobody where two say so. */
function lastOwners(topic: string, members: readonly AssignedMember[]): Map<number, string | undefined> {
  const claims = new Map<number, { readonly memberId: string | undefined; readonly generation: number }>();
  for (const { memberId, had } of members) {
    if (had === undefined) continue;
    for (const partition of had.partitions[topic] ?? []) {
      const claim = claims.get(partition);
      if (claim === undefined || claim.generation < had.generation) claims.set(partition, { memberId, generation: had.generation });
      else if (claim.generation === had.generation) claims.set(partition, { memberId: undefined, generation: had.generation });
    }
  }
  return new Map([...claims].map(([partition, { memberId }]) => [partition, memberId]));
}
