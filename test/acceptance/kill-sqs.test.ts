/**
 * The daemon is killed with -9 at random moments under load, again and again. MILLRACE_KILLS says how often (default 5);
 * MILLRACE_KILLS_SEED repeats the moments of a run as far as the machine allows.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test } from 'vitest';
import { SeededRandom } from '../../adapters/testing.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { KillTarget } from '../support/kill-target.ts';
import { EMPTY, SqsWorld, type WorldQueue } from '../support/sqs-world.ts';
import { DaemonTests, eventually, untilReady } from './daemon-process.ts';

const KILLS = Number(process.env['MILLRACE_KILLS'] ?? 5);
const SEED = Number(process.env['MILLRACE_KILLS_SEED'] ?? Date.now() % 1_000_000);
/** Short, so that what a killed daemon held comes again soon; yet to be counted after the kill before that, on a slow machine, too. */
const VISIBILITY_SECONDS = 5;
const BATCH_SIZE = 5;
const CONCURRENCY = 4;
const GROUPS = 8;
/** Messages that are sent for each life of the daemon: more than it can handle before it is killed. */
const PER_LIFE = 80;
const PATIENCE_MS = 60_000;
const ENV = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

const tests = new DaemonTests();
afterEach(() => tests.clear());

function config(endpoint: string, queue: string, url: string): string {
  return `
stopTimeoutSeconds: 5
aws: { endpoint: '${endpoint}', region: us-east-1 }
store: { type: sqlite, path: ./state.db }
functions: { f: { Url: '${url}', Timeout: 10 } }
mappings:
  - Name: jobs
    EventSourceArn: ${queue}
    FunctionName: f
    BatchSize: ${String(BATCH_SIZE)}
    ScalingConfig: { MaximumConcurrency: ${String(CONCURRENCY)} }
`;
}

/** The next messages: eight groups in turn, numbered within each. */
function more(sent: number, fifo: boolean): { body: string; group?: string }[] {
  return Array.from({ length: PER_LIFE }, (_, index) => {
    const place = sent + index;
    const group = `group-${String(place % GROUPS)}`;
    return { body: `${group} ${String(Math.floor(place / GROUPS))}`, ...(fifo ? { group } : {}) };
  });
}

interface Life {
  readonly configFile: string;
  readonly target: KillTarget;
  readonly random: SeededRandom;
  readonly queue: WorldQueue;
}

/** One life: from the start to a kill in the middle of the work. Gives how many messages were received and not deleted then. */
async function liveAndDie({ configFile, target, random, queue }: Life): Promise<{ readonly hidden: number; readonly worked: number }> {
  const daemon = tests.start({ args: ['start', '--config', configFile, '--listen', '127.0.0.1:0'], env: ENV });
  const begun = target.invocations + random.integer(1, 20);
  await eventually(
    'invocations',
    () => {
      if (daemon.hasEnded) throw new Error(`the daemon ended by itself:\n${daemon.stdout}${daemon.stderr}`);
      return target.invocations >= begun ? true : undefined;
    },
    PATIENCE_MS,
  );
  await sleep(random.integer(0, 120));
  const worked = target.open;
  daemon.signal('SIGKILL');
  expect(await daemon.ended).toEqual({ code: null, signal: 'SIGKILL' });
  return { worked, hidden: (await queue.counts()).hidden };
}

describeWithBackend('localstack', `the daemon killed with -9, ${String(KILLS)} times`, ({ endpoint }) => {
  const world = new SqsWorld(endpoint);
  afterAll(() => {
    world.close();
  });

  test.for([
    ['standard', false],
    ['FIFO', true],
  ] as const)(
    'under load on a %s queue: everything is handled, nothing is lost, and what repeats was in flight',
    { timeout: 60_000 + KILLS * 20_000 },
    async ([kind, fifo], { onTestFinished }) => {
      const random = new SeededRandom(SEED);
      const queue = await world.queue({ fifo, visibilitySeconds: VISIBILITY_SECONDS });
      const target = await KillTarget.start(() => random.next());
      onTestFinished(() => target.close());
      const folder = tests.folder({ 'millrace.yaml': config(endpoint, queue.arn, target.url) });
      const life = { configFile: join(folder, 'millrace.yaml'), target, random, queue };
      const sent: string[] = [];
      const feed = async (): Promise<void> => {
        const messages = more(sent.length, fifo);
        sent.push(...messages.map(({ body }) => body));
        await queue.send(messages);
      };
      await feed();
      let inFlight = 0;
      let working = 0;
      for (let kill = 0; kill < KILLS; kill += 1) {
        await feed();
        const { hidden, worked } = await liveAndDie(life);
        inFlight += hidden;
        if (worked > 0) working += 1;
      }
      const last = tests.start({ args: ['start', '--config', life.configFile, '--listen', '127.0.0.1:0'], env: ENV });
      await untilReady(await last.url());
      await eventually(
        'an empty queue',
        async () => {
          const { visible, hidden, delayed } = await queue.counts();
          return visible + hidden + delayed === 0 ? true : undefined;
        },
        PATIENCE_MS,
      );
      last.signal('SIGTERM');
      expect(await last.ended).toEqual({ code: 0, signal: null });
      const { repeats, handled, faults } = target;
      console.log(
        `${kind}: ${String(sent.length)} messages, ${String(KILLS)} kills (${String(working)} while the function worked), ` +
          `${String(handled.size)} handled, ${String(repeats)} handled again, ${String(inFlight)} in flight at the kills; seed ${String(SEED)}`,
      );
      expect([...handled].sort()).toEqual([...sent].sort());
      expect(await queue.counts()).toEqual(EMPTY);
      expect(repeats).toBeLessThanOrEqual(inFlight);
      // A slot has one batch at the function and one that is being deleted.
      expect(repeats).toBeLessThanOrEqual(KILLS * CONCURRENCY * BATCH_SIZE * 2);
      expect(faults).toEqual([]);
    },
  );
});
