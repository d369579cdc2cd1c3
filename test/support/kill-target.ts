/** A function behind HTTP that outlives the daemon which invokes it, and so knows what was handled across all of its lives. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SQSEvent, SQSRecord } from 'aws-lambda';

/** How long one invocation takes, ms. */
const WORK_MS = { least: 20, most: 120 } as const;

/** The group of a record; standard queues have none. */
const groupOf = ({ attributes }: SQSRecord): string | undefined => attributes.MessageGroupId;

export class KillTarget {
  /** How often each body was invoked. */
  readonly invoked = new Map<string, number>();
  /** Bodies whose work was done, whether or not anybody was left to hear of it. */
  readonly handled = new Set<string>();
  /** What must not happen on a FIFO queue, in words. */
  readonly faults: string[] = [];
  invocations = 0;
  readonly #server: Server;
  readonly #random: () => number;
  readonly #busyGroups = new Map<string, number>();
  /** The highest body of each group that was handled. */
  readonly #reached = new Map<string, number>();
  #open = 0;

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

  static async start(random: () => number): Promise<KillTarget> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new KillTarget(server, random);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/`;
  }

  /** Messages that are worked on now. */
  get open(): number {
    return this.#open;
  }

  /** Invocations of a message beyond its first, over all messages. */
  get repeats(): number {
    return [...this.invoked.values()].reduce((sum, count) => sum + count - 1, 0);
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
    const { Records } = JSON.parse(Buffer.concat(chunks).toString()) as SQSEvent;
    this.invocations += 1;
    this.#open += Records.length;
    for (const { body } of Records) this.invoked.set(body, (this.invoked.get(body) ?? 0) + 1);
    const groups = new Set(Records.flatMap((record) => groupOf(record) ?? []));
    for (const group of groups) this.#enter(group);
    await sleep(WORK_MS.least + this.#random() * (WORK_MS.most - WORK_MS.least));
    for (const record of Records) this.#handle(record);
    for (const group of groups) this.#busyGroups.set(group, (this.#busyGroups.get(group) ?? 0) - 1);
    this.#open -= Records.length;
  }

  #enter(group: string): void {
    const busy = (this.#busyGroups.get(group) ?? 0) + 1;
    this.#busyGroups.set(group, busy);
    if (busy > 1) this.faults.push(`${group} is in ${String(busy)} invocations at once`);
  }

  #handle(record: SQSRecord): void {
    const { body } = record;
    this.handled.add(body);
    const group = groupOf(record);
    if (group === undefined) return;
    const place = Number(body.split(' ')[1]);
    const reached = this.#reached.get(group) ?? -1;
    // One that comes again is no fault; one that comes before its predecessor is.
    if (place > reached + 1) this.faults.push(`${body} was handled, but the last before it was ${String(reached)}`);
    this.#reached.set(group, Math.max(reached, place));
  }
}
