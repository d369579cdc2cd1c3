import * as z from 'zod';
import { nearest } from '../kit/index.ts';
import { pascal, QUEUE_FIELDS, type QueueFields, resolveQueueOptions } from '../mapping/index.ts';
import { MAPPING_FIELDS } from './file-fields.ts';
import { camelFields, isPlainObject, pascalShape } from './pascal-schema.ts';
import { hint, isFifo } from './plan-queues.ts';
import type { Problems } from './problems.ts';

/** Region in the ARN of an embedded queue: what tells it from a queue of SQS. */
export const EMBEDDED_REGION = 'embedded';
const EMBEDDED_ACCOUNT = '000000000000';

/** A mapping of the file. */
export interface MappingPlan {
  readonly at: string;
  readonly name: string;
  readonly functionName: string;
  readonly source:
    | { readonly kind: 'embedded'; readonly queue: string }
    | { readonly kind: 'sqs'; readonly queue: string; readonly field: string };
  /** The fields of AWS as the engine takes them. */
  readonly fields: QueueFields;
}

const ENTRY = z.looseObject(MAPPING_FIELDS.shape);
type Entry = z.output<typeof ENTRY>;

/** What mappings may name. */
export interface Known {
  readonly functions: readonly string[];
  readonly queues: readonly string[];
}

const OWN = Object.keys(MAPPING_FIELDS.shape);
const ENGINES = Object.keys(pascalShape(QUEUE_FIELDS));

/** Checks the mappings of the file, each with the engine's own rules. Entries whose own fields do not fit are for others to tell. */
export function planMappings(given: readonly unknown[], known: Known, problems: Problems): MappingPlan[] {
  const taken = new Map<string, string>();
  return given.flatMap((raw, index) => {
    if (!isPlainObject(raw)) return [];
    const at = `mappings[${String(index)}]`;
    const { EventSourceArn: arn, QueueUrl: url } = raw;
    const queueName =
      [url, arn]
        .find((text) => typeof text === 'string')
        ?.split(/[/:]/)
        .at(-1) ?? '';
    const fields = engineFields(raw, at, problems);
    problems.try(() => resolveQueueOptions(fields, isFifo(queueName), { at, spell: pascal }));
    const { data: entry } = ENTRY.safeParse(raw);
    if (entry === undefined) return [];
    const { FunctionName: functionName } = entry;
    if (!known.functions.includes(functionName)) {
      problems.add(
        `${at}.FunctionName`,
        `there is no function ${functionName} in this file; ${hint(functionName, known.functions, 'functions')}`,
      );
    }
    const source = sourceOf(entry, at, known, problems);
    if (source === undefined) return [];
    const name = entry.Name ?? `${queueName}/${functionName}`;
    const other = taken.get(name);
    if (other !== undefined) {
      const field = entry.Name === undefined ? at : `${at}.Name`;
      problems.add(
        field,
        `is named ${name}, as ${other} is; names tell mappings apart in logs, metrics and the store: give it another Name`,
      );
    }
    taken.set(name, at);
    return [{ at, name, functionName, source, fields }];
  });
}

function sourceOf(entry: Entry, at: string, known: Known, problems: Problems): MappingPlan['source'] | undefined {
  const { EventSourceArn: arn, QueueUrl: url } = entry;
  if (arn === undefined && url === undefined) {
    problems.add(at, 'must have an EventSourceArn, such as arn:aws:sqs:embedded:000000000000:orders, or the QueueUrl of an SQS queue');
    return undefined;
  }
  if (url !== undefined) {
    if (arn !== undefined) problems.add(at, 'has an EventSourceArn and a QueueUrl; they name the same thing, take one out');
    return { kind: 'sqs', queue: url, field: `${at}.QueueUrl` };
  }
  const field = `${at}.EventSourceArn`;
  const text = arn ?? '';
  if (!text.startsWith('arn:')) {
    problems.add(field, `must be an ARN such as arn:aws:sqs:embedded:000000000000:orders; the address of an SQS queue goes into QueueUrl`);
    return undefined;
  }
  const [, , service = '', region, account, queue = ''] = text.split(':');
  if (service !== 'sqs') {
    problems.add(field, `names a source of ${service}; this version reads queues (arn:aws:sqs:REGION:ACCOUNT:NAME)`);
    return undefined;
  }
  if (region !== EMBEDDED_REGION) return { kind: 'sqs', queue: text, field };
  const own = `arn:aws:sqs:${EMBEDDED_REGION}:${EMBEDDED_ACCOUNT}:`;
  if (account !== EMBEDDED_ACCOUNT) problems.add(field, `the account of embedded queues is ${EMBEDDED_ACCOUNT}; write ${own}${queue}`);
  else if (!known.queues.includes(queue)) {
    problems.add(field, `there is no embedded queue ${queue} in this file; ${hint(queue, known.queues, 'queues')}`);
  }
  return { kind: 'embedded', queue };
}

/** What the engine is to check, in its spelling; what it could only misunderstand is told here. */
function engineFields(entry: Readonly<Record<string, unknown>>, at: string, problems: Problems): QueueFields {
  const rest = Object.fromEntries(
    Object.entries(entry).filter(([name]) => {
      if (OWN.includes(name)) return false;
      const meant = ENGINES.includes(name) ? undefined : nearest(name, [...OWN, ...ENGINES]);
      const isOwn = meant !== undefined && OWN.includes(meant);
      if (isOwn) problems.add(`${at}.${name}`, `is not a field that is known here; did you mean ${meant}?`);
      return !isOwn;
    }),
  );
  return camelFields(rest, (path) => {
    const [last = ''] = path.split('.').slice(-1);
    problems.add(`${at}.${path}`, `is not a field that is known here; fields are spelt as AWS does, did you mean ${pascal(last)}?`);
  });
}
