import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { describeWithBackend } from '../support/backends/inject.ts';

const root = resolve(import.meta.dirname, '../..');

/** Runs a folder's tests as its user would, with the built package. */
function runTests(folder: string, endpoint: string): Promise<{ readonly code: number | null; readonly output: string }> {
  // Vitest tells its children that they run inside it.
  const outer = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS|TEST$)/.test(name));
  const child = spawn(process.execPath, [resolve(root, 'node_modules/vitest/vitest.mjs'), 'run', '--dir', folder], {
    cwd: root,
    env: { ...Object.fromEntries(outer), LOCALSTACK_ENDPOINT: endpoint, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += text.toString()));
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));
  return new Promise((settle) => {
    child.once('close', (code) => {
      settle({ code, output });
    });
  });
}

describeWithBackend('localstack', 'the example of a LocalStack-backed test', ({ endpoint }) => {
  test('passes as it stands, with millrace/testing of the built package', async () => {
    const { code, output } = await runTests(resolve(root, 'config/examples/localstack-test'), endpoint);
    expect(output).toMatch(/Tests +2 passed \(2\)/);
    expect(code).toBe(0);
  });
});
