/**
 * A queue in this process with the semantics of SQS, standard and FIFO: the door of the adapter.
 *
 * - queue.ts          the port and the producer's side
 * - options.ts        what can be set, checked
 * - message-input.ts  what can be sent, checked
 * - delivery.ts       a stored message as a receive gives it
 * - store.ts          the messages and the rules by which they move
 * - stored-message.ts one message
 * - line.ts           which message comes next: standard, FIFO groups
 * - timetable.ts      what becomes visible when
 * - deduplication.ts  ids of the last five minutes
 * - long-polls.ts     receives that wait
 */
export type { MessageAttributeInput, SendInput, SentMessage } from './message-input.ts';
export type { QueueSettings } from './options.ts';
export type { EmbeddedQueueOptions, MovedMessage, PeekedMessage, Redrive } from './queue.ts';
export { EmbeddedQueue, embeddedQueue } from './queue.ts';
export type { MessageState } from './stored-message.ts';
