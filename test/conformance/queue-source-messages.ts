/** What the cases send. */
import type { QueueDepth } from '../../src/index.ts';
import type { QueueDriver, SuiteMessage } from './queue-source-driver.ts';

export const ATTRIBUTES = {
  colour: { dataType: 'String', stringValue: 'grün "hell"' },
  weight: { dataType: 'Number', stringValue: '12.5' },
  label: { dataType: 'Number.grams', stringValue: '7' },
  picture: { dataType: 'Binary', binaryValue: Uint8Array.of(0, 255, 16) },
};
export const BODIES = [
  'plain',
  '{"a": [1, 2]}',
  'tabs\tand\nlines "quoted" \\ </x> &amp;',
  'Grüße 🚰 漢字 \u2028',
  ' '.repeat(3),
  'x'.repeat(100_000),
];

/** One message of the type of queue at hand; each in a group of its own, so that FIFO queues give them out side by side. */
export function message(fifo: boolean, body: string, more: Partial<SuiteMessage> = {}): SuiteMessage {
  return {
    body,
    ...more,
    ...(fifo ? { groupId: `group-${body.slice(0, 20).replaceAll(/[^a-z0-9]/giu, '-')}`, deduplicationId: nextId() } : undefined),
  };
}

let count = 0;
function nextId(): string {
  count += 1;
  return `id-${String(count)}`;
}

export async function sent(driver: QueueDriver, fifo: boolean, amount: number): Promise<string[]> {
  const messages = Array.from({ length: amount }, (_, index) => message(fifo, `m${String(index)}`));
  return [...(await driver.send(...messages))];
}

/** Whether a queue says of itself that it holds nothing. */
export function isEmpty({ visible, notVisible, delayed }: QueueDepth): boolean {
  return visible + notVisible + delayed === 0;
}
