import type { Result } from '../simulate.ts';
import { drawStreamPlan } from './draw.ts';
import type { MappingJudge } from './judge/index.ts';
import type { StreamAction, StreamPlan } from './plan.ts';
import { type StreamEngine, StreamSimulation } from './world.ts';

/** How long after the faults everything must be settled, ms of virtual time. */
const DRAIN_MS = 3_600_000;
/** Between looks at what is left, ms. */
const LOOK_MS = 500;
/** Between looks of the watchdog, ms. */
const WATCHDOG_MS = 10_000;
/** Timers that may fire in one virtual millisecond before it counts as spinning. */
const SPIN_STEPS = 20_000;
/** How long a killed process is gone when nobody planned it, ms. */
const DOWN_MS = 1000;
const FINAL_STOP_MS = 20_000;
/** What a stop may take beyond its deadline, ms: the grace for calls under way, and slow replies. */
const STOP_SLACK_MS = 20_000;

/** Runs the world of streams of one seed. `write` receives each line of its trace. */
export async function simulateStreams(seed: number, write?: (line: string) => void): Promise<Result> {
  return runStreamPlan(drawStreamPlan(seed), write);
}

/** Runs one world as planned. */
async function runStreamPlan(plan: StreamPlan, write?: (line: string) => void): Promise<Result> {
  const run = new Run(plan, write);
  await run.toEnd();
  const { court, judges, trace, clock } = run.world;
  return {
    seed: plan.seed,
    verdict: court.verdict,
    hash: trace.hash,
    messages: judges.reduce((sum, { records }) => sum + records.byText.size, 0),
    steps: run.steps,
    lasted: clock.monotonic(),
  };
}

/** Moves a world from its first instant to its last. */
class Run {
  readonly world: StreamSimulation;
  readonly #plan: StreamPlan;
  #current: StreamEngine | undefined;
  /** Changes of the engine that are under way. */
  #busy = 0;
  #isClosing = false;
  steps = 0;

  constructor(plan: StreamPlan, write?: (line: string) => void) {
    this.#plan = plan;
    this.world = new StreamSimulation(plan, write);
  }

  async toEnd(): Promise<void> {
    const { clock } = this.world;
    const { traffic, actions, startsAt, faultsEndAt, wallJumps } = this.#plan;
    await this.world.open();
    for (const send of traffic) {
      clock.timer(send.at, () => {
        this.world.send(send);
      });
    }
    for (const { at, byMs } of wallJumps) {
      clock.timer(at, () => {
        this.world.jump(byMs);
      });
    }
    for (const action of actions) clock.timer(action.at, () => void this.#act(action));
    clock.timer(startsAt, () => {
      this.#begin();
    });
    const lastAt = Math.max(faultsEndAt, ...traffic.map(({ at }) => at));
    const isEmpty = this.#everySoOften(() => this.world.unfinished.length === 0);
    const isDrained = (): boolean => clock.monotonic() > lastAt && this.#busy === 0 && isEmpty();
    if (!(await this.#stepUntil(isDrained, lastAt + DRAIN_MS))) {
      this.#stuck('not everything is done long after the last fault');
      return;
    }
    await this.#close();
  }

  /** Steps until the condition holds; false when a rule is broken, time is up or nothing moves any more. */
  async #stepUntil(isDone: () => boolean, until: number): Promise<boolean> {
    const { clock, court } = this.world;
    let at = -1;
    let spinning = 0;
    while (!isDone()) {
      this.#askWatchdog();
      if (court.verdict !== undefined || clock.monotonic() > until) return false;
      if (!(await clock.step())) return isDone();
      this.steps += 1;
      spinning = clock.monotonic() === at ? spinning + 1 : 0;
      at = clock.monotonic();
      if (spinning <= SPIN_STEPS) continue;
      this.#stuck('the engine spins: time does not pass');
      return false;
    }
    return court.verdict === undefined;
  }

  /** The engine's own watchdog is silent while all is well. */
  #askWatchdog(): void {
    const { clock } = this.world;
    if (clock.monotonic() < this.#watchdogAt) return;
    this.#watchdogAt = clock.monotonic() + WATCHDOG_MS;
    const current = this.#current;
    if (current === undefined || current.life.isDead) return;
    const found = current.engine.look().find(({ severity }) => severity === 'stuck');
    if (found !== undefined) this.#stuck(`the watchdog finds ${found.kind}: ${found.mapping ?? 'process'} ${found.part} ${found.text}`);
  }

  #watchdogAt = 0;

  /** Looks that cost too much for every step. */
  #everySoOften(look: () => boolean): () => boolean {
    const { clock } = this.world;
    let lookAt = 0;
    return () => {
      if (clock.monotonic() < lookAt) return false;
      lookAt = clock.monotonic() + LOOK_MS;
      return look();
    };
  }

  #begin(): void {
    if (this.#isClosing || this.#current !== undefined) return;
    this.#current = this.world.start((dead) => {
      if (this.#current !== dead) return;
      this.#current = undefined;
      if (!this.#isClosing)
        this.world.clock.timer(DOWN_MS, () => {
          if (this.#busy === 0) this.#begin();
        });
    });
  }

  #later(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.world.clock.timer(ms, resolve);
    });
  }

  async #act(action: StreamAction): Promise<void> {
    const current = this.#current;
    switch (action.kind) {
      case 'crash':
      case 'stop':
      case 'freeze':
        if (current === undefined || this.#busy > 0) return;
        this.#busy += 1;
        if (action.kind === 'crash') await this.#crash(current, action);
        else if (action.kind === 'stop') await this.#stop(current, action.timeoutMs, action.downMs);
        else await this.#freeze(current, action.forMs);
        this.#busy -= 1;
        this.#begin();
        return;
      default:
        await this.world.change(action);
    }
  }

  /** An idle process may not burn its fuse, so it is killed after a while in any case. */
  async #crash({ life }: StreamEngine, { afterTouches, downMs }: { afterTouches: number; downMs: number }): Promise<void> {
    life.lightFuse(afterTouches);
    for (let waited = 0; waited < 5 && !life.isDead; waited += 1) await this.#later(1000);
    life.end();
    await this.#later(downMs);
  }

  /** Resolves when the engine has stopped or was killed on the way. */
  async #stop({ life, engine }: StreamEngine, timeoutMs: number, downMs: number): Promise<void> {
    const { trace, court, clock } = this.world;
    const startedAt = clock.monotonic();
    trace.note('engine', `life ${String(life.number)} stops with ${String(timeoutMs)} ms to drain`);
    const progress = { hasStopped: false };
    void engine.stop({ timeoutMs }).then(() => {
      progress.hasStopped = true;
    });
    while (!progress.hasStopped && !life.isDead) {
      await this.#later(100);
      if (clock.monotonic() <= startedAt + timeoutMs + STOP_SLACK_MS) continue;
      court.fail('R13', `a stop with ${String(timeoutMs)} ms to drain has not ended`);
      break;
    }
    life.end();
    await this.#later(downMs);
  }

  /** Another engine waits for the lease while the first one stands still, and the first wakes up when it is too late. */
  async #freeze(frozen: StreamEngine, forMs: number): Promise<void> {
    const { trace, judges } = this.world;
    const name = `life ${String(frozen.life.number)}`;
    trace.note('engine', `${name} is held`);
    for (const judge of judges) judge.crashed(frozen.life);
    frozen.freezer.freeze();
    this.#current = undefined;
    this.#begin();
    await this.#later(forMs);
    trace.note('engine', `${name} goes on`);
    frozen.freezer.thaw();
    await this.#later(20_000);
    frozen.life.end();
  }

  /** Idle, stop, and the last account. */
  async #close(): Promise<void> {
    const { court, judges, clock } = this.world;
    const progress = { isIdle: false, isOver: false };
    if (this.#current === undefined) this.#begin();
    const current = this.#current;
    if (current === undefined) return;
    // A shard that stands still is not idle, and says so.
    const saysSo = ({ bench, standing }: MappingJudge): boolean => {
      const waits = current.engine.mappings.find(({ name }) => name === bench.mapping.name)?.waits() ?? [];
      return standing.every((shardId) => waits.some(({ part, reason }) => part === shardId && reason.kind === 'trimmed'));
    };
    const isTold = this.#everySoOften(() => this.world.unfinished.length === 0 && judges.every(saysSo));
    const areClosed = this.#everySoOften(() => judges.every(({ openWindows }) => openWindows.length === 0));
    const isHeld = (): boolean => judges.every((judge) => judge.isHeldBy(current.life));
    if (!(await this.#stepUntil(() => isHeld() && isTold(), clock.monotonic() + 600_000))) {
      this.#stuck('what stands still does not say so');
      return;
    }
    if (!(await this.#stepUntil(() => areClosed(), clock.monotonic() + 600_000))) {
      this.#stuck(`windows stay open: ${judges.flatMap(({ openWindows }) => openWindows).join(' ')}`);
      return;
    }
    void current.engine.idle().then(() => {
      progress.isIdle = true;
    });
    const isOver = (): boolean => progress.isIdle || judges.some(({ standing }) => standing.length > 0);
    if (!(await this.#stepUntil(isOver, clock.monotonic() + 600_000))) {
      this.#stuck('idle() does not resolve although everything is done');
      return;
    }
    this.#isClosing = true;
    void this.#stop(current, FINAL_STOP_MS, 0).then(() => {
      progress.isOver = true;
    });
    await this.#stepUntil(() => progress.isOver, clock.monotonic() + 600_000);
    if (court.verdict === undefined && this.world.unfinished.length > 0) this.#stuck('records are left at the end');
    for (const judge of judges) judge.close();
  }

  #stuck(text: string): void {
    const { court } = this.world;
    if (court.verdict !== undefined) return;
    const { unfinished } = this.world;
    const rule = unfinished.map(({ judge, record }) => judge.ruleOf(record)).find((one) => one === 'R4') ?? 'R11';
    const left = unfinished.slice(0, 10).map(({ judge, record }) => `${record.text} of ${judge.bench.mapping.name} ${record.shardId}`);
    const why = this.#current?.engine.explain() ?? ['no engine runs'];
    court.fail(rule, `${text} (left: ${left.join(', ')})${why.map((line) => `\n    ${line}`).join('')}`);
  }
}
