import * as z from 'zod';
import { ALIAS_FIELDS, ENGINE_FIELDS, FUNCTION_FIELDS, VERSION_FIELDS, WEIGHT_FIELD } from '../engine/index.ts';
import { QUEUE_FIELDS, STREAM_FIELDS, TOPIC_FIELDS } from '../mapping/index.ts';
import { API_FIELDS } from './api-fields.ts';
import { LOG_LEVELS } from './catalog.ts';
import { KAFKA_FIELDS } from './kafka-fields.ts';
import { pascalSchema, pascalShape } from './pascal-schema.ts';

const flag = (preset: boolean): z.ZodType<boolean | undefined> =>
  z
    .boolean()
    .optional()
    .describe(`true or false (default ${String(preset)})`);
const whole = (least: number, most: number, what: string): z.ZodNumber =>
  z
    .number()
    .int()
    .min(least)
    .max(most)
    .describe(`a whole number from ${String(least)} to ${String(most)} (${what})`);
const text = (what: string): z.ZodString => z.string().min(1).describe(what);

const ALIAS_DESCRIPTION = 'an object such as { FunctionVersion: "1", RoutingConfig: { AdditionalVersionWeights: { "2": 0.05 } } }';

const BREAKER_DESCRIPTION =
  'true, false, or an object with Failures, ThrottleRate, PauseMs and MaxPauseMs (default true where the function is remote)';

const PRODUCE = {
  everySeconds: z.number().min(0.01).max(86_400).describe('a number of seconds from 0.01 to 86400'),
  bodies: z
    .array(
      z.union([text('a text that is not empty'), z.record(z.string(), z.unknown())]).describe('a text, or an object to be sent as JSON'),
    )
    .min(1)
    .describe('a list of at least one body: texts, or objects to be sent as JSON'),
  rounds: whole(1, 1_000_000_000, 'how often the list is sent; leave it out for no end').optional(),
};

/** What the `produce` sections of queues, streams and topics share. */
export type ProduceFields = z.output<z.ZodObject<typeof PRODUCE>>;

/** An embedded queue in the file. */
export const EMBEDDED_QUEUE_FIELDS = z
  .strictObject({
    visibilityTimeoutSeconds: whole(0, 43_200, 'seconds; default 30').optional(),
    delaySeconds: whole(0, 900, 'seconds; default 0').optional(),
    contentBasedDeduplication: flag(false),
    redrive: z
      .strictObject({ queue: text('the name of another queue of this file'), maxReceiveCount: whole(1, 1000, 'receives') })
      .optional()
      .describe('an object with queue and maxReceiveCount'),
    produce: z
      .strictObject({
        ...PRODUCE,
        messageGroupIds: z
          .array(text('the id of a message group'))
          .min(1)
          .optional()
          .describe('a list of group ids, taken in turn; needed on FIFO queues'),
      })
      .optional()
      .describe('an object with everySeconds and bodies'),
  })
  .describe('an object with the settings of the queue ({} for the defaults)');

/** An embedded stream in the file. */
export const EMBEDDED_STREAM_FIELDS = z
  .strictObject({
    shards: whole(1, 1000, 'shards; default 1').optional(),
    retentionSeconds: whole(1, 31_536_000, 'seconds that records are kept; default 86400').optional(),
    produce: z
      .strictObject({
        ...PRODUCE,
        partitionKeys: z
          .array(text('a partition key of 1 to 256 characters').max(256))
          .min(1)
          .describe('a list of at least one partition key, taken in turn'),
      })
      .optional()
      .describe('an object with everySeconds, bodies and partitionKeys'),
  })
  .describe('an object with the settings of the stream ({} for the defaults)');

/** An embedded topic in the file. */
export const EMBEDDED_TOPIC_FIELDS = z
  .strictObject({
    partitions: whole(1, 1000, 'partitions; default 1').optional(),
    retentionSeconds: whole(1, 31_536_000, 'seconds that records are kept; default 604800').optional(),
    produce: z
      .strictObject({
        ...PRODUCE,
        keys: z
          .array(text('the key of a record'))
          .min(1)
          .optional()
          .describe('a list of keys, taken in turn; leave it out for records without a key'),
      })
      .optional()
      .describe('an object with everySeconds and bodies'),
  })
  .describe('an object with the settings of the topic ({} for the defaults)');

/** What is invoked, and how. */
const TARGET_SHAPE = {
  Handler: text('a file of this machine and what it exports, such as ./functions/orders.mjs#handler').optional(),
  Lambda: text('a function of AWS Lambda by name or ARN, with :VERSION or :ALIAS where one is meant').optional(),
  Url: text('a URL such as http://127.0.0.1:8080/invoke').optional(),
  Command: z
    .array(text('a program or one of its arguments'))
    .min(1)
    .optional()
    .describe('a list of a program that speaks the Lambda Runtime API and its arguments, such as [python3, -m, awslambdaric, app.handler]'),
  Process: flag(false).describe('true to run the Handler in processes of its own, false in this one (default false)'),
  WorkingDirectory: text('the path of a folder, from the folder of this file (default: that folder)').optional(),
  Environment: z
    .strictObject({
      Variables: z
        .record(z.string(), z.string().describe('a text; put numbers and the like in quotes'))
        .optional()
        .describe('an object with a text under each name'),
    })
    .optional()
    .describe('an object such as { Variables: { TABLE: orders } }'),
  InheritEnvironment: z
    .array(text('the name of a variable of the daemon'))
    .optional()
    .describe('a list of variables of the daemon that the function gets too, such as [AWS_PROFILE]'),
  MemorySize: whole(64, 32_768, 'MB, as the function is told; default 128').optional(),
  MaxProcesses: whole(1, 1_000, 'processes; default ReservedConcurrentExecutions, else 10').optional(),
  IdleSeconds: z.number().min(0.1).max(86_400).optional().describe('a number of seconds from 0.1 to 86400 (default 300)'),
  InitSeconds: z.number().min(0.1).max(900).optional().describe('a number of seconds from 0.1 to 900 (default 10)'),
  Watch: flag(false).describe('true to start processes of the Handler anew when a file in its folder changes (default false)'),
};

/** A version of a function in the file: what it differs in. */
const VERSION_ENTRY_FIELDS = z
  .strictObject({ ...TARGET_SHAPE, Timeout: VERSION_FIELDS.shape.timeout, Description: VERSION_FIELDS.shape.description })
  .describe('an object with what the version differs in, such as { Handler: ./next.mjs#handler } ({}: in nothing but its number)');

/** A function in the file. */
export const FUNCTION_ENTRY_FIELDS = z
  .strictObject({
    ...TARGET_SHAPE,
    Description: FUNCTION_FIELDS.shape.description,
    Timeout: FUNCTION_FIELDS.shape.timeout,
    ReservedConcurrentExecutions: FUNCTION_FIELDS.shape.reservedConcurrentExecutions,
    Breaker: pascalSchema(FUNCTION_FIELDS.shape.breaker).optional().describe(BREAKER_DESCRIPTION),
    Versions: z.record(z.string(), VERSION_ENTRY_FIELDS).optional().describe('an object with a version under each number'),
    Aliases: z
      .record(z.string(), z.strictObject(pascalShape(ALIAS_FIELDS)).describe(ALIAS_DESCRIPTION))
      .optional()
      .describe('an object with an alias under each name'),
  })
  .describe(
    'an object with Handler (a function in Node), Command (one in any language), Url (one behind HTTP) or Lambda (one of AWS Lambda)',
  );

/** The fields of a mapping that are the file's; the others are the engine's. */
export const MAPPING_FIELDS = z.strictObject({
  Name: z
    .string()
    .regex(/^[\w.:/-]{1,128}$/)
    .optional()
    .describe('1 to 128 letters, digits and _ . : / - (default SOURCE/FUNCTION)'),
  EventSourceArn: text('the ARN of a queue or stream, such as arn:aws:sqs:embedded:000000000000:orders').optional(),
  QueueUrl: text('the URL of an SQS queue').optional(),
  FunctionName: text('the name or ARN of a function, with :VERSION or :ALIAS where one is meant'),
  Weight: WEIGHT_FIELD.shape.weight.optional(),
});

/** Where the records of what a stream mapping gives up go. */
export const DESTINATION_FIELDS = z
  .strictObject({
    OnFailure: z
      .strictObject({
        Destination: text(
          'the ARN of a standard SQS queue, of a standard SNS topic, of an S3 bucket or of an embedded queue, or kafka://TOPIC for what is read from Kafka',
        ),
      })
      .optional()
      .describe('an object with Destination, an ARN'),
  })
  .describe('an object such as { OnFailure: { Destination: arn:aws:sqs:embedded:000000000000:failed } }');

/** An instant as people write it, with its zone. */
export const INSTANT = z.iso.datetime({ offset: true });

const { EventSourceArn: _arn, QueueUrl: _url, ...ofAny } = MAPPING_FIELDS.shape;
const { startingPosition, startingPositionTimestamp } = STREAM_FIELDS.shape;

/** The kinds of mappings as editors know them. */
const QUEUE_MAPPING = z
  .strictObject({
    ...ofAny,
    EventSourceArn: z
      .string()
      .regex(/^arn:[^:]+:sqs:/)
      .optional()
      .describe('the ARN of a queue, such as arn:aws:sqs:embedded:000000000000:orders'),
    QueueUrl: MAPPING_FIELDS.shape.QueueUrl,
    ...pascalShape(QUEUE_FIELDS),
  })
  .describe('a mapping of a queue');
const STREAM_MAPPING = z
  .strictObject({
    ...ofAny,
    EventSourceArn: z
      .string()
      .regex(/^arn:[^:]+:(kinesis|dynamodb):/)
      .describe('the ARN of a stream, such as arn:aws:kinesis:embedded:000000000000:stream/readings'),
    ...pascalShape(STREAM_FIELDS),
    StartingPosition: startingPosition.unwrap().describe(startingPosition.description ?? ''),
    StartingPositionTimestamp: z
      .union([startingPositionTimestamp.unwrap(), INSTANT])
      .optional()
      .describe('an instant in epoch seconds, or a date and time such as 2026-01-31T09:30:00Z, with StartingPosition AT_TIMESTAMP'),
    DestinationConfig: DESTINATION_FIELDS.optional(),
  })
  .describe('a mapping of a stream');

const { ConsumerGroupId: _group, ...topicFields } = pascalShape(TOPIC_FIELDS);
const TOPIC_MAPPING = z
  .strictObject({
    ...ofAny,
    EventSourceArn: z
      .string()
      .regex(/^arn:[^:]+:kafka:/)
      .optional()
      .describe('the ARN of a cluster of MSK, whose brokers SelfManagedEventSource names'),
    ...KAFKA_FIELDS.shape,
    ...topicFields,
    StartingPositionTimestamp: STREAM_MAPPING.shape.StartingPositionTimestamp,
    DestinationConfig: DESTINATION_FIELDS.optional(),
  })
  .describe('a mapping of a topic');

/** The services of AWS that the daemon calls, as the AWS CLI names them. */
export const SERVICES = ['sqs', 'kinesis', 'dynamodbstreams', 'sns', 's3', 'lambda', 'secretsmanager'] as const;

/** One of {@link SERVICES}. */
export type Service = (typeof SERVICES)[number];

const url = (): z.ZodOptional<z.ZodString> => text('a URL such as http://127.0.0.1:4566').optional();

const shared = {
  $schema: z.string().optional().describe('the address of the JSON schema, for editors'),
  listen: text(
    'an IP address and port such as 127.0.0.1:4680 (the default); one that others can reach needs api.credentials or api.tokens',
  ).optional(),
  api: API_FIELDS.optional(),
  log: z
    .strictObject({
      level: z
        .enum(LOG_LEVELS)
        .optional()
        .describe(`one of ${LOG_LEVELS.join(', ')} (default info)`),
      pretty: z.boolean().optional().describe('true or false (default: true on a terminal)'),
    })
    .optional()
    .describe('an object with level and pretty'),
  store: z
    .strictObject({
      type: z.enum(['memory', 'sqlite']).describe('memory or sqlite'),
      path: text('the path of a file, from the folder of this file (default .millrace/millrace.db)').optional(),
    })
    .optional()
    .describe('an object such as { type: sqlite, path: ./millrace.db } or { type: memory }'),
  aws: z
    .strictObject({
      endpoint: url(),
      endpoints: z
        .strictObject(Object.fromEntries(SERVICES.map((service) => [service, url()])) as Record<Service, ReturnType<typeof url>>)
        .optional()
        .describe('an object with the URL of each service that is somewhere else, such as { dynamodbstreams: "http://127.0.0.1:8000" }'),
      region: ENGINE_FIELDS.shape.region,
      accountId: ENGINE_FIELDS.shape.accountId,
    })
    .optional()
    .describe('an object with endpoint, endpoints, region and accountId'),
  lambda: z
    .strictObject({ endpoint: url(), region: ENGINE_FIELDS.shape.region })
    .optional()
    .describe('an object, {} where aws says all: functions that are not in this file are those of AWS Lambda'),
  stopTimeoutSeconds: whole(0, 3600, 'seconds; default 30').optional(),
  accountConcurrency: ENGINE_FIELDS.shape.accountConcurrency,
  breaker: ENGINE_FIELDS.shape.breaker,
  functions: z.record(z.string(), FUNCTION_ENTRY_FIELDS).optional().describe('an object with a function under each name'),
  queues: z.record(z.string(), EMBEDDED_QUEUE_FIELDS).optional().describe('an object with an embedded queue under each name'),
  streams: z.record(z.string(), EMBEDDED_STREAM_FIELDS).optional().describe('an object with an embedded stream under each name'),
  topics: z.record(z.string(), EMBEDDED_TOPIC_FIELDS).optional().describe('an object with an embedded topic under each name'),
};

/** The file, with mappings as far as they are the file's own: the engine checks the rest of their fields. */
export const FILE_FIELDS = z
  .strictObject({
    ...shared,
    mappings: z
      .array(
        z.looseObject(MAPPING_FIELDS.shape).describe('an object with EventSourceArn, QueueUrl or SelfManagedEventSource, and FunctionName'),
      )
      .optional()
      .describe('a list of mappings'),
  })
  .describe('an object with functions, queues, streams, topics and mappings');

/** The file, checked as far as a schema can. */
export type FileFields = z.output<typeof FILE_FIELDS>;

/** The JSON schema of the file, for editors. */
export function fileJsonSchema(): object {
  const mapping = z.union([QUEUE_MAPPING, STREAM_MAPPING, TOPIC_MAPPING]);
  const whole = z.strictObject({ ...shared, mappings: z.array(mapping).optional().describe('a list of mappings') });
  return { title: 'Configuration of millrace start', ...z.toJSONSchema(whole, { io: 'input' }) };
}
