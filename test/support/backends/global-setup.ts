import type { TestProject } from 'vitest/node';
import type { Backend, BackendName } from './backend.ts';
import { BackendUnavailable, isCi } from './backend.ts';
import { openKafkaDesk } from './kafka-desk.ts';
import { isLocalStackInstalled } from './localstack.ts';
import { say } from './progress.ts';
import type { BackendOffer, ProvidedBackends } from './provided.ts';
import { endpointFromEnvironment, endpointVariables, start } from './start.ts';

interface Shared {
  users: number;
  readonly started: Promise<{ backends: readonly Pick<Backend, 'stop'>[]; provided: ProvidedBackends }>;
}

// Every project loads its own copy of this module; the run has one of each back end.
const slot = Symbol.for('millrace.test.backends');
const shared: typeof globalThis & { [slot]?: Shared | undefined } = globalThis;

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? text;
}

async function ownOffer(localstack: BackendOffer): Promise<ProvidedBackends['ownLocalStack']> {
  if ('skipped' in localstack) return localstack;
  if (endpointFromEnvironment('localstack') === undefined || (await isLocalStackInstalled())) return { available: true };
  return { skipped: `needs a LocalStack of its own to disturb: unset ${endpointVariables.localstack}, or run 'npm run backends' once` };
}

async function startOne(name: BackendName): Promise<{ backend: Backend | undefined; offer: BackendOffer }> {
  const startedAt = performance.now();
  try {
    const backend = await start(name);
    say(`${name} answers at ${backend.endpoint} after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
    return { backend, offer: { endpoint: backend.endpoint } };
  } catch (error) {
    if (isCi()) throw error;
    const reason = firstLine(error);
    // What is missing is told in one line; what failed is told with the tail of its log.
    say(`tests with ${name} are skipped: ${error instanceof BackendUnavailable || !(error instanceof Error) ? reason : error.message}`);
    return { backend: undefined, offer: { skipped: reason } };
  }
}

async function startForRun(): Promise<Awaited<Shared['started']>> {
  const [localstack, dynamoDbLocal] = await Promise.all([startOne('localstack'), startOne('dynamodb-local')]);
  const desk = await openKafkaDesk();
  return {
    backends: [...[localstack, dynamoDbLocal].flatMap(({ backend }) => (backend === undefined ? [] : [backend])), desk],
    provided: {
      localstack: localstack.offer,
      'dynamodb-local': dynamoDbLocal.offer,
      ownLocalStack: await ownOffer(localstack.offer),
      kafkaDesk: desk.endpoint,
    },
  };
}

/**
 * Vitest's global setup of the projects that need back ends: installs and starts LocalStack and DynamoDB Local once
 * for the run, tells the test files where they are, and stops them after the last of those projects; a Kafka is started when the
 * first file asks for one. With CI=true a back end that cannot be had fails the run.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const run = (shared[slot] ??= { users: 0, started: startForRun() });
  run.users += 1;
  const { backends, provided } = await run.started;
  project.provide('backends', provided);
  return async () => {
    run.users -= 1;
    if (run.users > 0) return;
    shared[slot] = undefined;
    await Promise.all(backends.map((backend) => backend.stop()));
  };
}
