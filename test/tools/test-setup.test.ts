import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

const faulty = `
  import { EventEmitter } from 'node:events';
  import { expect, it } from 'vitest';
  it('leaks listeners', () => {
    const emitter = new EventEmitter();
    for (let n = 0; n < 11; n += 1) emitter.on('x', () => undefined);
    expect(emitter.listenerCount('x')).toBe(11);
  });
  it('drops a rejection', () => {
    void Promise.reject(new Error('nobody listens'));
    expect(1).toBe(1);
  });
  it('emits a warning', () => {
    process.emitWarning('old ways', 'DeprecationWarning');
    expect(1).toBe(1);
  });
  it('does nothing wrong', () => {
    expect(process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED']).toBe('true');
  });
`;

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { title: string; status: string; failureMessages: string[] }[] }[];
}

it('turns what Node warns about into a failure of the test that caused it, and of no other', { timeout: 60_000 }, () => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  // Inside the clone, because the run must find vitest.
  const folder = mkdtempSync(join(root, '.cache/setup-'));
  try {
    writeFileSync(join(folder, 'faulty.test.ts'), faulty);
    const test = { root: folder, include: ['faulty.test.ts'], setupFiles: [join(root, 'test/support/setup.ts')] };
    writeFileSync(join(folder, 'vitest.config.js'), `export default ${JSON.stringify({ root: folder, test })};\n`);
    const report = join(folder, 'report.json');
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: _, ...env } = process.env;
    spawnSync(process.execPath, [vitest, 'run', '--config', 'vitest.config.js', '--reporter=json', `--outputFile=${report}`], {
      cwd: folder,
      env,
    });
    const results = (JSON.parse(readFileSync(report, 'utf8')) as Report).testResults.flatMap((file) => file.assertionResults);
    const outcomes = results.map(({ title, status, failureMessages }) => [title, status, failureMessages.join('\n').split('\n')[0]]);
    expect(outcomes).toEqual([
      ['leaks listeners', 'failed', expect.stringContaining('MaxListenersExceededWarning')],
      ['drops a rejection', 'failed', expect.stringContaining('nobody listens')],
      ['emits a warning', 'failed', expect.stringContaining('old ways')],
      ['does nothing wrong', 'passed', ''],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
