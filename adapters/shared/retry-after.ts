/**
 * How long HTTP's `Retry-After` asks to wait, ms; `undefined` when it does not say. It holds seconds, or a date that is
 * compared with the server's own clock (`date`) where that is told, else with `now` (epoch ms).
 */
export function retryAfterMs(value: string | undefined, date: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  // Date.parse takes almost anything; the dates of HTTP begin with a day's name.
  const at = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  const served = Date.parse(date ?? '');
  return Math.max(0, at - (Number.isNaN(served) ? now : served));
}
