/**
 * A topic in this process with the semantics of Kafka: the door of the adapter.
 *
 * - topic.ts          the producer's side, and the controls of tests
 * - client.ts         the port, as one process sees the topic
 * - membership.ts     one member of a group: generations, heartbeats, epochs
 * - reading.ts        one read of one partition
 * - options.ts        what can be set, checked
 * - produce-input.ts  what can be produced, checked and encoded
 * - transaction.ts    records that become readable together, or never
 * - broker.ts         incarnations of the topic, and the groups that read it
 * - group.ts          a group's coordinator: members, rebalances, commits
 * - assign.ts         which member gets which partitions
 * - logs.ts           one incarnation: partitions, retention
 * - log.ts            the records of one partition
 * - partitioner.ts    which partition takes which key
 * - errors.ts         what is thrown
 */
export type { KafkaHeader, KafkaRecord } from '../../shared/kafka-event.ts';
export type { EmbeddedTopicClient } from './client.ts';
export { EmbeddedMembership } from './membership.ts';
export type { ClientOptions, EmbeddedTopicOptions } from './options.ts';
export type { ProduceInput, ProduceResult } from './produce-input.ts';
export type { PeekedGroup, PeekedPartition } from './topic.ts';
export { EmbeddedTopic, embeddedTopic } from './topic.ts';
export type { EmbeddedTransaction } from './transaction.ts';
