import { ConfigError } from '../contract/index.ts';
import { isLoopback, type ManageServer, manageServer, type Phase, type SecuritySettings } from '../manage/index.ts';
import { type Assembly, assemble } from './assemble.ts';
import type { Catalog } from './catalog.ts';
import type { DaemonConfig } from './config.ts';
import { apiTakenOver } from './config-change.ts';
import { ConfigWatch } from './config-watch.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { Narrator } from './narrator.ts';
import { isSameSecurity, openApi } from './open-api.ts';
import { intoQueue, intoStream, intoTopic, Producer } from './producer.ts';
import { Reloads } from './reloads.ts';
import { type StopCause, StopRequests } from './stop-requests.ts';

/**
 * Runs what the file describes until a signal or a crash ends it. `readAgain` reads the files anew, at SIGHUP and when they change; without it SIGHUP ends the daemon as other signals do. Throws a ConfigError or a ListenError before anything
 * was started. After it nothing of Millrace is left that keeps the process alive.
 */
export async function serve(catalog: Catalog, config: DaemonConfig, readAgain?: () => DaemonConfig): Promise<ExitCode> {
  const security = await openApi(catalog, config, process.env);
  const pretty = config.log.pretty ?? process.stdout.isTTY;
  const logger = await catalog.logger({ level: config.log.level, pretty });
  const narrator = new Narrator(logger, pretty);
  const meter = await catalog.meter();
  const reloads = new Reloads();
  const onHangup = (): void => {
    reloads.ask();
  };
  const requests = new StopRequests(catalog.clock, readAgain && onHangup);
  const watch = new ConfigWatch({ clock: catalog.clock, narrator, reloads });
  try {
    // Before anything that takes its time: what changes meanwhile is read again once it runs.
    if (readAgain !== undefined) watch.begin(config);
    const made = assemble({ catalog, config, logger, meter, narrator });
    // A module may take its time, or for ever, until it is loaded.
    const assembly = await Promise.race([made, requests.first]);
    if ('kind' in assembly) return abandoned(assembly, made, narrator);
    const { engine, embedded, control } = assembly;
    const state: { phase: Phase } = { phase: 'starting' };
    const server = manageServer({
      mappings: () => engine.mappings,
      disabled: control.disabled,
      onDefect: (error) => {
        logger.error({ err: error }, 'a request failed inside Millrace');
      },
      lambda: { mappings: control, functions: engine, since: catalog.clock.wall() },
      queues: embedded.queues,
      streams: embedded.streams,
      topics: embedded.topics,
      phase: () => state.phase,
      findings: () => engine.findings,
      unopened: () => control.unopened,
      meter,
      clock: catalog.clock,
      random: catalog.random,
      security,
    });
    const running = new Running({ catalog, config, narrator, assembly, server, requests, state, reloads, watch, readAgain, security });
    return await running.run();
  } finally {
    watch.end();
    requests.dispose();
  }
}

/** Stopped before there was anything to stop. */
function abandoned(cause: StopCause, made: Promise<Assembly>, narrator: Narrator): ExitCode {
  made.then(
    (assembly) => assembly.close(),
    () => undefined,
  );
  if (cause.kind === 'signal') return EXIT.clean;
  narrator.crash(cause.error, 'an error was not caught while functions were loaded; nothing was started');
  return EXIT.failed;
}

interface RunningParts {
  readonly catalog: Catalog;
  readonly config: DaemonConfig;
  readonly narrator: Narrator;
  readonly assembly: Assembly;
  readonly server: ManageServer;
  readonly requests: StopRequests;
  readonly state: { phase: Phase };
  readonly reloads: Reloads;
  readonly watch: ConfigWatch;
  readonly readAgain: (() => DaemonConfig) | undefined;
  readonly security: SecuritySettings;
}

class Running {
  readonly #parts: RunningParts;
  readonly #producers: Producer[];

  constructor(parts: RunningParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#security = parts.security;
    this.#producers = this.#producersOf(parts.config);
  }

  /** What feeds the embedded parts of a configuration. */
  #producersOf(config: Pick<DaemonConfig, 'queues' | 'streams' | 'topics'>): Producer[] {
    const { catalog, assembly } = this.#parts;
    const { queues, streams, topics } = assembly.embedded;
    const { clock, random } = catalog;
    return [
      ...config.queues.flatMap(({ name, produce: plan }) => {
        const queue = queues.get(name);
        return plan === undefined || queue === undefined ? [] : [new Producer({ sink: intoQueue(queue, random), plan, clock })];
      }),
      ...config.streams.flatMap(({ name, produce: plan }) => {
        const stream = streams.get(name);
        return plan === undefined || stream === undefined ? [] : [new Producer({ sink: intoStream(stream), plan, clock })];
      }),
      ...config.topics.flatMap(({ name, produce: plan }) => {
        const topic = topics.get(name);
        return plan === undefined || topic === undefined ? [] : [new Producer({ sink: intoTopic(topic), plan, clock })];
      }),
    ];
  }

  /** What was read last and taken over. */
  #config: DaemonConfig;
  #security: SecuritySettings;
  async #reload(readAgain: () => DaemonConfig): Promise<void> {
    const { narrator, assembly, state, watch } = this.#parts;
    let read: DaemonConfig | undefined;
    try {
      const before = this.#config;
      read = readAgain();
      const after = { ...read, api: apiTakenOver(before.api, read.api) };
      // Before anything is changed: what is wrong with it refuses the whole.
      const security = await this.#openApi(after);
      await assembly.reload(read);
      this.#secure(security);
      const isNew = ({ name }: { readonly name: string }, known: readonly { readonly name: string }[]): boolean =>
        !known.some((one) => one.name === name);
      const fresh = this.#producersOf({
        queues: after.queues.filter((queue) => isNew(queue, before.queues)),
        streams: after.streams.filter((stream) => isNew(stream, before.streams)),
        topics: after.topics.filter((topic) => isNew(topic, before.topics)),
      });
      this.#config = after;
      // A stop that has begun meanwhile knows of none of what follows.
      if (state.phase === 'stopping') return;
      this.#producers.push(...fresh);
      for (const producer of fresh) producer.start();
      watch.follow(after);
    } catch (thrown) {
      const error = read?.inFile?.(thrown) ?? thrown;
      if (error instanceof ConfigError) narrator.refused(error.problems);
      else narrator.crash(error, 'the configuration could not be read again; the old one stays');
    }
  }

  /** Callers sign for the region that the daemon was started in. */
  #openApi({ api }: DaemonConfig): Promise<SecuritySettings> {
    const { catalog, config } = this.#parts;
    return openApi(catalog, { api, aws: config.aws }, process.env);
  }

  #secure(security: SecuritySettings): void {
    const { server, narrator } = this.#parts;
    if (isSameSecurity(security, this.#security)) return;
    server.secure(security);
    this.#security = security;
    narrator.secured();
  }

  async run(): Promise<ExitCode> {
    const { assembly, server, requests } = this.#parts;
    try {
      await this.#start();
      return await this.#stop(await requests.first);
    } finally {
      for (const producer of this.#producers) producer.stop();
      await assembly.engine.stop({ timeoutMs: 0 });
      await server.close();
      await assembly.close();
    }
  }

  async #start(): Promise<void> {
    const { catalog, config, narrator, assembly, server, state, reloads, readAgain } = this.#parts;
    const url = await server.listen(config.listen);
    narrator.listening(catalog.version, url);
    this.#warn();
    await assembly.engine.start();
    assembly.control.resume();
    state.phase = 'running';
    this.#tryNext(url);
    for (const producer of this.#producers) producer.start();
    if (readAgain !== undefined) reloads.begin(() => this.#reload(readAgain));
  }

  /** Into what is fed already; else into what there is. */
  #tryNext(url: string): void {
    const { config, narrator } = this.#parts;
    const parts = [
      ...config.queues.map(({ name, produce }) => ({ kind: 'queue' as const, name, produce, body: undefined })),
      ...config.streams.map(({ name, produce }) => ({ kind: 'stream' as const, name, produce, body: produce?.bodies[0] })),
      ...config.topics.map(({ name, produce }) => ({ kind: 'topic' as const, name, produce, body: produce?.bodies[0] })),
    ];
    const fed = parts.find(({ produce }) => produce !== undefined) ?? parts.at(-1);
    if (fed !== undefined) narrator.tryNext(fed, url);
  }

  #warn(): void {
    const { config, narrator } = this.#parts;
    if (!isLoopback(config.listen.host) && config.api.tls === undefined) {
      const message = 'others may call, and tokens and bodies come in clear; give api.tls, or put what speaks TLS in front';
      narrator.say({ level: 'warn', fields: { host: config.listen.host }, message, plain: message });
    }
    if (config.mappings.length === 0) {
      const message = 'the configuration has no mappings; those that come over the API will be read';
      narrator.say({ level: 'info', fields: {}, message, plain: message });
    }
    if (
      config.store.type === 'memory' &&
      config.mappings.some(({ source, discipline }) => discipline !== 'topic' && !source.kind.startsWith('embedded-'))
    ) {
      const message = 'the store is in memory: no lock keeps a second process from running the same mappings';
      narrator.say({ level: 'warn', fields: { store: 'memory' }, message, plain: message });
    }
  }

  async #stop(cause: StopCause): Promise<ExitCode> {
    this.#parts.reloads.end();
    this.#parts.watch.end();
    const { catalog, narrator, assembly, config, requests, state } = this.#parts;
    const { engine } = assembly;
    state.phase = 'stopping';
    assembly.control.stop();
    for (const producer of this.#producers) producer.stop();
    let exit: ExitCode = EXIT.clean;
    const end = (why: StopCause): Promise<void> => {
      if (why.kind === 'crash') {
        narrator.crash(why.error, 'an error was not caught; ending at once');
        exit = EXIT.failed;
      } else {
        narrator.ending(this.#inFlight);
        exit = EXIT.ended;
      }
      return engine.stop({ timeoutMs: 0 });
    };
    if (cause.kind === 'crash') await end(cause);
    else {
      narrator.stopping(cause.signal, this.#inFlight, config.stopTimeoutSeconds);
      const drained = engine.stop();
      // A stop waits for open long polls, because on SQS they could swallow a message; in this process they cannot.
      const endReceives = (): void => {
        for (const queue of assembly.embedded.queues.values()) queue.endReceives();
      };
      endReceives();
      // Once more for those that were just about to wait.
      void catalog.clock.turn().then(endReceives);
      await Promise.race([drained, requests.second.then(end)]);
    }
    narrator.stopped(this.#inFlight, await this.#leftInQueues());
    return exit;
  }

  get #inFlight(): number {
    return this.#parts.assembly.engine.mappings.reduce((sum, mapping) => sum + mapping.inFlight, 0);
  }

  async #leftInQueues(): Promise<Record<string, number>> {
    const left: Record<string, number> = {};
    for (const [name, queue] of this.#parts.assembly.embedded.queues) {
      const { visible, notVisible, delayed } = await queue.depth();
      left[name] = visible + notVisible + delayed;
    }
    return left;
  }
}
