import { longestRetryMs } from '../../mapping/index.ts';
import type { MappingPlan } from '../plan-mappings.ts';
import type { FunctionFacts, SourceFacts } from './facts.ts';
import { type Find, timeText } from './finding.ts';

type PartitionPlan = Exclude<MappingPlan, { discipline: 'queue' }>;

/** Rules of streams and topics: how long a record may be tried, and what becomes of it then. `now`: wall clock, epoch ms. */
export function checkRetries(plan: PartitionPlan, fn: FunctionFacts, facts: SourceFacts, now: number, find: Find): void {
  const { maximumRetryAttempts: given = -1, maximumRecordAgeInSeconds: age = -1, onDestinationFailure } = plan.fields;
  const { destination } = plan;
  const attempts = given < 0 && plan.discipline === 'topic' && destination !== undefined ? 10 : given;
  const what = plan.discipline === 'stream' ? 'shard' : 'partition';
  if (attempts < 0 && age < 0) {
    find(
      'warning',
      'MaximumRetryAttempts',
      `and MaximumRecordAgeInSeconds have no limit: one record that always fails holds its ${what}${(plan.fields.parallelizationFactor ?? 1) > 1 ? "'s lane" : ''} until it is trimmed`,
      'set MaximumRetryAttempts, such as 5, with an on-failure destination, and BisectBatchOnFunctionError: true',
    );
  } else if (destination === undefined) {
    find(
      'warning',
      'DestinationConfig',
      'is missing while retries are limited: what is given up leaves no trace but a log line',
      'set DestinationConfig: { OnFailure: { Destination: ARN } }',
    );
  }
  if (destination !== undefined && onDestinationFailure === 'drop') {
    find(
      'note',
      'OnDestinationFailure',
      'is drop: what is given up is lost while its destination fails',
      'set it to hold, unless this is meant',
    );
  }
  checkRetention({ plan, attempts, age, timeout: fn.timeoutSeconds }, facts, now, find);
}

interface Retries {
  readonly plan: PartitionPlan;
  readonly attempts: number;
  readonly age: number;
  readonly timeout: number | undefined;
}

function checkRetention(
  { plan, attempts, age, timeout = 0 }: Retries,
  { retentionSeconds: retention }: SourceFacts,
  now: number,
  find: Find,
): void {
  if (retention === undefined) return;
  const kept = `the source keeps records for ${timeText(retention)}`;
  const longest = attempts < 0 ? 0 : longestRetryMs(attempts) / 1000 + (attempts + 1) * timeout;
  const isBounded = age >= 0 && age < retention;
  if (longest > retention && !isBounded) {
    find(
      'warning',
      'MaximumRetryAttempts',
      `is ${String(attempts)}, which with waits and time-outs may take ${timeText(longest)}, but ${kept}: what waits behind is trimmed unread`,
      'lower MaximumRetryAttempts, or set MaximumRecordAgeInSeconds below the retention',
    );
  }
  if (age >= retention) {
    find(
      'warning',
      'MaximumRecordAgeInSeconds',
      `is ${timeText(age)}, but ${kept}: a record is trimmed before it is too old`,
      `set it below ${String(Math.floor(retention))}`,
    );
  }
  const { startingPositionTimestamp: start } = plan.fields;
  if (start !== undefined && now / 1000 - start > retention) {
    find(
      'note',
      'StartingPositionTimestamp',
      `lies ${timeText(now / 1000 - start)} back, but ${kept}: reading begins at the oldest record there is`,
      'nothing has to be done when that is meant',
    );
  }
}
