import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = resolve(import.meta.dirname, '../../.ci/run');

/** Stands in for npm: fails the steps named in FAILING, and leaves the reports that the real tools would leave. */
const npm = `#!/usr/bin/env bash
status=0
for step in $FAILING; do case " $* " in *" $step "*) status=1 ;; esac; done
case "$*" in
  *simulate*) echo 'seed 1 of 1000'; echo "$SIMULATED" ;;
esac
for word in "$@"; do
  case "$word" in --outputFile.json=*) if [ -n "$REPORT" ]; then echo "$REPORT" >"\${word#--outputFile.json=}"; fi ;; esac
done
exit $status
`;

const tests = { numPassedTests: 10, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
/** The benchmarks count as one of them. */
const checks = 10;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-ci-'));
  mkdirSync(join(folder, 'clone/.ci'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  copyFileSync(script, join(folder, 'clone/.ci/run'));
  writeFileSync(join(folder, 'bin/npm'), npm, { mode: 0o755 });
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run(world: { failing?: string; report?: object; simulated?: string }): {
  status: number | null;
  last: string | undefined;
  text: string;
} {
  const { status, stdout } = spawnSync('bash', [join(folder, 'clone/.ci/run')], {
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      FAILING: world.failing ?? '',
      REPORT: world.report === undefined ? '' : JSON.stringify(world.report),
      SIMULATED: world.simulated ?? '500 passed, 0 failed',
    },
  });
  return { status, last: stdout.trimEnd().split('\n').at(-1), text: stdout };
}

describe('.ci/run', () => {
  it('sums checks, tests and seeds when all is well', () => {
    const { status, last } = run({ report: tests });
    expect({ status, last }).toEqual({ status: 0, last: `${String(checks + 20 + 1_000)} passed, 0 failed` });
  });

  it('says how many tests were skipped', () => {
    const { status, last } = run({ report: { ...tests, numPendingTests: 2 } });
    expect({ status, last }).toEqual({ status: 0, last: `${String(checks + 20 + 1_000)} passed, 0 failed, 4 skipped` });
  });

  it('runs every later step after one has failed, and fails', () => {
    const { status, last, text } = run({ report: tests, failing: 'check:format build' });
    expect({ status, last }).toEqual({ status: 1, last: `${String(checks - 2 + 20 + 1_000)} passed, 2 failed` });
    expect(text).toContain('failed steps: check:format build');
  });

  it('counts a failed test run that left no failed test as one failure', () => {
    const { status, last } = run({ report: tests, failing: 'test' });
    expect({ status, last }).toEqual({ status: 1, last: `${String(checks + 20 + 1_000)} passed, 1 failed` });
  });

  it('counts a test run without a report as a failure', () => {
    const { status, last } = run({});
    expect({ status, last }).toEqual({ status: 1, last: `${String(checks + 1_000)} passed, 2 failed` });
  });

  it('counts a file that could not be loaded as a failure', () => {
    const { status, last } = run({
      report: { ...tests, testResults: [{ status: 'failed', assertionResults: [] }] },
      failing: 'test test:node24',
    });
    expect({ status, last }).toEqual({ status: 1, last: `${String(checks + 20 + 1_000)} passed, 2 failed` });
  });

  it('counts failing seeds, also when the simulation forgets to fail', () => {
    const { status, last } = run({ report: tests, simulated: '499 passed, 1 failed' });
    expect({ status, last }).toEqual({ status: 1, last: `${String(checks + 20 + 998)} passed, 2 failed` });
  });

  it.for(['', '10 passed, 0 failed'])('takes no simulation of fewer seeds for one: "%s"', (simulated) => {
    const { status, last } = run({ report: tests, simulated });
    expect({ status, last }).toEqual({ status: 1, last: `${String(checks + 20)} passed, 1 failed` });
  });

  it('runs nothing on a tree that could not be installed', () => {
    const { status, last, text } = run({ report: tests, failing: 'install' });
    expect({ status, last }).toEqual({ status: 1, last: '0 passed, 1 failed' });
    expect(text).not.toContain('check:format');
  });
});
