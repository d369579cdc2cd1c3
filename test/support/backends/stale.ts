import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logRoot, runRoot } from './paths.ts';
import { inspectProcess, signalGroup } from './process-group.ts';

const graceForUnwrittenMs = 60_000;
const keptLogs = 20;

interface RunRecord {
  readonly pid: number;
  readonly parentPid: number;
}

/** Notes in the folder of an instance which process it is. The folder's name must be a part of its command line. */
export async function recordRun(directory: string, pid: number): Promise<void> {
  const record: RunRecord = { pid, parentPid: process.pid };
  await writeFile(join(directory, 'process.json'), JSON.stringify(record));
}

async function readRecord(directory: string): Promise<RunRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(directory, 'process.json'), 'utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('parentPid' in value)) return undefined;
    if (typeof value.pid !== 'number' || typeof value.parentPid !== 'number') return undefined;
    return { pid: value.pid, parentPid: value.parentPid };
  } catch {
    return undefined;
  }
}

async function isLeftOver(directory: string, token: string): Promise<boolean> {
  const record = await readRecord(directory);
  if (record === undefined) {
    const made = await stat(directory).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs > graceForUnwrittenMs;
  }
  const found = inspectProcess(record.pid);
  // An id is used again by the system: only the token in its command line tells that it is still ours.
  if (found === undefined || !found.commandLine.includes(token)) return true;
  if (found.parentPid === record.parentPid) return false;
  signalGroup(record.pid, 'SIGKILL');
  return true;
}

/** Stops what an earlier run, itself killed, has left behind, and removes its folders. What a living run started stays. */
export async function sweepLeftOvers(root: string = runRoot): Promise<string[]> {
  const swept: string[] = [];
  for (const token of await readdir(root).catch(() => [])) {
    const directory = join(root, token);
    if (!(await isLeftOver(directory, token))) continue;
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    swept.push(token);
  }
  return swept;
}

/** Keeps the newest logs only. */
export async function pruneLogs(root: string = logRoot): Promise<void> {
  await mkdir(root, { recursive: true });
  const files = (await readdir(root)).filter((file) => file.endsWith('.log'));
  const dated = await Promise.all(files.map(async (file) => ({ file, at: (await stat(join(root, file))).mtimeMs })));
  dated.sort((left, right) => right.at - left.at);
  for (const { file } of dated.slice(keptLogs)) await rm(join(root, file), { force: true });
}
