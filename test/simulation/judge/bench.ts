import type { PeekedMessage } from '../../../adapters/source/embedded-queue/index.ts';
import type { Fail, MappingFacts } from '../facts.ts';
import type { Messages } from './messages.ts';

/** What the watchers share. */
export interface Bench {
  readonly messages: Messages;
  readonly fail: Fail;
  /** Virtual ms. */
  readonly now: () => number;
  /** What a queue really holds. */
  readonly peek: (mapping: MappingFacts) => readonly PeekedMessage[];
}
