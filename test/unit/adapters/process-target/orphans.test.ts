import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, test } from 'vitest';
import { calm, invocationContext } from '../../../conformance/target-suite.ts';
import { functionFolder } from '../../../support/function-folder.ts';
import { childrenOf, ProcessFunctions, processesWith, until } from '../../../support/process-functions.ts';

const bootstrap = resolve(import.meta.dirname, '../../../../adapters/target/process/bootstrap/main.js');
/** A module of the target as JavaScript, for a host that is a process of its own. */
function compiled(name: string): string {
  const file = resolve(import.meta.dirname, '../../../../adapters/target/process', `${name}.ts`);
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, rewriteRelativeImportExtensions: true };
  return ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: options }).outputText;
}

const folder = functionFolder({
  'package.json': '{ "type": "module" }',
  'process-group.js': compiled('process-group'),
  'guard.js': compiled('guard'),
  // Starts programs as the target does, ends some of them, and lives.
  'groups.mjs': `import { endGroup, startGroup } from './process-group.js';
    const [, , ...programs] = process.argv;
    const start = ([path, ...args]) => startGroup({ path, args, cwd: '/', env: process.env });
    const [first, ...others] = programs.map((program) => start(JSON.parse(program)));
    await endGroup(first.pid);
    console.log('started', ...others.map(({ pid }) => pid));
    setInterval(() => {}, 1000);`,
  'hang.mjs': 'export const handler = () => new Promise(() => setInterval(() => {}, 1000));',
  // Starts the bootstrap as the target does, and lives.
  'host.mjs': `import { spawn } from 'node:child_process';
    spawn(process.execPath, [process.argv[2], process.argv[3], 'handler'], { detached: true, stdio: 'ignore' });
    setInterval(() => {}, 1000);`,
});
afterAll(() => {
  folder.remove();
});

test.each(['while its handler hangs', 'while it waits for an invocation'])(
  'a Node function whose host was killed ends by itself %s',
  async (when) => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      if (when.includes('hangs')) response.writeHead(200, { 'lambda-runtime-aws-request-id': 'r-1', 'content-length': 2 }).end('{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const marker = `millrace-orphan-${String(process.pid)}-${String(when.length)}`;
    const api = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    const host = spawn(process.execPath, [resolve(folder.path, 'host.mjs'), bootstrap, resolve(folder.path, 'hang.mjs')], {
      env: { MARKER: marker, AWS_LAMBDA_RUNTIME_API: api },
      stdio: 'ignore',
    });
    await until('the function runs', () => asked > 0);
    expect(processesWith(marker)).toHaveLength(2);
    host.kill('SIGKILL');
    await until('no process is left', () => processesWith(marker).length === 0);
    server.closeAllConnections();
    server.close();
  },
);

describe('programs whose host was killed', () => {
  const NODE = process.execPath;
  const DEAF = 'trap "" TERM HUP INT; while true; do sleep 0.05; done';

  test('are killed with all their children, whatever they do, and no guard is left', async () => {
    const marker = `millrace-orphan-${String(process.pid)}-groups`;
    const programs = [
      ['/bin/sleep', '600'],
      ['/bin/sh', '-c', DEAF],
      ['/bin/sh', '-c', 'sleep 601 & sleep 602 & wait'],
      [NODE, '-e', 'for (;;);'],
      [NODE, '-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);"],
    ];
    const host = spawn(NODE, [resolve(folder.path, 'groups.mjs'), ...programs.map((program) => JSON.stringify(program))], {
      env: { MARKER: marker },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    host.stdout.on('data', (text: Buffer) => (said += text.toString()));
    const started = (): number[] => /^started (.*)\n/.exec(said)?.[1]?.split(' ').map(Number) ?? [];
    const isMarked = (pid: number): boolean => processesWith(marker).includes(pid);
    await until('all run, and the children of one', () => {
      const [, waits = 0] = started();
      return started().length === 4 && started().every(isMarked) && childrenOf(waits).filter(isMarked).length === 2;
    });
    // By their ids: for an instant, what has just been started shows no environment. The one that was ended may still be to be reaped.
    const guards = (): number[] => childrenOf(host.pid ?? 0).filter((pid) => !started().includes(pid));
    await until('one guard is beside them', () => guards().length === 1);
    const [guard = 0] = guards();
    host.kill('SIGKILL');
    await until('no process is left', () => processesWith(marker).length === 0 && !isAlive(guard));
  });
});

describe('the guard', () => {
  const functions = new ProcessFunctions();
  afterAll(() => {
    functions.folder.remove();
  });

  test('is one for all processes, is replaced when it is killed, and goes with the last of them', async () => {
    const before = childrenOf(process.pid);
    const others = (): number[] => childrenOf(process.pid).filter((pid) => !before.includes(pid));
    const guards = (): number[] => others().filter((pid) => !processesWith(functions.marker).includes(pid));
    const start = async (): Promise<void> => {
      const target = functions.handler('export const handler = async () => 1;');
      await target.invoke({}, invocationContext(calm(), { remainingMs: () => 60_000 })).ended;
    };
    await start();
    await start();
    const [guard = 0] = guards();
    expect(guards()).toEqual([guard]);
    process.kill(guard, 'SIGKILL');
    await until('its end is seen', () => guards().length === 0);
    await start();
    expect(guards()).toHaveLength(1);
    await functions.clear();
    await until('none is left', () => others().length === 0);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
