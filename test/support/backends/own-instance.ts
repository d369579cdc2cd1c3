import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackendName, OwnBackend } from './backend.ts';
import { lastLines } from './command.ts';
import { freePort } from './free-port.ts';
import { logRoot, runRoot } from './paths.ts';
import { signalGroup, spawnOwned, stopOwned } from './process-group.ts';
import { pruneLogs, recordRun, sweepLeftOvers } from './stale.ts';

const portAttempts = 4;
const healthPollMs = 100;
const portRetryMs = 500;
const lostPort = /cannot listen:|address (is )?already in use|BindException|EADDRINUSE/i;

/** Where one instance lives. */
interface InstancePlace {
  readonly port: number;
  readonly token: string;
  readonly directory: string;
}

/** How one back end is run. */
export interface Launch {
  readonly name: BackendName;
  /** `token` must be a part of the command line; `directory` is the instance's own and goes when it stops. */
  readonly program: (place: InstancePlace) => {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: NodeJS.ProcessEnv;
  };
  /** True once it serves; false or a rejection means not yet. */
  readonly healthy: (endpoint: string) => Promise<boolean>;
  readonly startTimeoutMs: number;
  /** How long SIGTERM may take before SIGKILL follows. */
  readonly stopGraceMs: number;
  /** Fills the folder before the first start. */
  readonly prepare?: (place: InstancePlace) => Promise<void>;
  /** Whether a restart finds the folder as it was left. */
  readonly keepsData?: boolean;
  /** The port to try next, where any free one will not do. */
  readonly choosePort?: () => Promise<number>;
  /** The endpoint at a port, where it is no URL. */
  readonly endpointAt?: (port: number) => string;
}

class PortLost extends Error {
  override readonly name = 'PortLost';
}

class OwnInstance implements OwnBackend {
  readonly name: BackendName;
  readonly endpoint: string;
  readonly features = { freeze: true, restart: true } as const;
  readonly port: number;
  readonly logFile: string;
  readonly #launch: Launch;
  readonly #token: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;
  /** Where in the log the present process begins. */
  #logStart = 0;
  #prepared = false;
  #stopped = false;

  constructor(launch: Launch, port: number) {
    this.name = launch.name;
    this.port = port;
    this.endpoint = launch.endpointAt?.(port) ?? `http://127.0.0.1:${String(port)}`;
    this.#launch = launch;
    this.#token = `${launch.name}-${String(port)}-${randomUUID().slice(0, 8)}`;
    this.#directory = join(runRoot, this.#token);
    this.logFile = join(logRoot, `${this.#token}.log`);
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} on port ${String(this.port)} is not running`);
    return pid;
  }

  /** Resolves when healthy; otherwise no process is left behind. */
  async launch(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    try {
      await this.#prepare();
      const child = await this.#spawn();
      await this.#untilHealthy(child);
    } catch (error) {
      await this.#end('SIGTERM');
      throw error;
    }
  }

  freeze(): Promise<void> {
    signalGroup(this.pid, 'SIGSTOP');
    return Promise.resolve();
  }

  thaw(): Promise<void> {
    signalGroup(this.pid, 'SIGCONT');
    return Promise.resolve();
  }

  halt(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return this.#end(signal);
  }

  async restart(): Promise<void> {
    if (this.#stopped) throw new Error(`${this.name} on port ${String(this.port)} was stopped`);
    await this.#end('SIGTERM');
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.launch();
        return;
      } catch (error) {
        // Another port is no restart; whoever took this one may let go of it.
        if (!(error instanceof PortLost) || attempt === portAttempts) throw error;
        await sleep(portRetryMs);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    // Nobody asks any more for what a careful end would write down.
    await this.#end(this.#launch.keepsData === true ? 'SIGKILL' : 'SIGTERM');
    await this.#forget();
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.#child !== undefined) await stopOwned(this.#child, signal === 'SIGKILL' ? 0 : this.#launch.stopGraceMs);
    this.#child = undefined;
    if (this.#launch.keepsData !== true) await this.#forget();
  }

  async #forget(): Promise<void> {
    this.#prepared = false;
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  get #place(): InstancePlace {
    return { port: this.port, token: this.#token, directory: this.#directory };
  }

  async #prepare(): Promise<void> {
    if (this.#prepared) return;
    await this.#launch.prepare?.(this.#place);
    this.#prepared = true;
  }

  async #spawn(): Promise<ChildProcess> {
    const { command, args, env } = this.#launch.program(this.#place);
    this.#logStart = await stat(this.logFile).then(
      ({ size }) => size,
      () => 0,
    );
    const log = openSync(this.logFile, 'a');
    const child = spawnOwned(command, args, { cwd: this.#directory, env, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    if (child.pid !== undefined) await recordRun(this.#directory, child.pid);
    return child;
  }

  async #untilHealthy(child: ChildProcess): Promise<void> {
    const deadline = performance.now() + this.#launch.startTimeoutMs;
    for (;;) {
      const healthy = await this.#launch.healthy(this.endpoint).catch(() => false);
      if (child.exitCode !== null || child.signalCode !== null) throw await this.#failure('ended at its start');
      // Some say so and stay, without a port; then whoever answers there is another.
      if (lostPort.test(await this.#printed())) throw await this.#failure('lost its port');
      if (healthy) return;
      if (performance.now() > deadline) throw await this.#failure(`was not healthy after ${String(this.#launch.startTimeoutMs / 1_000)} s`);
      await sleep(healthPollMs);
    }
  }

  async #printed(): Promise<string> {
    const log = await readFile(this.logFile);
    return log.subarray(this.#logStart).toString();
  }

  async #failure(what: string): Promise<Error> {
    const printed = await this.#printed();
    const message = `${this.name} on port ${String(this.port)} ${what} (see ${this.logFile})\n${lastLines(printed)}`;
    return lostPort.test(printed) ? new PortLost(message) : new Error(message);
  }
}

/** Starts an instance on a free port, on another one if that is taken in the meantime. Resolves when it is healthy. */
export async function startOwn(launch: Launch): Promise<OwnBackend> {
  await sweepLeftOvers();
  await pruneLogs();
  for (let attempt = 1; ; attempt += 1) {
    const instance = new OwnInstance(launch, await (launch.choosePort ?? freePort)());
    try {
      await instance.launch();
      return instance;
    } catch (error) {
      await instance.stop();
      if (!(error instanceof PortLost) || attempt === portAttempts) throw error;
    }
  }
}
