/**
 * Counts sales in tumbling windows. What it returns as `state` is given to it with the next batch of the window; the last
 * invocation of a window says so, with records or without.
 *
 * @param {import('aws-lambda').KinesisStreamEvent & { window: { start: string }, state: { sales?: number, cents?: number }, isFinalInvokeForWindow: boolean }} event
 */
export async function handler(event) {
  const records = event.Records.map(({ kinesis: { data } }) => JSON.parse(Buffer.from(data, 'base64').toString()));
  const other = records.find(({ kind }) => kind !== 'sale');
  if (other !== undefined) throw new Error(`the filter lets no ${other.kind} through`);
  const state = {
    sales: (event.state.sales ?? 0) + records.length,
    cents: records.reduce((sum, { cents }) => sum + cents, event.state.cents ?? 0),
  };
  if (event.isFinalInvokeForWindow)
    console.log(`  count: ${event.window.start}: ${String(state.sales)} sales, ${String(state.cents)} cents`);
  return { state };
}
