import type { Offered } from '../record.ts';
import type { Put } from '../stream.ts';

const NONE: readonly Offered[] = [];

/** Every record of the stream of one mapping. */
export class Records {
  readonly byText = new Map<string, Offered>();
  readonly #byNumber = new Map<string, Offered>();
  readonly #byKey = new Map<string, Offered[]>();
  readonly #byShard = new Map<string, Offered[]>();
  readonly #parents = new Map<string, readonly string[]>();

  add(
    given: Put & Pick<Offered, 'text' | 'key' | 'isKeyless' | 'putAt' | 'poison' | 'killer' | 'bytes' | 'isExempt' | 'isUnwanted'>,
    parents: readonly string[],
  ): void {
    const ofKey = listOf(this.#byKey, given.key);
    const record: Offered = { ...given, order: ofKey.length, isFinished: false, handledBy: undefined };
    ofKey.push(record);
    listOf(this.#byShard, `${given.incarnation} ${given.shardId}`).push(record);
    this.byText.set(given.text, record);
    this.#byNumber.set(given.sequenceNumber, record);
    this.opened(given.incarnation, given.shardId, parents);
  }

  /** A shard is known, also one without records. */
  opened(incarnation: string, shardId: string, parents: readonly string[]): void {
    this.#parents.set(`${incarnation} ${shardId}`, parents);
  }

  get(text: string): Offered {
    const record = this.byText.get(text);
    if (record === undefined) throw new Error(`no record ${text}`);
    return record;
  }

  ofNumber(sequenceNumber: string): Offered | undefined {
    return this.#byNumber.get(sequenceNumber);
  }

  ofKey(key: string): readonly Offered[] {
    return this.#byKey.get(key) ?? NONE;
  }

  ofShard(incarnation: string, shardId: string): readonly Offered[] {
    return this.#byShard.get(`${incarnation} ${shardId}`) ?? NONE;
  }

  childrenOf(incarnation: string, shardId: string): readonly string[] {
    const known = [...this.#parents].filter(([name, parents]) => name.startsWith(`${incarnation} `) && parents.includes(shardId));
    return known.map(([name]) => name.slice(incarnation.length + 1));
  }

  parentsOf(incarnation: string, shardId: string): readonly string[] {
    return this.#parents.get(`${incarnation} ${shardId}`) ?? [];
  }
}

function listOf(lists: Map<string, Offered[]>, name: string): Offered[] {
  const found = lists.get(name);
  if (found !== undefined) return found;
  const made: Offered[] = [];
  lists.set(name, made);
  return made;
}
