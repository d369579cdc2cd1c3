import { createServer } from 'node:http';
import type { Backend } from './backend.ts';
import type { KafkaBroker, KafkaVersion, OwnKafka } from './kafka.ts';
import { kafkaVersions, startKafka } from './kafka.ts';
import { say } from './progress.ts';

type Answer = { readonly broker: KafkaBroker } | { readonly error: string };

async function startOne(version: KafkaVersion): Promise<OwnKafka> {
  const startedAt = performance.now();
  const own = await startKafka(version);
  say(`kafka ${version} answers at ${own.endpoint} after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  return own;
}

/**
 * Starts brokers for test files, which run in processes of their own: the first that asks for a version waits for its start, the
 * others get the same one. They stop with the desk.
 */
export async function openKafkaDesk(): Promise<Pick<Backend, 'endpoint' | 'stop'>> {
  const brokers = new Map<KafkaVersion, Promise<OwnKafka>>();
  const ask = async (path: string): Promise<Answer> => {
    const version = kafkaVersions.find((known) => path === `/${known}`);
    if (version === undefined) return { error: `no Kafka ${path} is known here` };
    let own = brokers.get(version);
    if (own === undefined) {
      own = startOne(version);
      brokers.set(version, own);
    }
    try {
      return { broker: (await own).broker };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  };
  const server = createServer((request, response) => {
    void ask(request.url ?? '').then((answer) => response.end(JSON.stringify(answer)));
  });
  // A broker that is installed first takes longer than Node lets a request take.
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    endpoint: `http://127.0.0.1:${String(port)}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      const started = await Promise.allSettled([...brokers.values()]);
      await Promise.all(started.flatMap((own) => (own.status === 'fulfilled' ? [own.value.stop()] : [])));
    },
  };
}

/** Asks a desk for its broker. Rejects with the reason when it cannot be had. */
export async function askKafkaDesk(endpoint: string, version: KafkaVersion): Promise<KafkaBroker> {
  const response = await fetch(`${endpoint}/${version}`);
  const answer = (await response.json()) as Answer;
  if ('error' in answer) throw new Error(`the tests need Kafka ${version}: ${answer.error}`);
  return answer.broker;
}
