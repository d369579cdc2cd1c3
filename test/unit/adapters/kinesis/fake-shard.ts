/** One shard behind the calls of the adapter, on a virtual clock: what no emulator can be brought to, iterators that expire and records that go. */
import type { GetShardIteratorCommandInput, _Record as SdkRecord } from '@aws-sdk/client-kinesis';
import { AwsConnection } from '../../../../adapters/shared/aws-connection.ts';
import type { KinesisRecord } from '../../../../adapters/shared/kinesis-event.ts';
import type { KinesisCalls } from '../../../../adapters/source/kinesis/client.ts';
import { kinesisError } from '../../../../adapters/source/kinesis/errors.ts';
import type { ShardPace } from '../../../../adapters/source/kinesis/pace.ts';
import { readShard, type StreamReading } from '../../../../adapters/source/kinesis/reader.ts';
import { type ReadRequest, SeededRandom, type StreamPosition, type StreamStep, VirtualClock } from '../../../../src/index.ts';

export const SHARD = 'shardId-000000000000';
const ARN = 'arn:aws:kinesis:eu-central-1:123456789012:stream/orders';
const EXPIRY_MS = 300_000;

interface Kept {
  readonly number: number;
  readonly arrivedAt: number;
  readonly bytes: number;
}

/** What was asked, and when. */
export interface Asked {
  readonly call: 'GetShardIterator' | 'GetRecords';
  readonly at: number;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What the service answers instead. */
export function refusal(name: string, message = `text of ${name}`, status = 400): Error {
  return Object.assign(new Error(message), { name, $fault: 'client', $metadata: { httpStatusCode: status } });
}

export class FakeShard {
  readonly clock = new VirtualClock();
  readonly asked: Asked[] = [];
  /** Thrown by the next calls, one after another. */
  readonly faults: Partial<Record<Asked['call'], Error[]>> = {};
  /** What listing says; the shard itself stays as it is. */
  listed: readonly string[] = [SHARD];
  describeFault: Error | undefined;
  isClosed = false;
  /** A call takes so long, ms. */
  latencyMs = 0;
  /** How far the service's clock is behind ours, ms. */
  skewMs = 0;
  /** As kinesis-mock: an iterator for an instant after which nothing has come begins at the oldest record. */
  forgetsInstants = false;
  pace: ShardPace | undefined;
  pollMs = 1_000;
  #records: Kept[] = [];
  #last = 0;
  readonly #iterators = new Map<string, { readonly after: number; readonly from: number; readonly madeAt: number }>();
  readonly #connection = new AwsConnection(() => Promise.resolve({ calls: this.#calls(), release: () => undefined }), kinesisError);

  put(count: number, bytes = 10): void {
    for (let index = 0; index < count; index += 1) {
      this.#last += 1;
      this.#records.push({ number: this.#last, arrivedAt: this.clock.wall(), bytes });
    }
  }

  trim(): void {
    this.#records = [];
  }

  expire(): void {
    this.#iterators.clear();
  }

  calls(call: Asked['call']): Asked[] {
    return this.asked.filter((asked) => asked.call === call);
  }

  read(position: StreamPosition, request: Partial<ReadRequest> = {}): AsyncGenerator<StreamStep<KinesisRecord>> {
    const reading: StreamReading = {
      stream: { StreamARN: ARN },
      connection: this.#connection,
      pollMs: this.pollMs,
      clock: this.clock,
      random: new SeededRandom(1),
      paceOf: () => this.pace,
      eventSource: () => Promise.resolve({ arn: ARN, region: 'eu-central-1', roleArn: 'role' }),
      witness: {
        describe: () =>
          this.describeFault === undefined ? Promise.resolve() : Promise.reject(kinesisError(this.describeFault, 'Describe')),
        listShards: () => Promise.resolve(this.listed.map((shardId) => ({ shardId, parents: [], isClosed: false }))),
      },
    };
    return readShard(reading, { shardId: SHARD, position, maxRecords: 100, signal: new AbortController().signal, ...request });
  }

  #calls(): KinesisCalls {
    const never = (): never => {
      throw new Error('not asked by a read');
    };
    return {
      describe: never,
      listShards: never,
      iterator: (input, signal) => this.#serve('GetShardIterator', { ...input }, signal, () => this.#iterator(input)),
      records: (input, signal) =>
        this.#serve('GetRecords', { ...input }, signal, () => this.#page(input.ShardIterator ?? '', input.Limit ?? 0)),
    };
  }

  async #serve<Answer>(
    call: Asked['call'],
    input: Record<string, unknown>,
    signal: AbortSignal,
    answer: () => Answer,
  ): Promise<Answer & { $metadata: object }> {
    this.asked.push({ call, at: this.clock.monotonic(), input });
    if (this.latencyMs > 0) {
      await new Promise<void>((resolve) => {
        const end = (): void => {
          cancel();
          resolve();
        };
        const cancel = this.clock.timer(this.latencyMs, end);
        signal.addEventListener('abort', end, { once: true });
      });
    }
    if (signal.aborted) throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
    const fault = this.faults[call]?.shift();
    if (fault !== undefined) throw fault;
    return { ...answer(), $metadata: {} };
  }

  #iterator({ ShardIteratorType, StartingSequenceNumber, Timestamp }: GetShardIteratorCommandInput): { ShardIterator: string } {
    const after = StartingSequenceNumber === undefined ? 0 : Number(StartingSequenceNumber);
    if (ShardIteratorType === 'AFTER_SEQUENCE_NUMBER' && !this.#records.some(({ number }) => number === after)) {
      throw refusal('ResourceNotFoundException', 'Unable to find record');
    }
    const from = Timestamp?.getTime() ?? 0;
    if (from > this.clock.wall() - this.skewMs) throw refusal('InvalidArgumentException', 'the timestamp is in the future');
    const isForgotten = this.forgetsInstants && this.#records.every(({ arrivedAt }) => arrivedAt < from);
    return { ShardIterator: this.#newIterator(after, isForgotten ? 0 : from) };
  }

  #newIterator(after: number, from: number): string {
    const name = `iterator-${String(this.#iterators.size)}-${String(this.clock.monotonic())}`;
    this.#iterators.set(name, { after, from, madeAt: this.clock.monotonic() });
    return name;
  }

  #page(name: string, limit: number): { Records: SdkRecord[]; NextShardIterator?: string; MillisBehindLatest: number } {
    const place = this.#iterators.get(name);
    if (place === undefined || this.clock.monotonic() - place.madeAt > EXPIRY_MS) throw refusal('ExpiredIteratorException');
    const open = this.#records.filter(({ number, arrivedAt }) => number > place.after && arrivedAt >= place.from);
    const found = open.slice(0, limit);
    const next = open[limit];
    const after = found.at(-1)?.number ?? place.after;
    return {
      Records: found.map(({ number, arrivedAt, bytes }) => ({
        SequenceNumber: String(number),
        PartitionKey: '',
        Data: new Uint8Array(bytes),
        ApproximateArrivalTimestamp: new Date(arrivedAt),
      })),
      ...(this.isClosed && next === undefined ? undefined : { NextShardIterator: this.#newIterator(after, place.from) }),
      MillisBehindLatest: next === undefined ? 0 : Math.max(1, this.clock.wall() - next.arrivedAt),
    };
  }
}
