import { type EmbeddedQueue, embeddedQueue, type SendInput } from '../../adapters/source/embedded-queue/index.ts';
import { SeededRandom, VirtualClock } from '../../src/index.ts';
import { type QueueSetup, type QueueUnderTest, queueSourceSuite, type SuiteMessage } from './queue-source-suite.ts';

const features = { missingQueue: false, olderHandleDeletes: true, attemptId: true, traceHeader: true };

queueSourceSuite('embedded queue (standard)', { open }, { ...features, fifo: false });
queueSourceSuite('embedded queue (FIFO)', { open }, { ...features, fifo: true });

function open({ fifo, visibilityTimeoutSeconds, contentBasedDeduplication, maxReceiveCount }: QueueSetup): Promise<QueueUnderTest> {
  const clock = new VirtualClock();
  const random = new SeededRandom(7);
  const named = (name: string): string => (fifo ? `${name}.fifo` : name);
  const deadLetters = maxReceiveCount === undefined ? undefined : embeddedQueue({ name: named('orders-dead'), clock, random });
  const source = embeddedQueue({
    name: named('orders'),
    visibilityTimeoutSeconds,
    contentBasedDeduplication,
    redrive: deadLetters && maxReceiveCount !== undefined ? { queue: deadLetters, maxReceiveCount } : undefined,
    clock,
    random,
  });
  return Promise.resolve({
    source,
    deadLetters,
    send: (messages) => Promise.resolve(messages.map((message) => source.send(toInput(message)).messageId)),
    run: (promise) => clock.run(promise),
    pause: (ms) => clock.advance(ms),
    now: () => clock.monotonic(),
    cleanup: () => closeWithoutTimers(clock, source, deadLetters),
  });
}

function toInput({ groupId, deduplicationId, ...message }: SuiteMessage): SendInput {
  return { ...message, messageGroupId: groupId, messageDeduplicationId: deduplicationId };
}

async function closeWithoutTimers(clock: VirtualClock, ...queues: readonly (EmbeddedQueue | undefined)[]): Promise<void> {
  for (const queue of queues) await queue?.close();
  await clock.settle();
  if (clock.pendingTimers !== 0) throw new Error(`${String(clock.pendingTimers)} timers are left`);
}
