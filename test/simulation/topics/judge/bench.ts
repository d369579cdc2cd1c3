import type { Bench, Court } from '../../streams/judge/index.ts';
import type { WatchedTopic } from '../topic.ts';

/** What those who watch the mapping share. */
export interface TopicBench extends Omit<Bench<WatchedTopic>, 'current'> {
  readonly court: Court;
  readonly topic: WatchedTopic;
  readonly tally: Tally;
}

/** What is allowed, and counted. */
export interface Tally {
  /** Invocations that ran on when their partition was given up. */
  abandoned: number;
  /** Keys that were in two processes at once because of those, or because one was put out of the group. */
  overlaps: number;
  /** Records that were handled and came again. */
  repeats: number;
}
