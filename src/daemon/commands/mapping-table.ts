/** A mapping as the API shows it. */
type Answer = Readonly<Record<string, unknown>>;

/** Rows under each other, columns as wide as they need to be. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** What a mapping reads, as short as it can be told apart. */
function sourceOf({ EventSourceArn: arn, SelfManagedEventSource: cluster, Topics: topics }: Answer): string {
  const [topic = ''] = Array.isArray(topics) ? (topics as unknown[]) : [];
  const ofTopic = topic === '' ? '' : ` ${String(topic)}`;
  if (typeof arn === 'string') return `${arn}${ofTopic}`;
  const { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: brokers = [] } = {} } = (cluster ?? {}) as {
    readonly Endpoints?: { readonly KAFKA_BOOTSTRAP_SERVERS?: readonly string[] };
  };
  return `${brokers.join(',')}${ofTopic}`;
}

/** The name of a function in its ARN, with its version or alias. */
function functionOf({ FunctionArn: arn }: Answer): string {
  return text(arn).replace(/^arn:[^:]*:lambda:[^:]*:[^:]*:function:/, '');
}

function text(value: unknown): string {
  if (value === undefined) return '-';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Mappings, a line each. `names`: those that have one of their own, by UUID. */
export function listTable(mappings: readonly Answer[], names: ReadonlyMap<string, string>): string {
  if (mappings.length === 0) return 'there are no mappings\n';
  const isNamed = mappings.some(({ UUID: uuid }) => names.has(text(uuid)));
  return table([
    ['UUID', ...(isNamed ? ['NAME'] : []), 'STATE', 'BATCH', 'FUNCTION', 'SOURCE', 'LAST RESULT'],
    ...mappings.map((mapping) => [
      text(mapping['UUID']),
      ...(isNamed ? [names.get(text(mapping['UUID'])) ?? '-'] : []),
      text(mapping['State']),
      text(mapping['BatchSize']),
      functionOf(mapping),
      sourceOf(mapping),
      text(mapping['LastProcessingResult']),
    ]),
  ]);
}

/** What people look for comes first, the rest as the API gives it. */
const FIRST = ['UUID', 'State', 'StateTransitionReason', 'LastProcessingResult', 'FunctionArn', 'EventSourceArn'];

/** One mapping, a field a line. */
export function mappingTable(mapping: Answer): string {
  const names = Object.keys(mapping);
  const ordered = [...FIRST.filter((name) => names.includes(name)), ...names.filter((name) => !FIRST.includes(name))];
  return table(ordered.filter((name) => mapping[name] !== undefined).map((name) => [name, text(mapping[name])]));
}
