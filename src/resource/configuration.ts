import type { MappingState } from '../contract/index.ts';
import { mappingArnOf } from './arns.ts';
import type { MappingDefinition, SourceKind } from './definition.ts';
import { isStream } from './source-kind.ts';

/** How far a mapping has come, as far as an answer shows it. */
export interface MappingProgress {
  readonly state: MappingState;
  /** Epoch ms. */
  readonly lastModified: number;
  /** `undefined`: nothing has been processed, or the source does not tell it (SQS). */
  readonly lastProcessingResult: string | undefined;
}

/** EventSourceMappingConfiguration: the body of an answer (spec a.4). */
export function configurationOf(definition: MappingDefinition, progress: MappingProgress): Readonly<Record<string, unknown>> {
  const { uuid, functionArn, source, fields } = definition;
  return {
    UUID: uuid,
    ...fields,
    EventSourceMappingArn: mappingArnOf(functionArn, uuid),
    FunctionArn: functionArn,
    LastModified: progress.lastModified / 1000,
    ...resultOf(source, progress.lastProcessingResult),
    State: progress.state,
    StateTransitionReason: isStream(source) ? 'User action' : 'USER_INITIATED',
  };
}

/** Queues tell none; what nobody has told yet is AWS's first text. */
function resultOf(source: SourceKind, result: string | undefined): { readonly LastProcessingResult?: string } {
  if (source === 'sqs' || source === 'sqs-fifo') return {};
  return { LastProcessingResult: result ?? 'No records processed' };
}
