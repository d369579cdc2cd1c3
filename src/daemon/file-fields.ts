import * as z from 'zod';
import { ENGINE_FIELDS, FUNCTION_FIELDS } from '../engine/index.ts';
import { QUEUE_FIELDS } from '../mapping/index.ts';
import { LOG_LEVELS } from './catalog.ts';
import { pascalShape } from './pascal-schema.ts';

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

const PRODUCE = z.strictObject({
  everySeconds: z.number().min(0.01).max(86_400).describe('a number of seconds from 0.01 to 86400'),
  bodies: z
    .array(
      z.union([text('a text that is not empty'), z.record(z.string(), z.unknown())]).describe('a text, or an object to be sent as JSON'),
    )
    .min(1)
    .describe('a list of at least one body: texts, or objects to be sent as JSON'),
  rounds: whole(1, 1_000_000_000, 'how often the list is sent; leave it out for no end').optional(),
  messageGroupIds: z
    .array(text('the id of a message group'))
    .min(1)
    .optional()
    .describe('a list of group ids, taken in turn; needed on FIFO queues'),
});

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
    produce: PRODUCE.optional().describe('an object with everySeconds and bodies'),
  })
  .describe('an object with the settings of the queue ({} for the defaults)');

/** A function in the file. */
export const FUNCTION_ENTRY_FIELDS = z
  .strictObject({
    Handler: text('a file of this machine and what it exports, such as ./functions/orders.mjs#handler').optional(),
    Url: text('a URL such as http://127.0.0.1:8080/invoke').optional(),
    Description: z.string().max(256).optional().describe('a text of at most 256 characters'),
    Timeout: FUNCTION_FIELDS.shape.timeout,
    ReservedConcurrentExecutions: FUNCTION_FIELDS.shape.reservedConcurrentExecutions,
  })
  .describe('an object with Handler (a function of this process) or Url (a function behind HTTP)');

/** The fields of a mapping that are the file's; the others are the engine's. */
export const MAPPING_FIELDS = z.strictObject({
  Name: z
    .string()
    .regex(/^[\w.:/-]{1,128}$/)
    .optional()
    .describe('1 to 128 letters, digits and _ . : / - (default QUEUE/FUNCTION)'),
  EventSourceArn: text('the ARN of a queue, such as arn:aws:sqs:embedded:000000000000:orders').optional(),
  QueueUrl: text('the URL of an SQS queue').optional(),
  FunctionName: text('the name of a function of this file'),
});

const shared = {
  $schema: z.string().optional().describe('the address of the JSON schema, for editors'),
  listen: text('a loopback address and port such as 127.0.0.1:4680 (default 127.0.0.1:4680)').optional(),
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
      endpoint: text('a URL such as http://127.0.0.1:4566').optional(),
      region: ENGINE_FIELDS.shape.region,
      accountId: ENGINE_FIELDS.shape.accountId,
    })
    .optional()
    .describe('an object with endpoint, region and accountId'),
  stopTimeoutSeconds: whole(0, 3600, 'seconds; default 30').optional(),
  functions: z.record(z.string(), FUNCTION_ENTRY_FIELDS).optional().describe('an object with a function under each name'),
  queues: z.record(z.string(), EMBEDDED_QUEUE_FIELDS).optional().describe('an object with an embedded queue under each name'),
};

/** The file, with mappings as far as they are the file's own: the engine checks the rest of their fields. */
export const FILE_FIELDS = z
  .strictObject({
    ...shared,
    mappings: z
      .array(z.looseObject(MAPPING_FIELDS.shape).describe('an object with EventSourceArn or QueueUrl, and FunctionName'))
      .optional()
      .describe('a list of mappings'),
  })
  .describe('an object with functions, queues and mappings');

/** The file, checked as far as a schema can. */
export type FileFields = z.output<typeof FILE_FIELDS>;

/** The JSON schema of the file, for editors. */
export function fileJsonSchema(): object {
  const mapping = z.strictObject({ ...MAPPING_FIELDS.shape, ...pascalShape(QUEUE_FIELDS) });
  const whole = z.strictObject({ ...shared, mappings: z.array(mapping).optional().describe('a list of mappings') });
  return { title: 'Configuration of millrace start', ...z.toJSONSchema(whole, { io: 'input' }) };
}
