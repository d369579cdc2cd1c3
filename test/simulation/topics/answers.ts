import type { SeededRandom } from '../../../src/index.ts';
import { type Answer, brokenAnswer } from '../answers.ts';
import type { Offered } from '../streams/record.ts';

/** What names a record in an answer. */
export type Named = Pick<Offered, 'shardId' | 'sequenceNumber'>;

/** Identifiers of a partition that nothing can be concluded from. */
const BROKEN = [
  '{}',
  '{"partition":"orders-0"}',
  '{"offset":1}',
  '{"partition":"clicks-0","offset":1}',
  '{"partition":"orders-0","offset":-7}',
  '[]',
];

function identifier({ shardId, sequenceNumber }: Named): unknown {
  return { itemIdentifier: { partition: shardId, offset: Number(sequenceNumber) } };
}

/** An answer that reports these records. */
export function partialTopicAnswer(random: SeededRandom, records: readonly Named[]): Answer {
  const failures = records.map(identifier);
  if (random.chance(0.2)) failures.push(failures[0]);
  if (random.chance(0.3)) failures.reverse();
  const text = JSON.stringify({ batchItemFailures: failures });
  return { text: () => text, failed: records.map(({ sequenceNumber }) => sequenceNumber) };
}

/** An answer that makes no sense, or one that names a record of another batch beside its own. */
export function brokenTopicAnswer(random: SeededRandom, records: readonly Named[]): Answer {
  const [first] = records;
  if (first === undefined || random.chance(0.5)) return brokenAnswer(random, ['00000000-no-such-record']);
  const other = random.pick(BROKEN);
  const text = `{"batchItemFailures":[${JSON.stringify(identifier(first))},{"itemIdentifier":${other}}]}`;
  return { text: () => text, failed: 'all' };
}
