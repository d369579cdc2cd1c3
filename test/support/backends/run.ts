/** `npm run backends [-- localstack elasticmq]`: starts back ends for a person and keeps them until Ctrl-C. */
import type { Backend, BackendName } from './backend.ts';
import { backendNames } from './backend.ts';
import { say } from './progress.ts';
import { endpointVariables, start } from './start.ts';

function chosen(words: readonly string[]): readonly BackendName[] {
  const unknown = words.filter((word) => !backendNames.some((name) => name === word));
  if (unknown.length > 0) throw new Error(`unknown back end ${unknown.join(', ')}: known are ${backendNames.join(', ')}`);
  return words.length === 0 ? backendNames : backendNames.filter((name) => words.includes(name));
}

async function startAll(names: readonly BackendName[]): Promise<Backend[]> {
  const running: Backend[] = [];
  for (const name of names) {
    say(`${name}: starting ...`);
    try {
      running.push(await start(name));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
  return running;
}

async function main(): Promise<void> {
  const running = await startAll(chosen(process.argv.slice(2)));
  if (running.length === 0) throw new Error('no back end could be started');
  // Tests of topics need listeners that only a broker of their own has.
  const usable = running.filter(({ name }) => name !== 'kafka');
  const settings = usable.map(({ name, endpoint }) => `${endpointVariables[name]}=${endpoint}`);
  for (const { name, endpoint } of running) process.stdout.write(`${name.padEnd(12)}${endpoint}\n`);
  if (settings.length > 0) process.stdout.write(`\nUse them:  ${settings.join(' ')} npm run test:integration`);
  process.stdout.write('\nStop them: Ctrl-C\n');
  await new Promise<void>((resolve) => {
    // Once only: a second signal ends everything at once.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    // A listener does not keep a process alive.
    const alive = setInterval(() => undefined, 60_000);
    process.once('exit', () => clearInterval(alive));
  });
  say('stopping ...');
  await Promise.all(running.map((backend) => backend.stop()));
}

try {
  await main();
  process.exit(0);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
