import { drawPlan } from './draw.ts';
import type { Verdict } from './judge/index.ts';
import type { Life } from './life.ts';
import type { Action, Plan } from './plan.ts';
import { type Incarnation, World } from './world.ts';

/** How long after the faults everything must be settled, ms of virtual time. */
const DRAIN_MS = 4 * 3_600_000;
/** Timers that may fire in one virtual millisecond before it counts as spinning. */
const SPIN_STEPS = 20_000;
/** How often the waits of the engine are looked at, in steps. */
const LOOK_EVERY = 64;
/** By how much a wait may be overdue, ms: longer than any reply takes. */
const OVERDUE_MS = 60_000;
const FINAL_STOP_MS = 5000;

/** How one world came out. */
export interface Result {
  readonly seed: number;
  readonly verdict: Verdict | undefined;
  /** The same for the same seed, always. */
  readonly hash: string;
  readonly messages: number;
  readonly steps: number;
  /** Virtual ms. */
  readonly lasted: number;
  /** What is allowed, and counted. */
  readonly allowed?: Readonly<Record<string, number>>;
}

/** Runs the world of one seed. `write` receives each line of its trace. */
export async function simulate(seed: number, write?: (line: string) => void): Promise<Result> {
  const plan = drawPlan(seed);
  const result = await runPlan(plan, write);
  if (result.verdict !== undefined || plan.wallJumps.length === 0) return result;
  const still = await runPlan({ ...plan, wallJumps: [] });
  if (still.hash === result.hash) return result;
  const text = `the wall clock's steps changed what happened: trace ${result.hash}, without them ${still.hash}`;
  return { ...result, verdict: { rule: 'R14', text, at: result.lasted } };
}

/** Runs one world as planned. */
export async function runPlan(plan: Plan, write?: (line: string) => void): Promise<Result> {
  const run = new Run(plan, write);
  await run.toEnd();
  const { world, steps } = run;
  return {
    seed: plan.seed,
    verdict: world.verdict,
    hash: world.trace.hash,
    messages: world.judge.messages.size,
    steps,
    lasted: world.clock.monotonic(),
  };
}

/** Moves a world from its first instant to its last. */
class Run {
  readonly world: World;
  readonly #plan: Plan;
  #current: Incarnation | undefined;
  /** Changes of the engine that are under way. */
  #busy = 0;
  steps = 0;
  #spinning = 0;
  #spinAt = -1;

  constructor(plan: Plan, write?: (line: string) => void) {
    this.#plan = plan;
    this.world = new World(plan, write);
  }

  async toEnd(): Promise<void> {
    const { clock } = this.world;
    for (const send of this.#plan.traffic) {
      clock.timer(send.at, () => {
        this.world.send(send);
      });
    }
    for (const { at, byMs } of this.#plan.wallJumps) {
      clock.timer(at, () => {
        clock.stepWall(byMs);
      });
    }
    for (const action of this.#plan.actions) {
      clock.timer(action.at, () => {
        this.#act(action);
      });
    }
    this.#begin();
    const marathon = Math.max(...this.#plan.functions.map(({ behaviour }) => behaviour.hangMs));
    const until = this.#plan.faultsEndAt + DRAIN_MS + marathon;
    if (!(await this.#stepUntil(() => this.#isDrained(), until))) {
      if (this.world.verdict === undefined)
        this.#stuck(`not everything is settled ${String((until - this.#plan.faultsEndAt) / 1000)} s after the last fault`);
      return;
    }
    await this.#close();
  }

  /** Steps until the condition holds; false when a rule is broken, time is up or nothing moves any more. */
  async #stepUntil(isDone: () => boolean, until: number): Promise<boolean> {
    const { clock } = this.world;
    while (!isDone()) {
      if (this.world.verdict !== undefined || clock.monotonic() > until) return false;
      if (!(await clock.step())) return isDone();
      this.steps += 1;
      if (this.steps % LOOK_EVERY === 0) this.#look();
      if (clock.monotonic() !== this.#spinAt) {
        this.#spinAt = clock.monotonic();
        this.#spinning = 0;
      } else if (++this.#spinning > SPIN_STEPS) {
        this.#stuck('the engine spins: time does not pass');
        return false;
      }
    }
    return this.world.verdict === undefined;
  }

  #begin(): void {
    this.#current = this.world.start((dead) => {
      if (this.#current === dead) this.#current = undefined;
    });
  }

  #later(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.world.clock.timer(ms, resolve);
    });
  }

  #act(action: Action): void {
    const incarnation = this.#current;
    if (incarnation === undefined || incarnation.isStopping) return;
    switch (action.kind) {
      case 'crash':
        this.#busy += 1;
        incarnation.life.lightFuse(action.afterTouches);
        void this.#restart(incarnation, action.downMs);
        return;
      case 'disable':
        if (incarnation.paused.has(action.mapping)) return;
        this.#busy += 1;
        void this.#pause(incarnation, action);
        return;
      case 'stop':
        this.#busy += 1;
        void this.#replace(incarnation, action);
    }
  }

  /** An idle process may not burn its fuse, so it is killed after a while in any case. */
  async #restart(incarnation: Incarnation, downMs: number): Promise<void> {
    for (let waited = 0; waited < 30 && !incarnation.life.isDead; waited += 1) await this.#later(1000);
    if (!incarnation.isStopping) incarnation.life.end();
    await this.#later(downMs);
    if (this.#current === undefined) this.#begin();
    this.#busy -= 1;
  }

  async #pause(incarnation: Incarnation, action: Extract<Action, { kind: 'disable' }>): Promise<void> {
    const { judge, trace, mappings } = this.world;
    const { life, engine, paused } = incarnation;
    const facts = mappings.get(action.mapping);
    const mapping = engine.mappings.find(({ name }) => name === action.mapping);
    if (facts === undefined || mapping === undefined) throw new Error(`no mapping ${action.mapping}`);
    const startedAt = this.world.clock.monotonic();
    const { timeoutMs } = action;
    paused.add(action.mapping);
    trace.note(action.mapping, `is disabled with ${String(timeoutMs)} ms to drain`);
    judge.tell('stopping', { life, mapping: facts, timeoutMs });
    void mapping.disable({ timeoutMs }).then(() => {
      if (life.isDead) return;
      trace.note(action.mapping, 'is disabled');
      judge.tell('stopped', { life, mapping: facts, startedAt, timeoutMs });
      paused.delete(action.mapping);
    });
    while (paused.has(action.mapping) && !life.isDead) await this.#later(250);
    await this.#later(action.pauseMs);
    if (!life.isDead && !incarnation.isStopping) {
      trace.note(action.mapping, 'is enabled');
      judge.tell('enabled', { life, mapping: facts });
      void mapping.enable();
    }
    this.#busy -= 1;
  }

  async #replace(incarnation: Incarnation, action: Extract<Action, { kind: 'stop' }>): Promise<void> {
    await this.#stop(incarnation, action.timeoutMs, action.secondMs);
    await this.#later(action.downMs);
    if (this.#current === incarnation) this.#current = undefined;
    if (this.#current === undefined) this.#begin();
    this.#busy -= 1;
  }

  /** Stops an engine; resolves when it has stopped or was killed on the way. */
  async #stop(incarnation: Incarnation, timeoutMs: number, secondMs?: number): Promise<void> {
    const { judge, trace, mappings, clock } = this.world;
    const { life, engine } = incarnation;
    const startedAt = clock.monotonic();
    incarnation.isStopping = true;
    trace.note('engine', `life ${String(life.number)} stops with ${String(timeoutMs)} ms to drain`);
    for (const mapping of mappings.values()) judge.tell('stopping', { life, mapping, timeoutMs });
    let hasStopped = false;
    const deadline = secondMs === undefined ? timeoutMs : Math.min(timeoutMs, secondMs);
    void engine.stop({ timeoutMs }).then(() => {
      if (life.isDead) return;
      hasStopped = true;
      trace.note('engine', `life ${String(life.number)} has stopped`);
      for (const mapping of mappings.values()) judge.tell('stopped', { life, mapping, startedAt, timeoutMs: deadline });
    });
    if (secondMs !== undefined && secondMs < timeoutMs) {
      await this.#later(secondMs);
      if (!life.isDead) void engine.stop({ timeoutMs: 0 });
    }
    // Read through a function: the flag changes while this waits.
    const isOver = (): boolean => hasStopped || life.isDead;
    while (!isOver()) {
      await this.#later(100);
      if (clock.monotonic() > startedAt + deadline + 10_000) {
        judge.fail('R13', `a stop with ${String(deadline)} ms to drain has not ended`);
        return;
      }
    }
    // Two stops may end at the same instant, one timer after the other.
    await this.#later(1);
    if (!life.isDead && life.timers > this.#timersAllowed(life)) judge.fail('R13', `${String(life.timers)} timers are left after the stop`);
    // Whatever a stopped engine left behind is the past of a process that has ended.
    life.end();
  }

  /** A handler that did not stop may have the timer left that gives it up. */
  #timersAllowed({ handlers }: Life): number {
    return this.#plan.mappings.some(({ fields }) => fields.abandonAfterSeconds !== undefined) ? handlers : 0;
  }

  /** Whether faults and changes are over and every queue is empty. */
  #isDrained(): boolean {
    const { clock, mappings } = this.world;
    if (clock.monotonic() < this.#plan.faultsEndAt || this.#busy > 0 || this.#current === undefined) return false;
    for (const name of mappings.keys()) if (this.world.queueOf(name).peek().length > 0) return false;
    return true;
  }

  /** Idle, stop, and the last account. */
  async #close(): Promise<void> {
    const incarnation = this.#current;
    const { clock, judge } = this.world;
    if (incarnation === undefined) return;
    let isIdle = false;
    void incarnation.engine.idle().then(() => {
      isIdle = true;
    });
    const marathon = Math.max(...this.#plan.functions.map(({ behaviour }) => behaviour.hangMs));
    if (!(await this.#stepUntil(() => isIdle, clock.monotonic() + 300_000 + marathon))) {
      if (judge.verdict === undefined) this.#stuck('idle() does not resolve although all queues are empty');
      return;
    }
    let isOver = false;
    void this.#stop(incarnation, FINAL_STOP_MS).then(() => {
      isOver = true;
    });
    await this.#stepUntil(() => isOver, clock.monotonic() + 60_000);
    if (judge.verdict !== undefined) return;
    this.#account();
    judge.tell('moment', { final: true });
  }

  /** R1 at the end: every message was handled and deleted, or stands in a dead-letter queue. */
  #account(): void {
    const { judge, deadLetters } = this.world;
    const dead = new Set([...deadLetters.values()].flatMap((queue) => queue.peek().map(({ messageId }) => messageId)));
    for (const { id, isHandled, isDeleted } of judge.messages.all) {
      if (isDeleted ? !isHandled : !dead.has(id)) judge.fail('R1', `message ${id} is lost: neither handled nor in a dead-letter queue`);
    }
  }

  /** R11: what waits says what for, and what it waits for is not long past. */
  #look(): void {
    const incarnation = this.#current;
    if (incarnation === undefined || incarnation.life.isDead || incarnation.isStopping) return;
    const now = this.world.clock.monotonic();
    for (const mapping of incarnation.engine.mappings) {
      const waits = mapping.waits();
      if (waits.length === 0) this.#stuck(`${mapping.name} waits and does not say what for`);
      for (const { part, reason } of waits) {
        const due = 'until' in reason ? reason.until : 'at' in reason ? reason.at : 'retryAt' in reason ? reason.retryAt : now;
        // A mapping's problem stands until a receive works again; its slots say whether the source is still looked at.
        if (part === 'mapping' && reason.kind === 'source') continue;
        if (now - due > OVERDUE_MS) this.#stuck(`${mapping.name} ${part} waits for an instant that is ${String(now - due)} ms past`);
      }
    }
    this.#askWatchdog(incarnation);
  }

  /** The engine's own watchdog is silent while all is well, and must not be later than the judge when it is not. */
  #askWatchdog({ engine }: Incarnation): void {
    const found = engine.look().find(({ severity }) => severity === 'stuck');
    if (found !== undefined) this.#stuck(`the watchdog finds ${found.kind}: ${found.mapping ?? 'process'} ${found.part} ${found.text}`);
  }

  #stuck(text: string): void {
    const why = this.#current?.engine.explain() ?? [];
    const left = [...this.world.mappings.keys()].map((name) => `${name} holds ${String(this.world.queueOf(name).peek().length)}`);
    this.world.judge.fail('R11', `${text} (${left.join(', ')})${why.map((line) => `\n    ${line}`).join('')}`);
  }
}
