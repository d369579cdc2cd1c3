import type { WideSabotage } from '../workshop.ts';

/** The list of known ways to get topics wrong. */
export const TOPIC_SABOTAGES: readonly WideSabotage[] = [
  {
    name: 'what is given up is committed after it was given up',
    file: 'src/mapping/topic-tenure.ts',
    find: 'await this.#partitionParts?.committer.flush();',
    replace: 'this.#parts.clock.timer(50, () => void this.#partitionParts?.committer.flush());',
    rules: ['R5', 'R2'],
  },
  {
    name: 'the highest is committed, not the lowest that is not done',
    file: 'src/settle/commit-metadata.ts',
    find: 'const offset = commitOffset(state.row);',
    replace:
      'const marks = state.row.current.lanes.flatMap((lane) => (lane === null ? [] : [next(lane)]));\n  const offset = marks.reduce((most, mark) => (BigInt(mark) > BigInt(most) ? mark : most), commitOffset(state.row));',
    rules: ['R5'],
  },
  {
    name: 'offset and metadata are of two instants',
    file: 'src/settle/offset-committer.ts',
    find: 'return { partition, epoch, ...encodeCommit({ row: snapshot(), origin: this.#origin }, this.#metadataMax) };',
    replace: `const now = encodeCommit({ row: snapshot(), origin: this.#origin });
    const metadata = this.#early.get(keyOf({ partition, epoch })) ?? now.metadata;
    this.#early.set(keyOf({ partition, epoch }), now.metadata);
    return { partition, epoch, offset: now.offset, metadata };`,
    also: [
      {
        file: 'src/settle/offset-committer.ts',
        find: '  /** Ownerships that are over. */',
        replace: '  readonly #early = new Map<string, string>();\n  /** Ownerships that are over. */',
      },
    ],
    rules: ['R5'],
  },
  {
    name: 'the heartbeat waits for what the function does',
    file: 'adapters/source/embedded-topic/membership.ts',
    find: 'const standing = group.heartbeat(memberId);',
    replace: "const standing = this.#isSettled && this.#owned.size > 0 ? 'stable' : group.heartbeat(memberId);",
    also: [
      {
        file: 'adapters/source/embedded-topic/membership.ts',
        find: "if (this.#owned.get(commit.partition) !== commit.epoch) return 'refused';",
        replace: "this.#group?.heartbeat(this.#memberId);\n    if (this.#owned.get(commit.partition) !== commit.epoch) return 'refused';",
      },
    ],
    rules: ['R11'],
  },
  {
    name: 'the start is not committed before the first record is read',
    file: 'src/mapping/partition-work.ts',
    find: 'if (found.isStored || (await this.#commitStart(found.row)))',
    replace: 'if (!found.isStored) void this.#commitStart(found.row);\n        if (found.row.lanes !== null)',
    rules: ['R4'],
  },
  {
    name: 'a commit that was refused counts as one that was taken',
    file: 'src/settle/offset-committer.ts',
    find: "if (result === 'refused') {",
    replace: "if (result === 'refused' && rows.length < 0) {",
    also: [
      {
        file: 'src/settle/offset-committer.ts',
        find: "} else if (result === 'committed') {",
        replace: "} else if (result === 'committed' || result === 'refused') {",
      },
    ],
    rules: ['R6', 'R4', 'R5'],
  },
  {
    name: 'a partition that stays begins again at what the group has committed',
    file: 'src/mapping/partition-work.ts',
    find: 'before?.epoch === this.epoch && before.row !== undefined ? before.row : undefined;',
    replace: 'undefined as ShardRow | undefined;',
    rules: ['R2', 'R5'],
  },
  {
    name: 'a rebalance does not wait for what runs',
    file: 'src/mapping/topic-tenure.ts',
    find: 'await orSet(this.#settle(works), late);',
    replace: 'void this.#settle(works);',
    rules: ['R6'],
  },
  {
    name: 'what runs is not told of the deadline of a rebalance',
    file: 'src/mapping/topic-tenure.ts',
    find: 'const cutOff = (): void => {\n      for (const work of works) work.cut();',
    replace: 'const cutOff = (): void => {',
    rules: ['R6'],
  },
  {
    name: 'a rebalance is held for ever',
    file: 'src/mapping/topic-tenure.ts',
    find: 'cancel = clock.timer(REVOKE_GRACE_MS, () => {\n        late.set();\n      });',
    replace: '',
    rules: ['R11', 'R13'],
  },
  {
    name: 'what a lost membership had goes on',
    file: 'src/mapping/topic-tenure.ts',
    find: 'for (const work of [...this.#works.values()]) this.#lose(work);',
    replace: '',
    rules: ['R6'],
  },
  {
    name: 'a partition that comes back goes on as if it had stayed',
    file: 'src/mapping/topic-tenure.ts',
    find: 'const ended = { epoch, row: undefined, over };',
    replace:
      'const ended = { epoch, row: work.row, over };\n    if (over !== undefined) {\n      this.#ended.set(partition, ended);\n      return;\n    }',
    also: [
      {
        file: 'src/mapping/partition-work.ts',
        find: 'before?.epoch === this.epoch && before.row !== undefined ? before.row : undefined;',
        replace: 'before?.row;',
      },
    ],
    rules: ['R5', 'R4', 'R6'],
  },
  {
    name: 'what an earlier ownership began runs beside what the next one does',
    file: 'src/mapping/partition-work.ts',
    find: 'await this.#afterPredecessor(before);',
    replace: '',
    rules: ['R2', 'R3'],
  },
  {
    name: 'a place that is out of the log is replaced in silence',
    file: 'src/intake/topic-start.ts',
    find: "{ kind: 'committed', ...committed } : { kind: 'out-of-range', message };",
    replace: "{ kind: 'committed', ...committed } : { kind: 'at', offset: logStart };",
    rules: ['R4', 'R5'],
  },
  {
    name: 'a process leaves the group before it has committed',
    file: 'src/mapping/topic-tenure.ts',
    find: 'await orSet(committer.flush(), over);',
    replace: '',
    rules: ['R5', 'R2'],
  },
  {
    name: 'the group takes commits of members that it has put out',
    file: 'adapters/source/embedded-topic/group.ts',
    find: 'const isMember = this.#seats.has(memberId) && generation === this.#generation;',
    replace: 'const isMember = memberId.length > 0 && generation >= 0;',
    rules: ['R6', 'R5'],
  },
  {
    name: 'an epoch is given out twice',
    file: 'adapters/source/embedded-topic/broker.ts',
    find: 'this.#epoch += 1;',
    replace: 'this.#epoch = 1;',
    rules: ['R6'],
  },
  {
    name: 'offsets are compared as texts',
    file: 'src/contract/sequence-number.ts',
    find: 'if (left.length !== right.length) return left.length - right.length;',
    replace: 'if (left < right && left.length > right.length) return -1;',
    rules: ['R1', 'R2', 'R4', 'R5', 'R11', 'R12', 'defect'],
  },
  {
    name: 'what failed is forgotten when the owner changes',
    file: 'src/settle/commit-metadata.ts',
    find: 'const retry = row.retry.filter(({ to }) => BigInt(to) >= base);',
    replace: 'const retry = row.retry.filter(({ to }) => BigInt(to) < 0n && base >= 0n);',
    rules: ['R3', 'R1', 'R11'],
  },
  {
    name: 'lanes begin anew when the owner changes',
    file: 'src/settle/commit-metadata.ts',
    find: 'for (const lane of lanes) out.put(lane === null || BigInt(lane) < base ? 0n : BigInt(lane) - base + 1n);',
    replace: 'for (const lane of lanes) out.put(lane === null || BigInt(lane) >= 0n ? 0n : base);',
    rules: ['R5'],
  },
  {
    name: 'work goes on while nothing can be committed',
    file: 'src/settle/offset-committer.ts',
    find: 'if (failing === undefined || !this.#waitsFor(failing, ownership)) return undefined;',
    replace: 'if (failing === undefined || failing.keys.size >= 0) return undefined;',
    rules: ['R5'],
  },
];
