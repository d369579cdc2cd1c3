import type { Backend, BackendName, OwnBackend } from './backend.ts';
import { BackendUnavailable } from './backend.ts';
import { dynamoDbLocalAnswers, provisionDynamoDbLocal, startDynamoDbLocal } from './dynamodb-local.ts';
import { elasticMqAnswers, provisionElasticMq, startElasticMq } from './elasticmq.ts';
import { kafkaAnswers, provisionKafka, startKafka } from './kafka.ts';
import { kinesaliteAnswers, provisionKinesalite, startKinesalite } from './kinesalite.ts';
import { localStackAnswers, provisionLocalStack, startLocalStack } from './localstack.ts';

/** The variable that names a back end that is already running. */
export const endpointVariables: Readonly<Record<BackendName, string>> = {
  localstack: 'LOCALSTACK_ENDPOINT',
  elasticmq: 'ELASTICMQ_ENDPOINT',
  'dynamodb-local': 'DYNAMODB_LOCAL_ENDPOINT',
  kinesalite: 'KINESALITE_ENDPOINT',
  kafka: 'KAFKA_ENDPOINT',
};

interface Recipe {
  readonly provision: () => Promise<unknown>;
  readonly answers: (endpoint: string) => Promise<boolean>;
  readonly start: () => Promise<OwnBackend>;
}

const recipes: Readonly<Record<BackendName, Recipe>> = {
  localstack: { provision: provisionLocalStack, answers: localStackAnswers, start: startLocalStack },
  elasticmq: { provision: provisionElasticMq, answers: elasticMqAnswers, start: startElasticMq },
  'dynamodb-local': { provision: provisionDynamoDbLocal, answers: dynamoDbLocalAnswers, start: startDynamoDbLocal },
  kinesalite: { provision: provisionKinesalite, answers: kinesaliteAnswers, start: startKinesalite },
  kafka: { provision: () => provisionKafka(), answers: kafkaAnswers, start: () => startKafka() },
};

/** The endpoint that the environment names, without a slash at the end; undefined if it names none. */
export function endpointFromEnvironment(name: BackendName, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = env[endpointVariables[name]]?.trim() ?? '';
  return value === '' ? undefined : value.replace(/\/+$/, '');
}

/** Installs the back end into the ignored cache, unless it is there or the environment names a running one. */
export async function provision(name: BackendName): Promise<void> {
  if (endpointFromEnvironment(name) !== undefined) return;
  await recipes[name].provision();
}

async function useRunning(name: BackendName, endpoint: string): Promise<Backend> {
  if (!(await recipes[name].answers(endpoint).catch(() => false))) {
    const variable = endpointVariables[name];
    throw new BackendUnavailable(
      name,
      `${variable} is ${endpoint}, but no ${name} answers there: start it, or unset ${variable} to have one started`,
    );
  }
  return { name, endpoint, features: { freeze: false, restart: false }, stop: () => Promise.resolve() };
}

/**
 * A back end that answers: the one the environment names, else one of our own on a free port, installed if needed.
 * Rejects with BackendUnavailable if it cannot be had here, with an Error that shows the log's tail if it fails.
 */
export async function start(name: BackendName): Promise<Backend> {
  const endpoint = endpointFromEnvironment(name);
  if (endpoint !== undefined) return useRunning(name, endpoint);
  return recipes[name].start();
}
