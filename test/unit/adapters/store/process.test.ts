import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { isGone, ownIdentity } from '../../../../adapters/store/sqlite/process.ts';

const self = ownIdentity();
/** Larger than any process id that Linux gives (2^22). */
const nobody = 2 ** 30;

describe.runIf(process.platform === 'linux')('whether the owner of a lease is gone', () => {
  it('knows the process it runs in', () => {
    expect(self).toEqual({
      pid: process.pid,
      machine: expect.stringMatching(/^[0-9a-f-]{36} pid:/) as string,
      start: expect.stringMatching(/^\d+$/) as string,
    });
    expect(isGone(self, self)).toBe(false);
  });

  it('is sure of a process number that nobody has', () => {
    expect(isGone({ ...self, pid: nobody }, self)).toBe(true);
  });

  it('is sure of a process number that somebody else has by now', () => {
    expect(isGone({ ...self, start: '1' }, self)).toBe(true);
    expect(isGone({ ...self, pid: 1, start: 'not the start of process 1' }, self)).toBe(true);
  });

  it('is sure of a process that has ended and that its parent has not asked after', async () => {
    // The shell becomes a `sleep`, which never asks after the child that it does not know of.
    const parent = spawn('sh', ['-c', 'read _ <&3 & echo $!; exec sleep 60 3<&-'], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    const { stdout: out } = parent;
    if (out === null) throw new Error('no pipe');
    try {
      const [line] = (await once(out, 'data')) as [Buffer];
      const pid = Number(line.toString());
      const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8');
      const owner = { ...self, pid, start: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '' };
      expect(isGone(owner, self)).toBe(false);
      parent.stdio[3]?.destroy();
      await vi.waitFor(() => expect(isGone(owner, self)).toBe(true), { timeout: 5_000, interval: 5 });
      expect(await readFile(`/proc/${String(pid)}/stat`, 'utf8')).toContain(') Z ');
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'close');
    }
  });

  it('is never sure of another machine, another boot or another namespace', () => {
    for (const machine of ['', 'another boot', `${self.machine} `, self.machine.replace('pid:', 'pid:1')]) {
      expect(isGone({ ...self, pid: nobody, machine }, self)).toBe(false);
    }
  });

  it('is never sure where it does not know itself', () => {
    expect(isGone({ pid: nobody, machine: '', start: '' }, { ...self, machine: '' })).toBe(false);
    expect(isGone({ ...self, pid: nobody }, { ...self, machine: '' })).toBe(false);
  });
});
