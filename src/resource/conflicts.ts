import { partsOfFunctionArn } from './arns.ts';
import type { MappingDefinition, MappingFields } from './definition.ts';
import { ResourceRefusal } from './refusal.ts';
import { isKafka, isQueue } from './source-kind.ts';

/** What of a mapping no other may share. */
export type Claim = Pick<MappingDefinition, 'source' | 'functionArn' | 'fields'>;

/** Refuses a second mapping of the same source to the same function, in the words of its source (spec a.6). */
export function refuseConflict(claim: Claim, others: Iterable<MappingDefinition>): void {
  for (const other of others) {
    if (other.functionArn === claim.functionArn && sharesSource(claim.fields, other.fields)) {
      throw new ResourceRefusal('ResourceConflictException', conflictText(claim, other.uuid));
    }
  }
}

function sharesSource(one: MappingFields, other: MappingFields): boolean {
  if (one.EventSourceArn !== other.EventSourceArn) return false;
  if (one.Topics === undefined) return true;
  if (topicOf(one) !== topicOf(other)) return false;
  // One shared server is the same cluster.
  return one.EventSourceArn !== undefined || serversOf(one).some((server) => serversOf(other).includes(server));
}

function topicOf({ Topics: topics = [] }: MappingFields): string {
  return topics.join(',');
}

function serversOf({ SelfManagedEventSource: source }: MappingFields): readonly string[] {
  return source?.Endpoints?.['KAFKA_BOOTSTRAP_SERVERS'] ?? [];
}

function conflictText({ source, functionArn, fields }: Claim, uuid: string): string {
  const mend = `Please update or delete the existing mapping with UUID ${uuid}`;
  const arn = fields.EventSourceArn ?? '';
  const { name } = partsOfFunctionArn(functionArn);
  if (isKafka(source)) {
    const servers = arn === '' ? serversOf(fields).join(',') : arn;
    return `An event source mapping with event source ("${servers}"), function ("${functionArn}"), topics ("${topicOf(fields)}") already exists. ${mend}`;
  }
  if (isQueue(source)) return `An event source mapping with SQS arn (" ${arn} ") and function (" ${name} ") already exists. ${mend}`;
  return `The event source arn (" ${arn} ") and function (" ${name} ") provided mapping already exists. ${mend}`;
}
