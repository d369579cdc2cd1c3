/** What the tests of the API ask a daemon for: sources and functions that are in the process, and requests that are right. */
export const QUEUE = 'arn:aws:sqs:embedded:000000000000:orders';
export const FIFO = 'arn:aws:sqs:embedded:000000000000:steps.fifo';
export const STREAM = 'arn:aws:kinesis:embedded:000000000000:stream/clicks';
export const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/items/stream/2026-01-31T09:30:00.000';
export const NOBODY = '01234567-89ab-4cde-8f01-23456789abcd';
export const arnOf = (uuid: string): string => `arn:aws:lambda:us-east-1:000000000000:event-source-mapping:${uuid}`;
export const functionArn = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

export const FUNCTIONS = {
  'f.mjs': `
export async function handler(event) {
  if (event.fail !== undefined) throw new TypeError(event.fail);
  for (const record of event.Records ?? []) console.log('got ' + (record.body ?? Buffer.from(record.kinesis.data, 'base64')));
  return { echo: event };
}
export async function second(event) {
  for (const record of event.Records ?? []) console.log('second got ' + record.body);
}
`,
};

export const CONFIG = (endpoint: string): string => `
store: { type: memory }
aws: { endpoints: { sqs: '${endpoint}', kinesis: '${endpoint}', dynamodbstreams: '${endpoint}' }, region: us-east-1 }
functions:
  f: { Handler: './f.mjs#handler', Timeout: 5, Description: prints, Versions: { '1': {}, '2': { Handler: './f.mjs#second' } }, Aliases: { live: { FunctionVersion: '1' } } }
  slow: { Handler: './f.mjs#handler', Timeout: 60 }
  narrow: { Handler: './f.mjs#handler', ReservedConcurrentExecutions: 1 }
queues: { orders: {}, steps.fifo: {}, filed: {} }
streams: { clicks: {} }
mappings: [{ Name: filed, EventSourceArn: 'arn:aws:sqs:embedded:000000000000:filed', FunctionName: f }]
`;

export type Args = Readonly<Record<string, unknown>>;

/** A creation that works, with more in it. */
export const create = (more: Args = {}): Args => ({ FunctionName: 'f', EventSourceArn: QUEUE, ...more });
export const onStream = (more: Args = {}): Args => ({ FunctionName: 'f', EventSourceArn: STREAM, StartingPosition: 'LATEST', ...more });
export const onKafka = (more: Args = {}): Args => ({
  FunctionName: 'f',
  SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['127.0.0.1:9'] } },
  SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s' }],
  Topics: ['topic'],
  ...more,
});
export const registry = (more: Args): Args =>
  onKafka({
    ProvisionedPollerConfig: { MinimumPollers: 1 },
    SelfManagedKafkaEventSourceConfig: {
      SchemaRegistryConfig: {
        SchemaRegistryURI: 'https://registry.example.com',
        EventRecordFormat: 'JSON',
        SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
        ...more,
      },
    },
  });

export const IPV = 'InvalidParameterValueException';
export const CREATE = 'CreateEventSourceMapping';
export const unsupported = (field: string): string => `Unsupported ${field} parameter for given event source mapping type.`;
