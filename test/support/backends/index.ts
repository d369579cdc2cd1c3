/**
 * Real back ends for tests and benchmarks, installed into the ignored folder .cache/backends.
 *
 * - backend         what a running back end offers, and what it means that one cannot be had
 * - start           any back end by name: the environment's, or one of our own
 * - localstack      LocalStack: install, start
 * - kinesis-mock    kinesis-mock, LocalStack's Kinesis: install
 * - elasticmq       ElasticMQ: install, start
 * - dynamodb-local  DynamoDB Local: install, start, its test control
 * - kinesalite      kinesalite, for benchmarks, and lifion-kinesis beside it: install, start
 * - kafka           Apache Kafka: install, start, what a broker offers; kafka-properties: its settings
 * - kafka-desk      one broker of a version for the whole run, started when the first test file asks for it
 * - install         once per recipe, repaired if interrupted
 * - install-lock    one process installs, others wait
 * - own-instance    a process on a free port: health, freeze, thaw, restart, stop
 * - process-group   processes that end with this one
 * - stale           what a killed run left behind
 * - command         programs that run to their end
 * - free-port, paths, progress
 * - sqs-client, kinesis-client  options for a client of an emulator
 * - provided        what test files are told
 * - global-setup    Vitest's global setup: one LocalStack for the run (named in the configuration)
 * - inject          `describe` with a back end (imported by test files themselves, because it needs Vitest)
 * - run             `npm run backends`
 */
export type { OwnBackend } from './backend.ts';
export { startDynamoDbLocal } from './dynamodb-local.ts';
export { startElasticMq } from './elasticmq.ts';
export { kafkaVersions, startKafka } from './kafka.ts';
export { provisionKinesalite, startKinesalite } from './kinesalite.ts';
export { emulatorKinesisOptions } from './kinesis-client.ts';
export { startLocalStack } from './localstack.ts';
export { emulatorClientOptions } from './sqs-client.ts';
