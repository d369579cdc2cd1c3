/** A function behind HTTP that outlives the processes that invoke it, and so knows what was handled by all of them together. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SelfManagedKafkaEvent } from 'aws-lambda';

/** How long one invocation takes, ms. */
const WORK_MS = { least: 20, most: 120 } as const;

/** One invocation. A record is `KEY NUMBER`, and the numbers of a key begin at 0. */
interface Invocation {
  /** The process that asked for it. */
  readonly life: string;
  readonly records: readonly string[];
  readonly begunAt: number;
  /** `Infinity` while it runs. */
  endedAt: number;
}

/** A record that came again, and why that may be. */
export interface Repetition {
  readonly record: string;
  /** The process that had it before. */
  readonly life: string;
  /** When its work ended there, monotonic ms. */
  readonly endedAt: number;
}

export class TopicTarget {
  readonly handled = new Set<string>();
  /** What must not happen, in words. */
  readonly faults: string[] = [];
  readonly repetitions: Repetition[] = [];
  readonly #server: Server;
  readonly #random: () => number;
  readonly #invocations: Invocation[] = [];
  /** The last invocation of each record. */
  readonly #latest = new Map<string, Invocation>();
  readonly #busyKeys = new Map<string, string>();
  /** The highest number of each key that was handled. */
  readonly #reached = new Map<string, number>();

  private constructor(server: Server, random: () => number) {
    this.#server = server;
    this.#random = random;
    server.on('request', (request, response) => {
      void this.#invoke(request).then(
        () => response.writeHead(200, { 'content-type': 'application/json' }).end('null'),
        // The invoker died while it sent the event: nothing was begun.
        () => response.destroy(),
      );
    });
  }

  static async start(random: () => number): Promise<TopicTarget> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TopicTarget(server, random);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/`;
  }

  get invocations(): number {
    return this.#invocations.length;
  }

  /** Invocations that run now, of all processes or of one. */
  running(life?: string): number {
    return this.#invocations.filter((each) => each.endedAt === Infinity && (life === undefined || each.life === life)).length;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
    this.#server.closeAllConnections();
    await closed;
  }

  async #invoke(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const event = JSON.parse(Buffer.concat(chunks).toString()) as SelfManagedKafkaEvent;
    const records = Object.values(event.records).flatMap((list) => list.map(({ value }) => Buffer.from(value, 'base64').toString()));
    const life = String(request.headers['x-life']);
    const invocation: Invocation = { life, records, begunAt: performance.now(), endedAt: Infinity };
    this.#invocations.push(invocation);
    const keys = new Set(records.map(keyOf));
    for (const key of keys) this.#enter(key, life);
    this.#begin(invocation);
    await sleep(WORK_MS.least + this.#random() * (WORK_MS.most - WORK_MS.least));
    for (const record of records) {
      this.handled.add(record);
      this.#reached.set(keyOf(record), Math.max(this.#reached.get(keyOf(record)) ?? -1, numberOf(record)));
    }
    for (const key of keys) this.#busyKeys.delete(key);
    invocation.endedAt = performance.now();
  }

  #enter(key: string, life: string): void {
    const other = this.#busyKeys.get(key);
    if (other !== undefined) this.faults.push(`${key} is with ${other} and with ${life} at once`);
    this.#busyKeys.set(key, life);
  }

  #begin(invocation: Invocation): void {
    const expected = new Map<string, number>();
    for (const record of invocation.records) {
      const [key, number] = [keyOf(record), numberOf(record)];
      const reached = expected.get(key) ?? this.#reached.get(key) ?? -1;
      if (number > reached + 1) this.faults.push(`${record} came when the last before it was ${String(reached)}`);
      expected.set(key, number);
      const before = this.#latest.get(record);
      if (before !== undefined) this.repetitions.push({ record, life: before.life, endedAt: before.endedAt });
      this.#latest.set(record, invocation);
    }
  }
}

function keyOf(record: string): string {
  return record.slice(0, record.indexOf(' '));
}

function numberOf(record: string): number {
  return Number(record.slice(record.indexOf(' ') + 1));
}
