import type { WideSabotage } from '../workshop.ts';

/** The list of known ways to get tumbling windows and filters of streams wrong. */
export const WINDOW_SABOTAGES: readonly WideSabotage[] = [
  {
    name: 'the state of a window is not stored',
    file: 'src/mapping/lane-window.ts',
    find: '    this.#ledger.noteWindow(this.#window.stored);',
    replace: '',
    rules: ['R1', 'R2'],
  },
  {
    name: 'the state of a window is stored a flush later than the position',
    file: 'src/mapping/lane-window.ts',
    find: '    this.#ledger.noteWindow(this.#window.stored);',
    replace: '    this.#works.clock.timer(100, () => { this.#ledger.noteWindow(this.#window.stored); });',
    rules: ['R1', 'R2'],
  },
  {
    name: 'the state of a window is stored a flush earlier than the position',
    file: 'src/mapping/stream-lane.ts',
    find: 'this.#window?.follow(range, isFinal, verdict);',
    replace:
      'this.#window?.follow(range, isFinal, verdict);\n      if (this.#window !== undefined) await this.#works.checkpointer.flush();',
    rules: ['R1'],
  },
  {
    name: 'a batch straddles two windows',
    file: 'src/mapping/lane-queue.ts',
    find: '      else if (!this.#isOfWindow(entry)) found = true;\n',
    replace: '',
    rules: ['R2'],
  },
  {
    name: 'windows begin with their first record',
    file: 'src/window/tumbling-window.ts',
    find: 'return Math.floor(instant / this.#lengthMs) * this.#lengthMs;',
    replace: 'return Math.floor(instant / 1000) * 1000;',
    rules: ['R3'],
  },
  {
    name: 'the final invocation is not told that it is',
    file: 'src/mapping/lane-window.ts',
    find: '      isFinal,\n      isTerminatedEarly',
    replace: '      isFinal: false,\n      isTerminatedEarly',
    rules: ['R1', 'R2', 'R3'],
  },
  {
    name: 'a window is over without its final invocation when the next record is behind it',
    file: 'src/mapping/stream-lane.ts',
    find: 'if (items.length === 0 && this.#window?.mustClose(this.#queue) === true) return { ...FRESH, entries: [] };',
    replace:
      "if (items.length === 0 && this.#window?.mustClose(this.#queue) === true) { this.#window.follow({ ...FRESH, entries: [] }, true, { kind: 'settle' }); return this.#look(open); }",
    rules: ['R1', 'R2'],
  },
  {
    name: 'a final invocation that fails is not asked for again',
    file: 'src/verdict/stream-verdict.ts',
    find: '  const counted = attempts + 1;\n',
    replace: "  const counted = attempts + 1;\n  if (count === 0) return { kind: 'settle' };\n",
    rules: ['R1', 'R2'],
  },
  {
    name: 'the state of a failed invocation is adopted',
    file: 'src/verdict/stream-verdict.ts',
    find: "    case 'malformed':\n      return failed(question, { message: answer.reason, functionError: null });",
    replace:
      "    case 'malformed':\n      if (state !== undefined) return { kind: 'advance', done: 0, at: now + 1000, failure: { message: answer.reason, functionError: null }, state };\n      return failed(question, { message: answer.reason, functionError: null });",
    // It goes on without counting the failure.
    rules: ['R1', 'R3'],
  },
  {
    name: 'the state of a partial answer is not adopted',
    file: 'src/verdict/stream-verdict.ts',
    find: 'failure, state };',
    replace: 'failure };',
    rules: ['R1'],
  },
  {
    name: 'children go on with the state of a window of another shard',
    file: 'src/window/tumbling-window.ts',
    find: 'this.#notBefore = this.#open?.end;',
    replace: 'this.#notBefore = this.#open?.end;\n    (globalThis as { last?: string | undefined }).last = this.#open?.state;',
    also: [
      {
        file: 'src/window/tumbling-window.ts',
        find: 'state: NO_STATE };',
        replace: 'state: this.#notBefore === undefined ? ((globalThis as { last?: string }).last ?? NO_STATE) : NO_STATE };',
      },
    ],
    rules: ['R1'],
  },
  {
    name: 'the end of a shard leaves its window open',
    file: 'src/mapping/lane-window.ts',
    find: 'return (queue.isFinished && this.#ledger.hasEnded) || this.#window.isOver(',
    replace: 'return this.#window.isOver(',
    rules: ['R11', 'R2'],
  },
  {
    name: 'idle windows stay open',
    file: 'src/window/tumbling-window.ts',
    find: 'return this.#open !== undefined && now >= this.#open.end + IDLE_CLOSE_MS',
    replace: 'return this.#open === undefined && now >= 0',
    rules: ['R11'],
  },
  {
    name: 'idle windows are closed at once',
    file: 'src/window/tumbling-window.ts',
    find: 'return this.#open !== undefined && now >= this.#open.end + IDLE_CLOSE_MS',
    replace: 'return this.#open !== undefined && now >= this.#open.end',
    also: [
      {
        file: 'src/window/tumbling-window.ts',
        find: 'return this.#open === undefined ? undefined : this.#open.end + IDLE_CLOSE_MS;',
        replace: 'return this.#open?.end;',
      },
    ],
    rules: ['R3'],
  },
  {
    name: 'a state of any size is kept',
    file: 'src/mapping/lane-window.ts',
    find: 'return state !== undefined && state.length * 3 > WINDOW_STATE_BYTES_MAX',
    replace: 'return state !== undefined && state.length < 0',
    rules: ['R3', 'R2'],
  },
  {
    name: 'what no filter wants is invoked',
    file: 'src/mapping/shard-task.ts',
    find: 'const isWanted = filter.accepts(filtering.view(this.shardId, record));',
    replace: 'const isWanted = filter.accepts(filtering.view(this.shardId, record)) || record.sequenceNumber.length > 0;',
    rules: ['R1'],
  },
  {
    name: 'what no filter wants holds the position',
    file: 'src/settle/shard-ledger.ts',
    find: ' || keeps?.(record) === false };',
    replace: ' };',
    also: [
      {
        file: 'src/settle/shard-ledger.ts',
        find: 'if (!entry.isDone) fresh.push(entry);',
        replace: 'if (!entry.isDone && keeps?.(record) !== false) fresh.push(entry);',
      },
    ],
    rules: ['R5', 'R11'],
  },
  {
    name: 'the filter comes after the batch is cut',
    file: 'src/mapping/shard-task.ts',
    find: 'this.#ledger.read(page.records, readThrough, this.#keeps, page.readTo)',
    replace: 'this.#ledger.read(page.records, readThrough, undefined, page.readTo)',
    also: [
      {
        file: 'src/mapping/stream-lane.ts',
        find: '    return isComplete ? { ...FRESH, entries: items } : undefined;',
        replace: `        if (!isComplete) return undefined;
        const { options, source } = this.#works;
        const isWanted = (entry: ShardEntry): boolean =>
          options.filter === undefined || source.filtering === undefined || options.filter.accepts(source.filtering.view(this.#place.shardId, entry.record));
        const wanted = items.filter(isWanted);
        if (wanted.length < items.length) this.#settle(items.filter((entry) => !isWanted(entry)));
        return wanted.length > 0 ? { ...FRESH, entries: wanted } : (this.#collect() as LaneRange);`,
      },
    ],
    rules: ['R3', 'R5'],
  },
  {
    name: 'what is not JSON passes a filter',
    file: 'src/mapping/shard-task.ts',
    find: 'const isWanted = filter.accepts(filtering.view(this.shardId, record));',
    replace:
      "const isWanted = filter.accepts(filtering.view(this.shardId, record)) || !(record as unknown as { data: string }).data.startsWith('ey');",
    rules: ['R1'],
  },
];
