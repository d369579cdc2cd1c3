/** One measurement of the targets suite, in a process of its own. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { handler } from '../../adapters/target/function/index.ts';
import { http } from '../../adapters/target/http/index.ts';
import { processTarget } from '../../adapters/target/process/index.ts';
import { type FunctionTarget, type InvocationContext, silentLogger } from '../../src/index.ts';
import { RunContext } from '../../src/invoke/run-context.ts';
import { systemClock, systemRandom } from '../../src/system.ts';
import { functionFolder } from '../support/function-folder.ts';
import { answer } from './child.ts';
import { Span } from './span.ts';
import { ANSWER, bareHttp, bareTwoRequests, httpPeer } from './targets-peers.ts';

/** What is measured. */
export interface TargetsJob {
  readonly subject: 'in process' | 'HTTP' | 'process' | 'cold start' | 'node -e 0';
  /** Of an event, about. */
  readonly kilobytes: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Invocations in a row, before it is the other's turn. */
const PORTION = 50;
const PORTION_IN_PROCESS = 2_000;
const TIMEOUT_MS = 60_000;
const HANDLER = `export const handler = async (event) => event.who === undefined ? ${ANSWER} : process.pid;\n`;

/** What is measured in turns: once by us, once bare. */
interface Subjects {
  readonly target: FunctionTarget;
  /** Ids of the processes that take part. */
  readonly partners: readonly number[];
  readonly bare: () => Promise<void>;
  /** The event as the target has to send it; absent where nothing is sent. The bare transport has it ready. */
  readonly json?: () => unknown;
  readonly portion: number;
  end(): Promise<void>;
}

function sqsEvent(kilobytes: number): object {
  const body = 'x'.repeat(200);
  const record = { messageId: randomUUID(), receiptHandle: 'AQEB', body, attributes: {}, messageAttributes: {}, eventSource: 'aws:sqs' };
  const size = JSON.stringify(record).length;
  return { Records: Array.from({ length: Math.max(1, Math.round((kilobytes * 1000) / size)) }, () => ({ ...record })) };
}

const FUNCTION = {
  name: 'orders',
  version: '$LATEST',
  arn: 'arn:aws:lambda:eu-central-1:000000000000:function:orders',
  timeoutMs: TIMEOUT_MS,
};

/** As the engine gives it. */
function context(target: FunctionTarget): InvocationContext {
  const definition = { ...FUNCTION, target, reservedConcurrency: undefined };
  return new RunContext({ definition, clock: systemClock, requestId: systemRandom.uuid(), attempt: 1, trace: undefined });
}

/** One whole invocation: the answer read, and its end. */
async function invoke(target: FunctionTarget, event: unknown, given: InvocationContext = context(target)): Promise<string> {
  const invocation = target.invoke(event, given);
  const outcome = await invocation.outcome;
  await invocation.ended;
  if (outcome.kind !== 'success') throw new Error(`the function failed: ${JSON.stringify(outcome)}`);
  return outcome.text();
}

/** Does the job and answers. */
export async function work(text: string): Promise<void> {
  const job = JSON.parse(text) as TargetsJob;
  if (job.subject === 'cold start' || job.subject === 'node -e 0') {
    await measureStarts(job.subject, job.measureMs);
    return;
  }
  const event = sqsEvent(job.kilobytes);
  const subjects = await open(job.subject, event);
  await inTurns(subjects, event, job.warmUpMs);
  const span = new Span(subjects.partners);
  const found = await inTurns(subjects, event, job.measureMs);
  const { othersCores } = span.end();
  answer({ ...found, seconds: found.ours / 1000, othersCores });
  await subjects.end();
}

async function open(subject: 'in process' | 'HTTP' | 'process', event: object): Promise<Subjects> {
  const body = JSON.stringify(event);
  if (subject === 'in process') {
    const fn = (): Promise<unknown> => Promise.resolve({ batchItemFailures: [] });
    const bare = async (): Promise<void> => {
      JSON.stringify(await fn());
    };
    return { target: handler(fn), partners: [], bare, portion: PORTION_IN_PROCESS, end: () => Promise.resolve() };
  }
  if (subject === 'HTTP') {
    const peer = await httpPeer();
    const target = http({ url: peer.url });
    const bare = bareHttp(peer.url, body);
    const end = async (): Promise<void> => {
      await target.close();
      await bare.end();
      await peer.end();
    };
    return { target, partners: [peer.pid], bare: () => bare.exchange(), json: () => JSON.stringify(event), portion: PORTION, end };
  }
  const folder = functionFolder({ 'handler.mjs': HANDLER });
  const target = processTarget({ handler: './handler.mjs', cwd: folder.path, logger: silentLogger });
  const pid = Number(await invoke(target, { who: 'are you' }));
  const bare = await bareTwoRequests(body);
  const end = async (): Promise<void> => {
    await target.close();
    await bare.end();
    folder.remove();
  };
  return { target, partners: [pid, bare.pid], bare: () => bare.exchange(), json: () => JSON.stringify(event), portion: PORTION, end };
}

interface Found {
  /** Milliseconds of the target and of the bare transport, and how often each was used. */
  readonly ours: number;
  readonly bare: number;
  /** Of making the JSON of the event as often. */
  readonly json: number;
  readonly count: number;
  readonly cpuMicros: number;
}

/** Both in turns, portion by portion, so that what disturbs one disturbs the other. */
async function inTurns({ target, bare, json, portion }: Subjects, event: unknown, forMs: number): Promise<Found> {
  const found = { ours: 0, bare: 0, json: 0, count: 0, cpuMicros: 0 };
  const until = performance.now() + forMs;
  while (performance.now() < until) {
    // The engine's part.
    const contexts = Array.from({ length: portion }, context);
    const { user, system } = process.cpuUsage();
    const begin = performance.now();
    for (const given of contexts) await invoke(target, event, given);
    const middle = performance.now();
    const used = process.cpuUsage();
    for (let n = 0; n < portion; n += 1) await bare();
    found.ours += middle - begin;
    const end = performance.now();
    found.bare += end - middle;
    for (let n = 0; n < portion; n += 1) json?.();
    found.json += performance.now() - end;
    found.cpuMicros += used.user + used.system - user - system;
    found.count += portion;
  }
  return found;
}

/** Starts one after the other: of a function whose first answer is waited for, or of a Node that does nothing. */
async function measureStarts(subject: 'cold start' | 'node -e 0', forMs: number): Promise<void> {
  const folder = functionFolder({ 'handler.mjs': HANDLER });
  const span = new Span();
  let ms = 0;
  let count = 0;
  while (ms < forMs) {
    const begin = performance.now();
    if (subject === 'cold start') {
      const target = processTarget({ handler: './handler.mjs', cwd: folder.path, logger: silentLogger });
      await invoke(target, {});
      ms += performance.now() - begin;
      await target.close();
    } else {
      await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'close');
      ms += performance.now() - begin;
    }
    count += 1;
  }
  folder.remove();
  // What its children take is not told apart from what others take.
  answer({ ...span.end(), othersCores: 0, ours: ms, count });
}
