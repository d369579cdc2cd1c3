import { describe, inject } from 'vitest';
import { isCi } from './backend.ts';
import type { KafkaBroker, KafkaVersion } from './kafka.ts';
import { askKafkaDesk } from './kafka-desk.ts';
import type { ProvidedBackends } from './provided.ts';

function provided(): ProvidedBackends {
  // Typed as always there, but a project without the global setup has nothing to inject.
  const value: unknown = inject('backends');
  if (value !== undefined) return inject('backends');
  throw new Error('No back ends were set up: this file belongs into a project that needs them (config/tools/vitest.config.ts).');
}

// Collected and never run: no test sees it.
const nowhere = { endpoint: 'http://127.0.0.1:9' };

function describeOrSkip<T>(offer: T | { readonly skipped: string }, title: string, body: (available: T) => void, placeholder: T): void {
  if (typeof offer === 'object' && offer !== null && 'skipped' in offer) {
    if (isCi()) throw new Error(`${title}: ${offer.skipped}`);
    describe.skip(`${title} [${offer.skipped}]`, () => {
      body(placeholder);
    });
    return;
  }
  describe(title, () => {
    body(offer);
  });
}

/** `describe` with a running back end. Without one the tests are counted as skipped and say why; under CI the file fails. */
export function describeWithBackend(
  name: 'localstack' | 'dynamodb-local',
  title: string,
  body: (backend: { readonly endpoint: string }) => void,
): void {
  describeOrSkip(provided()[name], title, body, nowhere);
}

/** `describe` for tests that call `startLocalStack` themselves, because they freeze or restart it. */
export function describeWithOwnLocalStack(title: string, body: () => void): void {
  describeOrSkip(provided().ownLocalStack, title, body, { available: true });
}

/**
 * The Kafka of the run, started when the first test file asks for it; each version is one broker. Rejects when it cannot be had:
 * tests of topics are never skipped. Call it at the top of a file or in `beforeAll`, and name topics and groups apart.
 */
export function sharedKafka(version: KafkaVersion = '4.1.0'): Promise<KafkaBroker> {
  return askKafkaDesk(provided().kafkaDesk, version);
}
