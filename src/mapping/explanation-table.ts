import type { ErrorExplanation, LagExplanation, MappingExplanation, ShardExplanation, WaitExplanation } from '../contract/index.ts';

type Row = readonly [string, string, string];

/**
 * An explanation as people read it in a terminal: the mapping in a few lines, then a line for each part that waits. It is given as
 * the engine makes it or as `GET /mappings/NAME/explain` answers.
 */
export function explanationTable(explanation: MappingExplanation): string {
  const { name, eventSource, functionName, state, waits, shards } = explanation;
  const head = [
    `${name}: ${eventSource} -> ${functionName}, ${state}`,
    ...factsOf(explanation).map(([what, text]) => `  ${what}  ${text}`),
  ];
  const rows: Row[] = [
    ['PART', 'SINCE', 'WAITS FOR'],
    ...waits.map((wait) => rowOf(wait, explanation.at)),
    ...shards.flatMap((shard) => shardRows(shard, explanation.at)),
  ];
  return [...head, '', ...table(rows)].map((line) => `${line.trimEnd()}\n`).join('');
}

function factsOf(explanation: MappingExplanation): [string, string][] {
  const { at, inFlight, lag, secondsToLoss, credits, breaker, lastError, nextRetryAt, findings, lastProcessingResult } = explanation;
  const facts: [string, string][] = [
    ['lag', lagText(lag)],
    ['in flight', String(inFlight)],
  ];
  if (secondsToLoss !== undefined)
    facts.push(['loss', `in ${duration(secondsToLoss * 1000)} at this pace: records will be trimmed unread`]);
  const of = credits.limit === undefined ? 'without a limit' : `of ${String(credits.limit)}`;
  facts.push([
    'credits',
    `${String(credits.inUse)} ${of} in use, ${String(credits.ofMapping)} by this mapping; ${String(credits.waiting)} wait`,
  ]);
  if (breaker !== undefined) {
    const until = breaker.until === undefined ? '' : `, looked at again in ${duration(breaker.until - at)}`;
    facts.push(['breaker', `${breaker.state}${until}${breaker.cause === undefined ? '' : ` (${breaker.cause})`}`]);
  }
  if (lastProcessingResult !== undefined) facts.push(['last result', lastProcessingResult]);
  if (lastError !== undefined) facts.push(['last error', errorText(lastError, at)]);
  if (nextRetryAt !== undefined) facts.push(['next retry', `in ${duration(nextRetryAt - at)}`]);
  for (const { severity, part, text } of findings) facts.push([severity === 'stuck' ? 'STUCK' : 'WARNING', `${part} ${text}`]);
  const width = Math.max(...facts.map(([what]) => what.length));
  return facts.map(([what, text]) => [what.padEnd(width), text]);
}

function shardRows({ shardId, position, lag, inFlight, secondsToLoss, lastError, waits }: ShardExplanation, at: number): Row[] {
  const parts = [`at ${position}`, `lag ${lagText(lag)}`, `${String(inFlight)} in flight`];
  if (secondsToLoss !== undefined) parts.push(`loss in ${duration(secondsToLoss * 1000)}`);
  if (lastError !== undefined) parts.push(`last error ${errorText(lastError, at)}`);
  return [
    [shardId, '', parts.join('; ')],
    ...waits.map((wait): Row => {
      const [part, since, text] = rowOf(wait, at);
      return [`  ${part.startsWith(`${shardId} `) ? part.slice(shardId.length + 1) : part}`, since, text];
    }),
  ];
}

function rowOf({ part, since, text }: WaitExplanation, at: number): Row {
  return [part, since === undefined ? '-' : duration(at - since), text];
}

function lagText({ records, isAtLeast, seconds }: LagExplanation): string {
  const count =
    records === undefined ? 'not known' : `${isAtLeast ? 'at least ' : ''}${String(records)} ${records === 1 ? 'record' : 'records'}`;
  return seconds === undefined ? count : `${count}, ${duration(seconds * 1000)}`;
}

function errorText({ at: when, message, requestId }: ErrorExplanation, at: number): string {
  // One line, whatever a function said.
  const text = message.replaceAll(/\s+/g, ' ');
  return `${duration(at - when)} ago: ${text}${requestId === undefined ? '' : ` (request ${requestId})`}`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** Two units at most: what is days away is not told in seconds. */
function duration(ms: number): string {
  const whole = Math.max(0, ms);
  for (const [index, [unit, length]] of UNITS.entries()) {
    if (whole < length) continue;
    const [smaller, size] = UNITS[index + 1] ?? ['s', 1000];
    const rest = Math.floor((whole % length) / size);
    return `${String(Math.floor(whole / length))} ${unit}${rest === 0 ? '' : ` ${String(rest)} ${smaller}`}`;
  }
  return `${(whole / 1000).toFixed(1)} s`;
}

function table(rows: readonly Row[]): string[] {
  const first = Math.max(...rows.map(([part]) => part.length));
  const second = Math.max(...rows.map(([, since]) => since.length));
  return rows.map(([part, since, text]) => `${part.padEnd(first)}  ${since.padStart(second)}  ${text}`);
}
