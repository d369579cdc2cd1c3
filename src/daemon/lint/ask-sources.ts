import { asSourceError, type Clock, SourceError } from '../../contract/index.ts';
import type { FunctionDirectory } from '../catalog.ts';
import type { OpenMapping } from '../open-mappings.ts';
import type { FunctionFacts, SourceFacts } from './facts.ts';
import { type Find, timeText } from './finding.ts';

/** How long a source may take to answer, ms. */
const PATIENCE_MS = 20_000;

/** What a source says of itself. What it does not say is found. */
export async function askSource({ plan, source }: OpenMapping, clock: Clock, find: Find): Promise<SourceFacts> {
  const field = plan.sourceField.startsWith(`${plan.at}.`) ? plan.sourceField.slice(plan.at.length + 1) : plan.sourceField;
  return asked(
    async () => {
      if (source.kind === 'queue') {
        const { visibilityTimeoutSeconds: visibilitySeconds, redrive } = await source.describe();
        const receives = redrive === undefined ? {} : { maxReceiveCount: redrive.maxReceiveCount };
        return { visibilitySeconds, hasRedrive: redrive !== undefined, ...receives };
      }
      if (source.kind === 'topic') return { shards: (await source.describe()).partitions };
      const { retentionMs } = await source.describe();
      const shards = (await source.listShards()).filter(({ isClosed }) => !isClosed).length;
      return { retentionSeconds: retentionMs / 1000, shards };
    },
    { clock, field, what: `the ${source.kind}` },
    find,
  ).then((facts) => facts ?? {});
}

/** Whether the destination is there and may be one. */
export async function askDestination(mapping: OpenMapping, clock: Clock, find: Find): Promise<void> {
  if (mapping.discipline === 'queue' || mapping.destination === undefined) return;
  const { destination } = mapping;
  await asked(() => destination.check(), { clock, field: 'DestinationConfig.OnFailure.Destination', what: 'the destination' }, find);
}

/** Whether a function that is elsewhere is there, and its time-out. */
export async function askFunction(
  functionName: string,
  directory: FunctionDirectory,
  { clock, facts }: { readonly clock: Clock; readonly facts: FunctionFacts },
  find: Find,
): Promise<FunctionFacts> {
  const question = { clock, field: 'FunctionName', what: 'the function' };
  const found = await asked(async () => ({ answer: await directory.find(functionName) }), question, find);
  if (found === undefined) return facts;
  if (found.answer === undefined) {
    find('error', 'FunctionName', `Function does not exist: ${functionName}`, 'create it, or name one that is there');
    return facts;
  }
  const { timeoutSeconds: remote } = found.answer;
  if (facts.timeoutSeconds === undefined) return { ...facts, timeoutSeconds: remote };
  if (facts.timeoutSeconds < remote) {
    find(
      'warning',
      `/${facts.at ?? 'functions'}.Timeout`,
      `is ${timeText(facts.timeoutSeconds)}, and that of the function itself is ${timeText(remote)}: invocations are given up that may still succeed`,
      `set Timeout: ${String(remote)}`,
    );
  }
  return facts;
}

interface Question {
  readonly clock: Clock;
  readonly field: string;
  readonly what: string;
}

/** `undefined`: it did not answer, which is found. */
async function asked<Answer>(ask: () => Promise<Answer>, { clock, field, what }: Question, find: Find): Promise<Answer | undefined> {
  try {
    return await within(ask(), clock);
  } catch (thrown) {
    const { kind, code, message } = asSourceError(thrown);
    const text = `${code}: ${message}`;
    if (kind === 'not-found') find('error', field, `${what} does not exist (${text})`, 'create it, or name one that is there');
    else if (kind === 'denied')
      find(
        'error',
        field,
        `${what} may not be looked at (${text})`,
        'give credentials that may (--permissions says which actions are missing), or check with --offline',
      );
    else if (kind === 'invalid') find('error', field, `${what} is refused (${text})`, 'mend what it says');
    else find('warning', field, `${what} could not be asked (${text})`, 'see that it can be reached from here, or check with --offline');
    return undefined;
  }
}

function within<Answer>(answer: Promise<Answer>, clock: Clock): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(PATIENCE_MS, () => {
      reject(new SourceError('unavailable', 'Timeout', `no answer within ${String(PATIENCE_MS / 1000)} s`));
    });
    answer.then(resolve, reject).finally(cancel);
  });
}
