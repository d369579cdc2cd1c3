import { afterEach, expect, test } from 'vitest';
import { DaemonTests } from './daemon-process.ts';

const tests = new DaemonTests();
afterEach(() => tests.clear());

const WINDOW = /count: (\S+): (\d+) sales, (\d+) cents/;

test('the example of windows counts what its filter lets through, a line for each window of two seconds', async () => {
  const daemon = tests.start({ args: ['start', '--config', 'config/examples/windows.yaml', '--listen', '127.0.0.1:0'] });
  await daemon.url();
  // The first window may have begun in its middle; three lines show at least one that is whole.
  await daemon.says(new RegExp(`${WINDOW.source}[^]*${WINDOW.source}[^]*${WINDOW.source}`));
  const lines = [...daemon.stdout.matchAll(new RegExp(WINDOW, 'g'))].map(([, start = '', sales, cents]) => {
    return { start: Date.parse(start), sales: Number(sales), cents: Number(cents) };
  });
  const [first] = lines;
  for (const [index, { start, sales, cents }] of lines.entries()) {
    expect(start % 2000).toBe(0);
    expect(start).toBeGreaterThan(lines[index - 1]?.start ?? 0);
    expect(sales).toBeGreaterThan(0);
    // Sales are of 75, 100 and 250 cents; visits and refunds would show as less, or as an error of the function.
    expect(cents).toBeGreaterThanOrEqual(75 * sales);
  }
  // The producer sends three sales of 425 cents in every five: over all windows they come in turn.
  const total = lines.reduce((sum, { sales, cents }) => ({ sales: sum.sales + sales, cents: sum.cents + cents }), { sales: 0, cents: 0 });
  const turn = [0, 250, 350];
  expect(total.cents).toBe(Math.floor(total.sales / 3) * 425 + (turn[total.sales % 3] ?? 0));
  expect(first?.sales).toBeGreaterThan(0);

  daemon.signal('SIGINT');
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  expect(daemon.stdout).not.toContain('lets no');
  expect(daemon.stderr).toBe('');
});
