import { kindOf } from '../mapping/index.ts';
import type { FileFields } from './file-fields.ts';
import { type ProducePlan, planProduce } from './plan-produce.ts';
import type { Problems } from './problems.ts';

/** An embedded stream of the file. */
export interface StreamPlan {
  readonly name: string;
  readonly shards: number | undefined;
  readonly retentionSeconds: number | undefined;
  readonly produce: ProducePlan | undefined;
}

/** Kinesis's rule. */
const NAME = /^[\w.-]{1,128}$/u;

/** Checks the embedded streams of the file. */
export function planStreams(given: NonNullable<FileFields['streams']>, problems: Problems): StreamPlan[] {
  return Object.entries(given).map(([name, { shards, retentionSeconds, produce }]) => {
    if (!NAME.test(name)) problems.add(`streams.${name}`, `must be named by 1 to 128 letters, digits, _, - and ., but is ${kindOf(name)}`);
    return { name, shards, retentionSeconds, produce: produce && planProduce(produce, produce.partitionKeys) };
  });
}
