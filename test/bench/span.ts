import { readFileSync } from 'node:fs';

/** What passed between two instants. */
export interface Passed {
  readonly [name: string]: number;
  readonly seconds: number;
  /** Of this process. */
  readonly cpuMicros: number;
  /** Cores that other processes had taken on the average; 0 where the system does not tell. */
  readonly othersCores: number;
}

/** Ticks of /proc in a second, on every Linux that Node runs on. */
const TICKS = 100;

/** A stretch of time: how long it was, what this process used of it, and what those used who have no part in it. */
export class Span {
  readonly since = performance.now();
  readonly #partners: readonly number[];
  readonly #cpu = process.cpuUsage();
  readonly #others: number;
  /** What passed while paused. */
  readonly #left = { ms: 0, cpu: 0 };
  #paused = { at: 0, cpu: 0 };

  /** `partners`: ids of processes that work for the measurement, such as the broker. */
  constructor(partners: readonly number[] = []) {
    this.#partners = partners;
    this.#others = this.#othersTicks();
  }

  /** What happens from here on does not count. */
  pause(): void {
    const { user, system } = process.cpuUsage();
    this.#paused = { at: performance.now(), cpu: user + system };
  }

  /** What happens from here on counts again. */
  resume(): void {
    const { user, system } = process.cpuUsage();
    this.#left.ms += performance.now() - this.#paused.at;
    this.#left.cpu += user + system - this.#paused.cpu;
  }

  end(): Passed {
    const seconds = (performance.now() - this.since) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    const others = (this.#othersTicks() - this.#others) / TICKS / seconds;
    const { ms, cpu } = this.#left;
    return { seconds: seconds - ms / 1000, cpuMicros: user + system - cpu, othersCores: Math.max(0, others) };
  }

  #othersTicks(): number {
    try {
      // user, nice, system; idle and waiting; interrupts, which belong to everybody; stolen by other guests of the machine.
      const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.trim().split(/\s+/).map(Number) ?? [];
      const [, user = 0, nice = 0, system = 0, , , , , stolen = 0] = fields;
      return user + nice + system + stolen - [process.pid, ...this.#partners].reduce((sum, pid) => sum + ticksOf(pid), 0);
    } catch {
      return 0;
    }
  }
}

/** User and system time of a process. */
function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The second field is a name in brackets that may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
