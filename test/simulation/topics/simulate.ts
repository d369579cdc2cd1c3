import type { Result } from '../simulate.ts';
import { drawTopicPlan } from './draw.ts';
import type { TopicAction, TopicPlan } from './plan.ts';
import { type TopicEngine, TopicSimulation } from './world.ts';

/** How long after the faults everything must be settled, ms of virtual time. */
const DRAIN_MS = 3_600_000;
/** Between looks at what is left, ms. */
const LOOK_MS = 500;
/** Timers that may fire in one virtual millisecond before it counts as spinning. */
const SPIN_STEPS = 20_000;
/** How long a killed process is gone when nobody planned it, ms. */
const DOWN_MS = 1000;
const FINAL_STOP_MS = 20_000;
/** What a stop may take beyond its deadline, ms. */
const STOP_SLACK_MS = 20_000;

/** Runs the world of topics of one seed. `write` receives each line of its trace. */
export async function simulateTopics(seed: number, write?: (line: string) => void): Promise<Result> {
  const run = new Run(drawTopicPlan(seed), write);
  await run.toEnd();
  const { court, judge, trace, clock } = run.world;
  return {
    seed,
    verdict: court.verdict,
    hash: trace.hash,
    messages: judge.records.byText.size,
    steps: run.steps,
    lasted: clock.monotonic(),
    allowed: {
      'invocations abandoned at a deadline': judge.tally.abandoned,
      'keys in two processes at once because of that': judge.tally.overlaps,
      'records handled again by another owner': judge.tally.repeats,
    },
  };
}

/** Moves a world from its first instant to its last. */
class Run {
  readonly world: TopicSimulation;
  readonly #plan: TopicPlan;
  /** What each process runs now. */
  readonly #current: (TopicEngine | undefined)[];
  /** Changes of each process that are under way. */
  readonly #busy: number[];
  #isClosing = false;
  steps = 0;

  constructor(plan: TopicPlan, write?: (line: string) => void) {
    this.#plan = plan;
    this.world = new TopicSimulation(plan, write);
    this.#current = plan.processes.map(() => undefined);
    this.#busy = plan.processes.map(() => 0);
  }

  async toEnd(): Promise<void> {
    const { clock } = this.world;
    const { traffic, actions, faultsEndAt, processes } = this.#plan;
    for (const send of traffic) {
      clock.timer(send.at, () => {
        this.world.send(send);
      });
    }
    for (const action of actions) clock.timer(action.at, () => void this.#act(action));
    processes.forEach((startsAt, process) => {
      clock.timer(startsAt, () => {
        this.#begin(process);
      });
    });
    const lastAt = Math.max(faultsEndAt, ...traffic.map(({ at }) => at));
    const isEmpty = this.#everySoOften(() => this.world.unfinished.length === 0);
    const isDrained = (): boolean => clock.monotonic() > lastAt && this.#busy.every((count) => count === 0) && isEmpty();
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
      if (court.verdict !== undefined || clock.monotonic() > until) return false;
      if (!(await clock.step())) return isDone();
      this.steps += 1;
      spinning = clock.monotonic() === at ? spinning + 1 : 0;
      at = clock.monotonic();
      if (spinning <= SPIN_STEPS) continue;
      this.#stuck('an engine spins: time does not pass');
      return false;
    }
    return court.verdict === undefined;
  }

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

  #begin(process: number): void {
    if (this.#isClosing || this.#current[process] !== undefined) return;
    this.#current[process] = this.world.start(process, (dead) => {
      if (this.#current[process] !== dead) return;
      this.#current[process] = undefined;
      if (this.#isClosing) return;
      this.world.clock.timer(DOWN_MS, () => {
        if (this.#busy[process] === 0) this.#begin(process);
      });
    });
  }

  #later(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.world.clock.timer(ms, resolve);
    });
  }

  async #act(action: TopicAction): Promise<void> {
    if ('pick' in action) {
      this.world.change(action);
      return;
    }
    const { process } = action;
    const current = this.#current[process];
    if (current === undefined || (this.#busy[process] ?? 0) > 0) return;
    if ('afterTouches' in action && !('downMs' in action)) {
      this.#disturb(current, action.kind, action.afterTouches);
      return;
    }
    this.#busy[process] = 1;
    if (action.kind === 'crash') await this.#crash(current, action);
    else if (action.kind === 'stop') await this.#stop(current, action.timeoutMs, action.downMs);
    else await this.#freeze(current, action.forMs);
    this.#busy[process] = 0;
    this.#begin(process);
  }

  /** After some more of its calls and replies the group makes its members join again, or puts this one out. */
  #disturb({ life, source }: TopicEngine, kind: 'rebalance' | 'expire', afterTouches: number): void {
    const { judge, topic, trace } = this.world;
    life.after(afterTouches, () => {
      if (kind === 'expire') {
        trace.note('world', `p${String(life.number)} is put out of the group`);
        judge.suspend(life);
        source.member?.expire({ isTold: afterTouches % 3 === 0 });
      } else {
        trace.note('world', 'the group rebalances');
        topic.rebalance();
      }
    });
  }

  /** An idle process may not burn its fuse, so it is killed after a while in any case. */
  async #crash({ life }: TopicEngine, { afterTouches, downMs }: { afterTouches: number; downMs: number }): Promise<void> {
    life.lightFuse(afterTouches);
    for (let waited = 0; waited < 5 && !life.isDead; waited += 1) await this.#later(1000);
    life.end();
    await this.#later(downMs);
  }

  /** Resolves when the engine has stopped or was killed on the way. */
  async #stop({ life, engine }: TopicEngine, timeoutMs: number, downMs: number): Promise<void> {
    const { trace, court, clock } = this.world;
    const startedAt = clock.monotonic();
    trace.note('world', `p${String(life.number)} stops with ${String(timeoutMs)} ms to drain`);
    this.world.judge.stopping(life);
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

  /** The others take over while it stands still, when that lasts longer than its session, and then it goes on. */
  async #freeze(frozen: TopicEngine, forMs: number): Promise<void> {
    const { trace, judge } = this.world;
    const name = `p${String(frozen.life.number)}`;
    trace.note('world', `${name} is held`);
    judge.suspend(frozen.life);
    frozen.freezer.freeze();
    await this.#later(forMs);
    trace.note('world', `${name} goes on`);
    frozen.freezer.thaw();
    await this.#later(20_000);
    frozen.life.end();
  }

  /** Idle, stop, and the last account. */
  async #close(): Promise<void> {
    const { court, judge, clock } = this.world;
    this.#plan.processes.forEach((_, process) => {
      this.#begin(process);
    });
    const running = (): TopicEngine[] => this.#current.filter((current) => current !== undefined);
    const standing = (): readonly string[] => running().flatMap(({ life }) => judge.standingOf(life));
    const progress = { idle: 0, stopped: 0 };
    const engines = running();
    for (const { engine } of engines) {
      void engine.idle().then(() => {
        progress.idle += 1;
      });
    }
    const areIdle = (): boolean => progress.idle === engines.length || standing().length > 0;
    if (!(await this.#stepUntil(areIdle, clock.monotonic() + 600_000))) {
      this.#stuck('idle() does not resolve although everything is done');
      return;
    }
    this.#isClosing = true;
    for (const current of running()) {
      void this.#stop(current, FINAL_STOP_MS, 0).then(() => {
        progress.stopped += 1;
      });
    }
    const { length } = engines;
    await this.#stepUntil(() => progress.stopped === length, clock.monotonic() + 600_000);
    // Those who died keep their seats until their sessions are over.
    const sessionsEndAt = clock.monotonic() + 2 * this.#plan.topic.sessionTimeoutMs;
    await this.#stepUntil(() => clock.monotonic() >= sessionsEndAt, sessionsEndAt);
    if (court.verdict !== undefined) return;
    if (this.world.unfinished.length > 0) this.#stuck('records are left at the end');
    if (this.world.members > 0) court.fail('R13', `${String(this.world.members)} members are in the group after all have stopped`);
  }

  #stuck(text: string): void {
    const { court, unfinished, judge } = this.world;
    if (court.verdict !== undefined) return;
    const rule = unfinished.map((record) => judge.ruleOf(record)).find((one) => one === 'R4') ?? 'R11';
    const left = unfinished.slice(0, 10).map((record) => `${record.text} of ${record.shardId} at ${record.sequenceNumber}`);
    const why = this.#current.flatMap((current) =>
      current === undefined ? [] : [`p${String(current.life.number)}`, ...current.engine.explain()],
    );
    court.fail(rule, `${text} (left: ${left.join(', ')})${why.map((line) => `\n    ${line}`).join('')}`);
  }
}
