import * as z from 'zod';

const text = (what: string): z.ZodString => z.string().describe(what);

/** ConsumerGroupId and the rest of a Kafka cluster's own section. Queue mode and schema registries are not there yet. */
const GROUP = z
  .strictObject({
    ConsumerGroupId: text('1 to 200 letters, digits, spaces and - / * : _ + = . @ (default: the name of the mapping)')
      .meta({ pattern: '^[ a-zA-Z0-9-/*:_+=.@-]{1,200}$' })
      .optional(),
    ConsumptionMode: z.literal('Stream').optional().describe('Stream, the only one there is'),
    SchemaRegistryConfig: z.strictObject({}).optional().describe('{}: schema registries are not asked yet'),
  })
  .optional()
  .describe('an object such as { ConsumerGroupId: orders }');

/** The fields of a mapping in the file that say which topic is read and how: AWS's, then Millrace's. Their constraints are AWS's own. */
export const KAFKA_FIELDS = z.strictObject({
  Topics: z
    .array(text('the name of a topic of 2 to 249 letters, digits, _, - and .').meta({ pattern: '^[^.]([a-zA-Z0-9_.-]+)$' }))
    .describe('a list of one topic, such as [orders]'),
  SelfManagedEventSource: z
    .strictObject({
      Endpoints: z
        .strictObject({
          KAFKA_BOOTSTRAP_SERVERS: z
            .array(text('host:port of a broker'))
            .describe('a list of 1 to 10 brokers such as [127.0.0.1:9092], or [embedded:9092] for a topic of this file'),
        })
        .describe('an object with KAFKA_BOOTSTRAP_SERVERS'),
    })
    .describe('an object such as { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [127.0.0.1:9092] } }'),
  SourceAccessConfigurations: z
    .array(
      z
        .strictObject({ Type: text('a way to prove who one is, such as SASL_SCRAM_512_AUTH'), URI: text('what names a secret').optional() })
        .describe('an object such as { Type: SASL_SCRAM_512_AUTH, URI: "env:KAFKA_SECRET" }'),
    )
    .optional()
    .describe('a list of objects with Type and URI; a URI names a secret: env:NAME, file:PATH or the ARN of one of AWS Secrets Manager'),
  SelfManagedKafkaEventSourceConfig: GROUP,
  AmazonManagedKafkaEventSourceConfig: GROUP,
  IsolationLevel: z.enum(['read_uncommitted', 'read_committed']).optional().describe('read_uncommitted (default) or read_committed'),
  KafkaDestinationFormat: z.enum(['json', 'record']).optional().describe('json (default) or record, where the destination is a topic'),
});

/** The fields as far as they are what they must be. */
export type KafkaFields = z.output<typeof KAFKA_FIELDS>;
