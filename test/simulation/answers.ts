import type { SeededRandom } from '../../src/index.ts';

/** One answer of a function, and what a reader of the table of partial responses concludes from it. */
export interface Answer {
  readonly text: () => string;
  /** Ids that it reports as failed; `all`: nothing can be concluded, so everything failed. */
  readonly failed: readonly string[] | 'all';
}

/** Answers that mean: everything is done. */
const DONE = [
  '',
  ' ',
  'null',
  '""',
  '[]',
  '{}',
  '{"batchItemFailures":null}',
  '{"batchItemFailures":[]}',
  '{"statusCode":200}',
  '{"BatchItemFailures":[]}',
];

/** Answers that nothing can be concluded from. */
const BROKEN = [
  'not JSON',
  '{"batchItemFailures":',
  '"ok"',
  '42',
  'true',
  '{"batchItemFailures":"m"}',
  '{"batchItemFailures":{"itemIdentifier":"m"}}',
  '{"batchItemFailures":[{"itemIdentifier":""}]}',
  '{"batchItemFailures":[{"itemIdentifier":null}]}',
  '{"batchItemFailures":[{"itemIdentifier":7}]}',
  '{"batchItemFailures":[{"ItemIdentifier":"m"}]}',
  '{"batchItemFailures":[{}]}',
  '{"batchItemFailures":[null]}',
  '{"batchItemFailures":[{"itemIdentifier":"00000000-no-such-message"}]}',
];

/** An answer that says: done, in one of its spellings. */
export function doneAnswer(random: SeededRandom): Answer {
  const text = random.pick(DONE);
  return { text: () => text, failed: [] };
}

/** An answer that reports these ids. */
export function partialAnswer(random: SeededRandom, ids: readonly string[]): Answer {
  const failures = ids.map((itemIdentifier) => ({ itemIdentifier }));
  const [first] = failures;
  if (first !== undefined && random.chance(0.2)) failures.push(first);
  if (random.chance(0.3)) failures.reverse();
  const text = JSON.stringify({ batchItemFailures: failures });
  return { text: () => text, failed: ids };
}

/** An answer that makes no sense: one of the rows, one that names a sound id beside it, or a value without JSON. */
export function brokenAnswer(random: SeededRandom, ids: readonly string[]): Answer {
  if (random.chance(0.1)) {
    return {
      text: () => {
        throw new TypeError('Converting circular structure to JSON');
      },
      failed: 'all',
    };
  }
  if (random.chance(0.2)) {
    const text = JSON.stringify({ batchItemFailures: [{ itemIdentifier: ids[0] }, { itemIdentifier: 'of another batch' }] });
    return { text: () => text, failed: 'all' };
  }
  const text = random.pick(BROKEN);
  return { text: () => text, failed: 'all' };
}

/** What a queue may forget after an answer, and what a readable answer listed: stated anew here, not taken from the engine. */
export function conclude(
  answer: Answer,
  records: readonly { readonly messageId: string; readonly groupId: string | undefined }[],
  rules: { readonly partial: boolean; readonly quarantine: boolean },
): { readonly handled: readonly string[]; readonly listed: readonly string[] } {
  const ids = records.map(({ messageId }) => messageId);
  if (!rules.partial) return { handled: ids, listed: [] };
  if (answer.failed === 'all') return { handled: [], listed: [] };
  const failed = new Set(answer.failed);
  const closed = new Set<string>();
  const handled: string[] = [];
  for (const { messageId, groupId } of records) {
    if (failed.has(messageId)) {
      if (groupId !== undefined && rules.quarantine) closed.add(groupId);
    } else if (groupId === undefined || !closed.has(groupId)) handled.push(messageId);
  }
  return { handled, listed: rules.quarantine ? [] : answer.failed };
}
