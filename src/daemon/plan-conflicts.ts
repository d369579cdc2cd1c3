import { parseFunctionName } from '../engine/index.ts';
import { functionArnOf } from '../resource/index.ts';
import type { FunctionPlaces } from './plan-function-name.ts';
import type { TopicRef } from './plan-kafka.ts';
import { EMBEDDED_BROKER } from './plan-kafka.ts';
import type { Problems } from './problems.ts';

/** A mapping as far as it claims a source. */
interface Claimant {
  readonly at: string;
  readonly functionName: string;
  readonly source: { readonly kind: string } | TopicRef;
}

interface Claim {
  readonly at: string;
  readonly functionArn: string;
  readonly topic: string;
  readonly brokers: readonly string[];
}

/**
 * Refuses a second mapping of one topic to one function, in AWS's words. One broker that both name is enough to tell that the cluster is
 * the same.
 */
export function refuseTopicConflicts(plans: readonly Claimant[], places: FunctionPlaces, problems: Problems): void {
  const claims: Claim[] = [];
  for (const plan of plans) {
    const { at, functionName, source } = plan;
    if (!isTopic(source)) continue;
    const functionArn = arnOf(functionName, places);
    const claim = { at, functionArn, topic: source.topic, brokers: brokersOf(source) };
    const other = claims.find((before) => isSame(before, claim));
    if (other === undefined) claims.push(claim);
    else {
      const event = `event source ("${claim.brokers.join(',')}"), function ("${functionArn}"), topics ("${claim.topic}")`;
      problems.add(at, `An event source mapping with ${event} already exists. Please update or delete the existing mapping ${other.at}`);
    }
  }
}

function isTopic(source: Claimant['source']): source is TopicRef {
  return source.kind === 'kafka' || source.kind === 'embedded-topic';
}

function isSame(one: Claim, other: Claim): boolean {
  return one.functionArn === other.functionArn && one.topic === other.topic && one.brokers.some((broker) => other.brokers.includes(broker));
}

function brokersOf(source: TopicRef): readonly string[] {
  return source.kind === 'kafka' ? source.brokers : [EMBEDDED_BROKER];
}

function arnOf(functionName: string, { region, accountId: account }: FunctionPlaces): string {
  const name = parseFunctionName(functionName);
  return typeof name === 'string' ? functionName : functionArnOf(name, { region, account });
}
