import type { KinesisStreamEvent } from 'aws-lambda';
import type { SeededRandom } from '../../../src/index.ts';
import type { Answer } from '../answers.ts';
import type { Offered, WindowCall } from './record.ts';

/** An answer, and the state in it: `undefined` when it has none, so that all of the batch failed. */
export interface WindowAnswer extends Answer {
  readonly state: readonly string[] | undefined;
  readonly isTooLarge: boolean;
}

interface WindowEvent extends KinesisStreamEvent {
  readonly window?: { readonly start: string; readonly end: string };
  readonly state: { readonly seen?: readonly string[] };
  readonly shardId: string;
  readonly isFinalInvokeForWindow: boolean;
  readonly isWindowTerminatedEarly: boolean;
}

/** More than a window may keep. */
const BALLAST = 'x'.repeat(1_048_577);
/** Answers without a state. */
const STATELESS = ['null', '{}', '{"batchItemFailures":[]}', '{"state":null}', '{"state":[]}', '{"state":"seen"}', '{"State":{}}'];

/** `undefined` without tumbling windows. */
export function windowCallOf(event: KinesisStreamEvent): WindowCall | undefined {
  const { window, state, shardId, isFinalInvokeForWindow, isWindowTerminatedEarly } = event as WindowEvent;
  if (window === undefined) return undefined;
  const start = Date.parse(window.start);
  const end = Date.parse(window.end);
  return { shardId, start, end, state: state.seen ?? [], isFinal: isFinalInvokeForWindow, isEarly: isWindowTerminatedEarly };
}

/** What the function of a world answers in a window instead of `plain`: its state names every record that it was given. */
export function windowAnswer(
  plain: Answer,
  call: WindowCall,
  records: readonly Offered[],
  chance: { readonly random: SeededRandom; readonly isStateless: boolean; readonly isTooLarge: boolean; readonly partial: boolean },
): WindowAnswer {
  const { random, isStateless, isTooLarge, partial } = chance;
  if (isStateless) {
    const text = random.pick(STATELESS);
    return { text: () => text, failed: 'all', state: undefined, isTooLarge: false };
  }
  const fields = fieldsOf(plain);
  // What cannot take a state is left as it is, unless it is to mean that all is done.
  if (fields === undefined && plain.failed === 'all') return { ...plain, state: undefined, isTooLarge: false };
  const failed = partial && plain.failed !== 'all' ? plain.failed : [];
  const places = failed.map((number) => records.findIndex(({ sequenceNumber }) => sequenceNumber === number));
  const seen = [...call.state, ...records.slice(0, Math.min(records.length, ...places)).map(({ text }) => text)];
  const text = JSON.stringify({ ...fields, state: { seen, ...(isTooLarge ? { ballast: BALLAST } : undefined) } });
  return { text: () => text, failed: plain.failed, state: seen, isTooLarge };
}

function fieldsOf({ text }: Answer): object | undefined {
  try {
    const parsed = JSON.parse(text()) as unknown;
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
