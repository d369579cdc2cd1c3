/** A function behind HTTP that outlives the daemon which invokes it, and so knows what was handled across all of its lives. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBStreamEvent, KinesisStreamEvent, SQSEvent } from 'aws-lambda';

/** How long one invocation takes, ms. */
const WORK_MS = { least: 20, most: 120 } as const;
/** Names the life of the invoker, where it tells. */
const LIFE = 'x-life';

/** One record of an event: `GROUP NUMBER`, and the group whose order is kept; standard queues keep none. */
export interface KillRecord {
  readonly body: string;
  readonly group: string | undefined;
}

/** The records of an event, whatever its source. */
export type ReadEvent = (event: unknown) => readonly KillRecord[];

const sqsRecords: ReadEvent = (event) =>
  (event as SQSEvent).Records.map(({ body, attributes }) => ({ body, group: attributes.MessageGroupId }));

export const kinesisRecords: ReadEvent = (event) =>
  (event as KinesisStreamEvent).Records.map(({ kinesis: { data, partitionKey } }) => ({
    body: Buffer.from(data, 'base64').toString(),
    group: partitionKey,
  }));

export const dynamodbRecords: ReadEvent = (event) =>
  (event as DynamoDBStreamEvent).Records.map(({ dynamodb }) => ({
    body: dynamodb?.NewImage?.['v']?.S ?? '',
    group: dynamodb?.Keys?.['pk']?.S,
  }));

export class KillTarget {
  /** How often each body was invoked. */
  readonly invoked = new Map<string, number>();
  /** Bodies whose work was done, whether or not anybody was left to hear of it. */
  readonly handled = new Set<string>();
  /** What must not happen where order is kept, in words. */
  readonly faults: string[] = [];
  invocations = 0;
  /** Records of all invocations. */
  begun = 0;
  readonly #server: Server;
  readonly #random: () => number;
  readonly #read: ReadEvent;
  /** When batches were answered, monotonic ms, and how many records each held. */
  readonly #answers: { readonly at: number; readonly records: number }[] = [];
  /** Per life the highest number of each group that was invoked. */
  readonly #lives = new Map<string, Map<string, number>>();
  readonly #busyGroups = new Map<string, number>();
  /** The highest body of each group that was handled. */
  readonly #reached = new Map<string, number>();
  #open = 0;

  private constructor(server: Server, random: () => number, read: ReadEvent) {
    this.#server = server;
    this.#random = random;
    this.#read = read;
    server.on('request', (request, response) => {
      void this.#invoke(request).then(
        () => response.writeHead(200, { 'content-type': 'application/json' }).end('null'),
        // The invoker died while it sent the event: nothing was begun.
        () => response.destroy(),
      );
    });
  }

  static async start(random: () => number, read: ReadEvent = sqsRecords): Promise<KillTarget> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new KillTarget(server, random, read);
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/`;
  }

  /** Records of batches that were answered in the last `ms`. */
  answeredWithin(ms: number): number {
    const since = performance.now() - ms;
    return this.#answers.reduce((sum, { at, records }) => (at >= since ? sum + records : sum), 0);
  }

  /** Records that are worked on now. */
  get open(): number {
    return this.#open;
  }

  /** Invokers that are connected; one that was killed is not once all that it had sent has come. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  /** Invocations of a record beyond its first, over all records. */
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
    const records = this.#read(JSON.parse(Buffer.concat(chunks).toString()));
    this.invocations += 1;
    this.#open += records.length;
    this.begun += records.length;
    for (const { body } of records) this.invoked.set(body, (this.invoked.get(body) ?? 0) + 1);
    const life = request.headers[LIFE];
    if (typeof life === 'string') this.#noteLife(life, records);
    const groups = new Set(records.flatMap(({ group }) => group ?? []));
    for (const group of groups) this.#enter(group);
    await sleep(WORK_MS.least + this.#random() * (WORK_MS.most - WORK_MS.least));
    for (const record of records) this.#handle(record);
    for (const group of groups) this.#busyGroups.set(group, (this.#busyGroups.get(group) ?? 0) - 1);
    this.#open -= records.length;
    this.#answers.push({ at: performance.now(), records: records.length });
  }

  /** Between its start and its end an invoker gives the records of a group in order, each once: here no batch fails. */
  #noteLife(life: string, records: readonly KillRecord[]): void {
    const reached = this.#lives.get(life) ?? new Map<string, number>();
    this.#lives.set(life, reached);
    for (const { body, group } of records) {
      if (group === undefined) continue;
      const last = reached.get(group);
      if (last !== undefined && placeOf(body) !== last + 1) this.faults.push(`${body} came behind ${String(last)} in life ${life}`);
      reached.set(group, placeOf(body));
    }
  }

  #enter(group: string): void {
    const busy = (this.#busyGroups.get(group) ?? 0) + 1;
    this.#busyGroups.set(group, busy);
    if (busy > 1) this.faults.push(`${group} is in ${String(busy)} invocations at once`);
  }

  #handle({ body, group }: KillRecord): void {
    this.handled.add(body);
    if (group === undefined) return;
    const place = placeOf(body);
    const reached = this.#reached.get(group) ?? -1;
    // One that comes again is no fault; one that comes before its predecessor is.
    if (place > reached + 1) this.faults.push(`${body} was handled, but the last before it was ${String(reached)}`);
    this.#reached.set(group, Math.max(reached, place));
  }
}

function placeOf(body: string): number {
  return Number(body.split(' ')[1]);
}
