import { EmbeddedMembership, type EmbeddedTopic, embeddedTopic, type KafkaRecord } from '../../adapters/source/embedded-topic/index.ts';
import { SeededRandom, type StreamRecord, type TopicMembership, VirtualClock } from '../../src/index.ts';
import { type SuiteTopicRecord, type TopicFeatures, type TopicSetup, type TopicUnderTest, topicSourceSuite } from './topic-source-suite.ts';

const features: TopicFeatures = {
  addPartitions: true,
  deleteRecords: true,
  gaps: true,
  openTransaction: true,
  isolation: true,
  kill: true,
  expire: true,
  remove: true,
  missingTopic: true,
};
const GROUP = 'group-1';
const SESSION_MS = 10_000;

topicSourceSuite('embedded topic', { open: (setup) => Promise.resolve(open(setup)), missing }, features);

function open({ partitions, isCommittedOnly }: TopicSetup): TopicUnderTest & { readonly source: EmbeddedTopic } {
  const clock = new VirtualClock(Date.UTC(2026, 10, 21));
  const isolation = isCommittedOnly ? 'read_committed' : 'read_uncommitted';
  const source = embeddedTopic({ name: 'orders', partitions, isolation, sessionTimeoutMs: SESSION_MS, clock, random: new SeededRandom(7) });
  const leftovers = (): string[] => (clock.pendingTimers === 0 ? [] : [`${String(clock.pendingTimers)} timers`]);
  const inTransaction = (records: readonly SuiteTopicRecord[]) => {
    const transaction = source.transaction();
    for (const record of records) transaction.produce(record);
    return transaction;
  };
  return {
    source,
    groupId: GROUP,
    sessionTimeoutMs: SESSION_MS,
    produce: (records) => Promise.resolve(source.produceMany(records).map(({ offset }) => offset)),
    decode: (record) => decode(kafka(record)),
    expectedEvent,
    run: (promise) => clock.run(promise),
    pause: (ms) => clock.advance(ms),
    now: () => clock.wall(),
    leftovers,
    committed: (partition) => Promise.resolve(source.peekGroup(GROUP).committed.get(partition)),
    setCommitted: (partition, committed) => done(() => source.setCommitted(GROUP, partition, committed)),
    addPartitions: (count) => done(() => source.addPartitions(count)),
    deleteRecords: (partition, before) => done(() => source.deleteRecords(partition, before)),
    transaction: (records, outcome) => done(() => inTransaction(records)[outcome]()),
    openTransaction: (records) => {
      const transaction = inTransaction(records);
      return Promise.resolve(() => done(() => transaction.commit()));
    },
    kill: (membership) => done(() => embedded(membership).kill()),
    expire: (membership) => done(() => embedded(membership).expire()),
    remove: () => done(() => source.delete()),
    cleanup: async () => {
      await source.close();
      // A member that was killed keeps its seat until its session is over.
      await clock.advance(2 * SESSION_MS);
      if (leftovers().length > 0) throw new Error(`${leftovers().join()} are left`);
    },
  };
}

function missing(): Promise<TopicUnderTest> {
  const topic = open({ partitions: 1, isCommittedOnly: false });
  topic.source.delete();
  return Promise.resolve(topic);
}

function done(act: () => unknown): Promise<void> {
  act();
  return Promise.resolve();
}

function embedded(membership: TopicMembership): EmbeddedMembership {
  if (membership instanceof EmbeddedMembership) return membership;
  throw new TypeError('a membership of an embedded topic was expected');
}

function kafka(record: StreamRecord): KafkaRecord {
  return record as KafkaRecord;
}

function decode({ partition, key, value, headers, arrivedAt }: KafkaRecord): Required<SuiteTopicRecord> {
  return { partition, key: key?.toString() ?? null, value: value?.toString() ?? null, headers, timestamp: arrivedAt };
}

function expectedEvent(partition: number, records: readonly StreamRecord[]): unknown {
  const shown = records.map(kafka).map(({ topic, sequenceNumber, arrivedAt, timestampType, key, value, headers }) => ({
    topic,
    partition,
    offset: Number(sequenceNumber),
    timestamp: arrivedAt,
    timestampType,
    ...(key === null ? {} : { key: key.toString('base64') }),
    ...(value === null ? {} : { value: value.toString('base64') }),
    headers: headers.map(({ name, value: bytes }) => ({ [name]: [...bytes] })),
  }));
  return { eventSource: 'SelfManagedKafka', bootstrapServers: 'embedded:9092', records: { [`orders-${String(partition)}`]: shown } };
}
