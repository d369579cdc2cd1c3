import { topicNotFound } from './errors.ts';
import { Group } from './group.ts';
import { Logs } from './logs.ts';
import type { TopicSettings } from './options.ts';

/** What is on the brokers' side: one incarnation after another of a topic, and the groups that read it. */
export class Broker {
  readonly settings: TopicSettings;
  #logs: Logs | undefined;
  #groups = new Map<string, Group>();
  #epoch = 0;

  constructor(settings: TopicSettings) {
    this.settings = settings;
  }

  /** What the topic has now. Throws `not-found`. */
  get logs(): Logs {
    if (this.#logs === undefined) throw topicNotFound(this.settings.name);
    return this.#logs;
  }

  get partitions(): number {
    return this.#logs?.partitions ?? 0;
  }

  /** Whether these are the logs there are. */
  has(logs: Logs): boolean {
    return this.#logs === logs;
  }

  nextEpoch(): number {
    this.#epoch += 1;
    return this.#epoch;
  }

  /** A group of this incarnation; its offsets go with the topic. Throws `not-found`. */
  group(groupId: string): Group {
    if (this.#logs === undefined) throw topicNotFound(this.settings.name);
    const known = this.#groups.get(groupId);
    if (known !== undefined) return known;
    const made = new Group(this);
    this.#groups.set(groupId, made);
    return made;
  }

  addPartitions(count: number): void {
    this.logs.add(count);
    for (const group of this.#groups.values()) group.rebalance();
  }

  create(): void {
    this.delete();
    this.#logs = new Logs(this.settings);
  }

  delete(): void {
    const deleted = this.#logs;
    const groups = this.#groups;
    this.#logs = undefined;
    this.#groups = new Map();
    for (const group of groups.values()) group.dissolve();
    deleted?.wake();
  }
}
