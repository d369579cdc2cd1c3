import type { MappingExplanation, MappingState } from '../contract/index.ts';
import { type MappingDefinition, partsOfFunctionArn } from '../resource/index.ts';

/** What keeps a mapping from being made; `since` and `at` epoch ms. */
interface Obstacle {
  readonly text: string;
  readonly since: number;
  /** Now. */
  readonly at: number;
}

/** Explains a mapping that the engine does not have, as others are explained. */
export function explainUnopened(definition: MappingDefinition, state: MappingState, { text, since, at }: Obstacle): MappingExplanation {
  const { uuid: id, name, functionArn, fields } = definition;
  const { name: functionName, qualifier } = partsOfFunctionArn(functionArn);
  return {
    id,
    name,
    eventSource: fields.EventSourceArn ?? (fields.Topics ?? []).join(','),
    functionName: qualifier === undefined ? functionName : `${functionName}:${qualifier}`,
    state,
    lastProcessingResult: undefined,
    at,
    inFlight: 0,
    lag: { records: undefined, isAtLeast: false, seconds: undefined },
    secondsToLoss: undefined,
    waits: [{ part: 'mapping', reason: 'source', text: `cannot be carried out: ${text}`, since, until: undefined }],
    shards: [],
    lastError: { at: since, message: text.slice(0, 500), requestId: undefined },
    nextRetryAt: undefined,
    credits: { inUse: 0, ofMapping: 0, limit: undefined, waiting: 0 },
    breaker: undefined,
    findings: [],
  };
}
