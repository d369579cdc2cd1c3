import type { Sabotage } from '../sabotages.ts';

/** The list of known ways to get streams wrong. */
export const STREAM_SABOTAGES: readonly Sabotage[] = [
  {
    name: 'a position moves over a gap',
    file: 'src/settle/shard-ledger.ts',
    find: 'for (let entry = entries[this.#head]; entry?.isDone === true; entry = entries[this.#head]) {',
    replace:
      'if (entries.at(-1)?.isDone === true) for (const entry of entries) if (entry !== undefined) entry.isDone = true;\n    for (let entry = entries[this.#head]; entry?.isDone === true; entry = entries[this.#head]) {',
    rules: ['R5'],
  },
  {
    name: 'a stale epoch is accepted by the store',
    file: 'adapters/store/memory/index.ts',
    find: 'this.#leases.get(mappingId)?.epoch !== epoch || (rows.get(shard)?.version ?? 0) !== expectedVersion',
    replace: 'false',
    rules: ['R6', 'R5'],
  },
  {
    name: 'a child is read before its parents',
    file: 'src/intake/lineage.ts',
    find: ' && parents.every(isDone));',
    replace: ' && parents.length >= 0 && isDone !== undefined);',
    rules: ['R7', 'R2'],
  },
  {
    name: 'the second parent is forgotten',
    file: 'src/intake/lineage.ts',
    find: ' && parents.every(isDone));',
    replace: ' && parents.slice(0, 1).every(isDone));',
    rules: ['R7', 'R2'],
  },
  {
    name: 'children begin where the mapping began',
    file: 'src/intake/lineage.ts',
    find: "shards.includes(shardId) ? start : { kind: 'trim-horizon' }",
    replace: "shards.includes(shardId) || start.kind !== 'latest' ? start : { kind: 'latest', since: start.since + 60_000 }",
    rules: ['R11', 'R2', 'R5', 'R7'],
  },
  {
    name: 'the retry counter is not reset when a partial answer advances',
    file: 'src/mapping/stream-lane.ts',
    find: 'attempts: 0,\n          notBefore: verdict.at,',
    replace: 'attempts: later.attempts,\n          notBefore: verdict.at,',
    rules: ['R1', 'R3'],
  },
  {
    name: 'the halves of a bisect are swapped',
    file: 'src/mapping/stream-lane.ts',
    find: 'this.#ranges.push({ ...later, entries: entries.slice(verdict.first), notBefore: 0, isCut: true });',
    replace:
      'this.#ranges.push({ ...later, entries: entries.slice(0, verdict.first), notBefore: verdict.at, isCut: true });\n        if (verdict.first > 0) this.#ranges.push({ ...later, entries: entries.slice(verdict.first), notBefore: 0, isCut: true });\n        if (verdict.first > 0) return;',
    rules: ['R2', 'R5'],
  },
  {
    name: 'a bisect uses the retry quota',
    file: 'src/verdict/stream-verdict.ts',
    find: 'if (policy.bisectBatchOnFunctionError && count > 1) return',
    replace: 'if (policy.bisectBatchOnFunctionError && count > 1 && (chance < 0.5)) return',
    rules: ['R1', 'R3'],
  },
  {
    name: 'throttles count as failures',
    file: 'src/verdict/stream-verdict.ts',
    find: "    case 'throttled':\n    case 'service-error':",
    replace:
      "    case 'throttled':\n      return failed(question, { message: outcome.message, functionError: null });\n    case 'service-error':",
    rules: ['R1', 'R3'],
  },
  {
    name: 'one retry too many',
    file: 'src/verdict/stream-verdict.ts',
    find: 'counted > policy.maximumRetryAttempts',
    replace: 'counted > policy.maximumRetryAttempts + 1',
    rules: ['R3'],
  },
  {
    name: 'the destination is not awaited',
    file: 'src/mapping/stream-lane.ts',
    find: 'const records = entries.map(({ record }) => record);\n    const isDone',
    replace: 'const records = entries.map(({ record }) => record);\n    this.#settle(entries);\n    const isDone',
    rules: ['R5'],
  },
  {
    name: 'a destination that fails is given up on',
    file: 'src/settle/discarder.ts',
    find: "if (onDestinationFailure === 'drop') return",
    replace: "if (onDestinationFailure !== ('never' as never)) return",
    rules: ['R5', 'R11'],
  },
  {
    name: 'attempts are not stored',
    file: 'src/settle/shard-row.ts',
    find: 'retry: retry.length === 0 ? undefined :',
    replace: 'retry: retry.length >= 0 ? undefined :',
    rules: ['R11'],
  },
  {
    name: 'what runs is not stored before it is invoked',
    file: 'src/mapping/stream-lane.ts',
    find: 'this.#isSuspect = place.isResumed;',
    replace: 'this.#isSuspect = false;',
    rules: ['R11'],
  },
  {
    name: 'a range that has failed is taken for crashed',
    file: 'src/mapping/lane-queue.ts',
    find: 'hasCrashed: running, isCut: true',
    replace: 'hasCrashed: true, isCut: true',
    rules: ['R1', 'R3'],
  },
  {
    name: 'lane marks of an older scheme are forgotten',
    file: 'src/settle/shard-ledger.ts',
    find: 'const known = isSame ? row.older : [row.current, ...row.older];',
    replace: 'const known = isSame ? row.older : [...row.older];',
    rules: ['R5'],
  },
  {
    name: 'a mark of another lane counts',
    file: 'src/settle/shard-ledger.ts',
    find: 'const mark = lanes[this.#parts.laneOf(orderKey, lanes.length)] ?? null;',
    replace: 'const mark = highest([{ length: 0 } as never, lanes].slice(1)) ?? (orderKey.length < 0 ? null : null);',
    rules: ['R2', 'R5', 'R11'],
  },
  {
    name: 'keys wander between lanes',
    file: 'src/lanes/lane-key.ts',
    find: 'return lanes === 1 ? 0 : fnv1a(orderKey) % lanes;',
    replace:
      'return lanes === 1 ? 0 : (fnv1a(orderKey) + (wander += 1)) % lanes;\n}\nlet wander = 0;\nexport function unused(): void {\n  wander += 0;',
    rules: ['R2', 'R5'],
  },
  {
    name: 'a read goes on behind what was lost with a page',
    file: 'src/settle/shard-ledger.ts',
    find: 'this.#hasEnded = true;',
    replace: 'this.#hasEnded = true;\n    for (const entry of this.#entries) if (entry !== undefined) entry.isDone = true;',
    rules: ['R5', 'R2', 'R7'],
  },
  {
    name: 'rows are stored long after the interval',
    file: 'src/settle/checkpointer.ts',
    find: 'this.#cancel = this.#parts.clock.timer(this.#parts.intervalMs, () => {',
    replace: 'this.#cancel = this.#parts.clock.timer(this.#parts.intervalMs + 3000, () => {',
    rules: ['R5'],
  },
];
