import { kindOf } from '../mapping/index.ts';
import type { FileFields } from './file-fields.ts';
import { type ProducePlan, planProduce } from './plan-produce.ts';
import type { Problems } from './problems.ts';

/** An embedded topic of the file. */
export interface TopicPlan {
  readonly name: string;
  readonly partitions: number | undefined;
  readonly retentionSeconds: number | undefined;
  readonly produce: ProducePlan | undefined;
}

/** Kafka's rule, and AWS's: a mapping names topics of two characters at least. */
const NAME = /^[\w-][\w.-]{1,248}$/u;

/** Checks the embedded topics of the file. */
export function planTopics(given: NonNullable<FileFields['topics']>, problems: Problems): TopicPlan[] {
  return Object.entries(given).map(([name, { partitions, retentionSeconds, produce }]) => {
    if (!NAME.test(name)) {
      problems.add(`topics.${name}`, `must be named by 2 to 249 letters, digits, _, - and ., no . at first, but is ${kindOf(name)}`);
    }
    return { name, partitions, retentionSeconds, produce: produce && planProduce(produce, produce.keys ?? []) };
  });
}
