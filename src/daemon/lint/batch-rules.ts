import type { MappingPlan } from '../plan-mappings.ts';
import type { FunctionFacts, SourceFacts } from './facts.ts';
import { type Find, timeText } from './finding.ts';

/** The most event JSON of one invocation, bytes. */
const EVENT_BYTES_MAX = 6_291_456;
/** A record with less room than this is told of, bytes. */
const RECORD_BYTES_MIN = 1024;
/** A record with less time than this is told of, seconds. */
const RECORD_SECONDS_MIN = 0.01;

/** Rules of every mapping. */
export function checkBatches(plan: MappingPlan, { timeoutSeconds: timeout }: FunctionFacts, find: Find): void {
  const batchSize = plan.fields.batchSize ?? (plan.discipline === 'queue' ? 10 : 100);
  const room = Math.floor(EVENT_BYTES_MAX / batchSize);
  if (room < RECORD_BYTES_MIN) {
    find(
      'note',
      'BatchSize',
      `is ${String(batchSize)}, but an invocation carries at most 6 MB: batches are cut before that when records take more than ${String(room)} bytes each`,
      'nothing has to be done when smaller batches are fine',
    );
  }
  if (timeout !== undefined && timeout / batchSize < RECORD_SECONDS_MIN) {
    find(
      'warning',
      'BatchSize',
      `is ${String(batchSize)}, and the function's Timeout of ${timeText(timeout)} leaves ${timeText(timeout / batchSize)} for each record`,
      'lower BatchSize, or raise Timeout of the function',
    );
  }
  if (batchSize > 1 && plan.fields.functionResponseTypes?.includes('ReportBatchItemFailures') !== true) {
    find(
      'note',
      'FunctionResponseTypes',
      'is not set: one record that fails brings the whole batch back',
      'set FunctionResponseTypes: [ReportBatchItemFailures] and answer with the records that failed',
    );
  }
}

/** Whether the function may run what the mapping would run at once. */
export function checkConcurrency(
  plan: MappingPlan,
  { reservedConcurrency: reserved }: FunctionFacts,
  { shards }: SourceFacts,
  find: Find,
): void {
  if (reserved === undefined) return;
  const raise = 'raise ReservedConcurrentExecutions of the function, or lower this';
  if (plan.discipline === 'queue') {
    const most = plan.fields.scalingConfig?.maximumConcurrency;
    if (most === undefined || most <= reserved) return;
    find(
      'warning',
      'ScalingConfig.MaximumConcurrency',
      `is ${String(most)}, but the function may run ${String(reserved)} at once over all its mappings`,
      raise,
    );
    return;
  }
  const factor = plan.fields.parallelizationFactor ?? 1;
  const what = plan.discipline === 'stream' ? 'shard' : 'partition';
  const runs = `but the function may run ${String(reserved)} at once over all its mappings`;
  if (factor > reserved) {
    find('warning', 'ParallelizationFactor', `is ${String(factor)} batches at once for each ${what}, ${runs}`, raise);
  } else if (shards !== undefined && factor * shards > reserved) {
    const product = `${String(shards)} ${what}s with ${String(factor)} each are ${String(factor * shards)} batches at once`;
    find('note', 'ParallelizationFactor', `${product}, ${runs}: ${what}s take turns`, raise);
  }
}
