import { kindOf } from '../mapping/index.ts';
import type { FileFields } from './file-fields.ts';
import { hint } from './hint.ts';
import { type ProducePlan, planProduce } from './plan-produce.ts';
import type { Problems } from './problems.ts';

/** An embedded queue of the file. */
export interface QueuePlan {
  readonly name: string;
  readonly at: string;
  readonly visibilityTimeoutSeconds: number | undefined;
  readonly delaySeconds: number | undefined;
  readonly contentBasedDeduplication: boolean | undefined;
  readonly redrive: { readonly queue: string; readonly maxReceiveCount: number } | undefined;
  readonly produce: ProducePlan | undefined;
}

type QueueFields = NonNullable<FileFields['queues']>[string];

/** SQS's rule; `.fifo` belongs to the 80. */
const NAME = /^(?=.{1,80}$)[\w-]+(\.fifo)?$/u;

/** Checks the embedded queues of the file and orders them so that a queue comes after its dead-letter queue. */
export function planQueues(given: NonNullable<FileFields['queues']>, problems: Problems): QueuePlan[] {
  const plans = Object.entries(given).map(([name, fields]): QueuePlan => {
    const at = `queues.${name}`;
    if (!NAME.test(name)) {
      problems.add(
        at,
        `must be named by 1 to 80 letters, digits, _ and -, with .fifo at the end of a FIFO queue's name, but is ${kindOf(name)}`,
      );
    }
    checkQueue(name, fields, at, problems);
    const { visibilityTimeoutSeconds, delaySeconds, contentBasedDeduplication, redrive } = fields;
    const produce = fields.produce && planProduce(fields.produce, fields.produce.messageGroupIds ?? []);
    return { name, at, visibilityTimeoutSeconds, delaySeconds, contentBasedDeduplication, redrive, produce };
  });
  return inOrder(plans, problems);
}

/** Whether the queue keeps order within groups. */
export function isFifo(name: string): boolean {
  return name.endsWith('.fifo');
}

function checkQueue(name: string, fields: QueueFields, at: string, problems: Problems): void {
  if (fields.contentBasedDeduplication === true && !isFifo(name)) {
    problems.add(`${at}.contentBasedDeduplication`, 'belongs to FIFO queues; end the name in .fifo, or leave it out');
  }
  const { produce } = fields;
  if (produce === undefined) return;
  if (isFifo(name) && produce.messageGroupIds === undefined) {
    problems.add(`${at}.produce.messageGroupIds`, 'is needed on a FIFO queue; give a list of group ids, such as [a, b]');
  }
  if (!isFifo(name) && produce.messageGroupIds !== undefined) {
    problems.add(`${at}.produce.messageGroupIds`, 'belongs to FIFO queues; end the name in .fifo, or leave it out');
  }
}

function inOrder(plans: readonly QueuePlan[], problems: Problems): QueuePlan[] {
  const byName = new Map(plans.map((plan) => [plan.name, plan]));
  const ordered = new Set<QueuePlan>();
  const visit = (plan: QueuePlan, path: readonly string[]): void => {
    if (ordered.has(plan)) return;
    const target = plan.redrive === undefined ? undefined : byName.get(plan.redrive.queue);
    if (plan.redrive !== undefined) checkRedrive(plan, plan.redrive.queue, [...path, plan.name], target, byName, problems);
    if (target !== undefined && !path.includes(target.name) && target !== plan) visit(target, [...path, plan.name]);
    ordered.add(plan);
  };
  for (const plan of plans) visit(plan, []);
  return [...ordered];
}

function checkRedrive(
  plan: QueuePlan,
  wanted: string,
  path: readonly string[],
  target: QueuePlan | undefined,
  known: ReadonlyMap<string, QueuePlan>,
  problems: Problems,
): void {
  const field = `${plan.at}.redrive.queue`;
  if (target === undefined) {
    problems.add(field, `there is no queue ${wanted} in this file; ${hint(wanted, [...known.keys()], 'queues')}`);
  } else if (path.includes(wanted)) {
    problems.add(
      field,
      `leads in a circle (${[...path.slice(path.indexOf(wanted)), wanted].join(', ')}); name a queue that redrives nowhere`,
    );
  } else if (isFifo(plan.name) !== isFifo(wanted)) {
    problems.add(field, `${wanted} must be of the same type: FIFO for a FIFO queue, standard for a standard queue`);
  }
}
