/**
 * What every FailureDestination promises, as tests. A new adapter calls {@link destinationSuite} with a factory and its features.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, type Discard, type FailureDestination, SourceError, type SourceErrorKind } from '../../src/index.ts';

/** A destination of its own for one case, empty at first. */
export interface DestinationUnderTest {
  readonly destination: FailureDestination;
  /** Waits until so many texts are there and gives all of them, in the order of arrival where there is one. */
  readonly received: (count: number) => Promise<readonly string[]>;
  /** What is there now, without waiting; needed when the feature `readableAtOnce` is declared. */
  readonly now?: () => Promise<readonly string[]>;
  /** The way to the service; needed when the feature `network` is declared. */
  readonly network?: { cut(): Promise<void>; stall(): void; heal(): Promise<void> };
  /** Closes the destination and removes what it needed. */
  readonly cleanup: () => Promise<void>;
}

/** Makes the destinations of the cases. */
export interface DestinationWorld {
  open(): Promise<DestinationUnderTest>;
  /** A destination that does not exist; needed when the feature `missing` is declared. */
  missing?(): FailureDestination;
  /** Makes a destination of a FIFO queue or topic; needed when the feature `fifo` is declared. */
  fifo?(): FailureDestination;
}

/** What an adapter does; steers which cases run. */
export interface DestinationFeatures {
  /** It can be absent. */
  readonly missing: boolean;
  /** There is a FIFO form of it, which is to be refused. */
  readonly fifo: boolean;
  /** It is reached over a network that can be disturbed. */
  readonly network: boolean;
  /** What was confirmed can be read in the same moment. */
  readonly readableAtOnce: boolean;
  /** The event is kept too, as a JSON text. */
  readonly payload: boolean;
  /** How often a discard is there that was sent twice. */
  readonly twice: 1 | 2;
  /** A batch of Kafka is there record by record, which is for tests of the adapter's own. */
  readonly perKafkaRecord?: boolean;
}

/** How long an absence is watched, ms. */
const WATCH_MS = 300;
const REQUEST =
  '"requestId":"0aa8a5ea-0f43-4b2b-8f5c-5d3f7c0f7e11","functionArn":"arn:aws:lambda:eu-central-1:123456789012:function:orders"';
const RESPONSE = '"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"}';
const TIMESTAMP = '"version":"1.0","timestamp":"2026-11-21T09:48:01.070Z"';
const KINESIS_INFO =
  '"KinesisBatchInfo":{"shardId":"shardId-000000000000","startSequenceNumber":"49590338271490256608559692538361571095921575989136588898","endSequenceNumber":"49590338271490256608559692540925702759324208523137515618","approximateArrivalOfFirstRecord":"2026-11-21T09:47:59.000Z","approximateArrivalOfLastRecord":"2026-11-21T09:48:00.123Z","batchSize":2,"streamArn":"arn:aws:kinesis:eu-central-1:123456789012:stream/orders"}';
const DYNAMODB_INFO =
  '"DDBStreamBatchInfo":{"shardId":"shardId-00000001573689847184-864758bb","startSequenceNumber":"800000000003126276362","endSequenceNumber":"800000000003126276362","approximateArrivalOfFirstRecord":"2026-11-21T09:47:59Z","approximateArrivalOfLastRecord":"2026-11-21T09:47:59Z","batchSize":1,"streamArn":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-11-21T09:36:48.630"}';
const KAFKA_INFO =
  '"KafkaBatchInfo":{"batchSize":2,"eventSourceArn":"arn:aws:kafka:eu-central-1:123456789012:cluster/main/0c5f4d1e-2","bootstrapServers":"b-1.example.com:9098,b-2.example.com:9098","payloadSize":1162,"recordsInfo":{"orders-3":{"firstRecordOffset":"15","lastRecordOffset":"9007199254740993","firstRecordTimestamp":"2026-11-21T09:47:59.015Z","lastRecordTimestamp":"2026-11-21T09:48:00.000Z"}}}';
const PAYLOAD = '{"Records":[{"data":"Grüße \\"🚰\\" \\\\ \\u2028"}]}';
const PAYLOAD_IN_JSON = '"payload":"{\\"Records\\":[{\\"data\\":\\"Grüße \\\\\\"🚰\\\\\\" \\\\\\\\ \\\\u2028\\"}]}"';

/** The texts of AWS, as they were recorded, by what is special about them. */
const TEXTS: Readonly<Record<string, string>> = {
  'a function error on Kinesis': `{"requestContext":{${REQUEST},"condition":"RetryAttemptsExhausted","approximateInvokeCount":3},${RESPONSE},${TIMESTAMP},${KINESIS_INFO}}`,
  'answers with failures': `{"requestContext":{${REQUEST},"condition":"RetryAttemptsExhausted","approximateInvokeCount":4},${RESPONSE.replace('"Unhandled"', 'null')},${TIMESTAMP},${KINESIS_INFO}}`,
  'records that are too old': `{"requestContext":{${REQUEST},"condition":"RecordAgeExceeded","approximateInvokeCount":1},${TIMESTAMP},${KINESIS_INFO}}`,
  'a function error on DynamoDB': `{"requestContext":{${REQUEST},"condition":"RetryAttemptsExhausted","approximateInvokeCount":2},${RESPONSE},${TIMESTAMP},${DYNAMODB_INFO}}`,
};

const KAFKA_TEXTS: Readonly<Record<string, string>> = {
  'a function error on Kafka': `{"requestContext":{${REQUEST},"condition":"RetryAttemptsExhausted","approximateInvokeCount":11},${RESPONSE},${TIMESTAMP},${KAFKA_INFO}}`,
  'a record of Kafka that fits into no event': `{"requestContext":{${REQUEST},"condition":"MaximumPayloadSizeExceeded","approximateInvokeCount":1},"responseContext":null,${TIMESTAMP},${KAFKA_INFO}}`,
};

export function destinationSuite(name: string, world: DestinationWorld, features: DestinationFeatures): void {
  describe(`${name} keeps the promises of an on-failure destination`, () => {
    const opened: DestinationUnderTest[] = [];
    const open = async (): Promise<DestinationUnderTest> => {
      const destination = await world.open();
      opened.push(destination);
      return destination;
    };

    afterEach(async () => {
      for (const destination of opened.splice(0)) await destination.cleanup();
    });

    keeping(open, features);
    confirming(open, features);
    refusing(world, open, features);
  });
}

type Open = () => Promise<DestinationUnderTest>;

function keeping(open: Open, { payload, twice, perKafkaRecord = false }: DestinationFeatures): void {
  const kept = (text: string): string => (payload ? `${text.slice(0, -1)},${PAYLOAD_IN_JSON}}` : text);

  const texts = Object.entries({ ...TEXTS, ...(perKafkaRecord ? undefined : KAFKA_TEXTS) });
  it.each(texts)('keeps the record of %s byte for byte', async (_title, text) => {
    const { destination, received } = await open();
    await destination.check();
    await destination.send(discard(text), signal());
    expect(await received(1)).toEqual([kept(text)]);
  });

  it('takes many at once', async () => {
    const { destination, received } = await open();
    const sent = Array.from({ length: 12 }, (_, index) => numbered(index));
    await Promise.all(sent.map((text) => destination.send(discard(text), signal())));
    expect([...(await received(12))].sort()).toEqual(sent.map(kept).sort());
  });

  it('takes a discard that it has already', async () => {
    const { destination, received } = await open();
    const one = discard(numbered(0));
    await destination.send(one, signal());
    await destination.send(one, signal());
    expect(await received(twice)).toEqual(new Array(twice).fill(kept(numbered(0))));
  });
}

function confirming(open: Open, { network, readableAtOnce }: DestinationFeatures): void {
  it.skipIf(!readableAtOnce)('confirms what is there', async () => {
    const { destination, now } = await open();
    if (now === undefined) throw new Error('an adapter that declares readableAtOnce must offer now()');
    await destination.send(discard(numbered(0)), signal());
    expect(await now()).toHaveLength(1);
  });

  it.skipIf(!network)('confirms nothing before the service has answered', async () => {
    const { destination, network: way, received } = disturbed(await open());
    await destination.check();
    way.stall();
    const sending = watched(destination.send(discard(numbered(0)), signal()));
    await pause(WATCH_MS);
    expect(sending.state).toBe('pending');
    await way.heal();
    await sending.promise;
    expect(await received(1)).toHaveLength(1);
  });

  it.skipIf(!network)('says unavailable when the service is out of reach, and takes the same discard later', async () => {
    const { destination, network: way, received } = disturbed(await open());
    await way.cut();
    await rejects(destination.send(discard(numbered(0)), signal()), 'unavailable');
    await rejects(destination.check(), 'unavailable');
    await way.heal();
    await destination.send(discard(numbered(0)), signal());
    expect(await received(1)).toHaveLength(1);
  });

  it.skipIf(!network)('ends a send that is aborted while it waits', async () => {
    const { destination, network: way } = disturbed(await open());
    await destination.check();
    way.stall();
    const stop = new AbortController();
    const sending = watched(destination.send(discard(numbered(0)), stop.signal));
    await pause(WATCH_MS);
    stop.abort();
    await rejects(sending.promise, 'unavailable');
    await way.heal();
  });

  it('sends nothing that is aborted before', async () => {
    const { destination, received } = await open();
    await rejects(destination.send(discard(numbered(0)), AbortSignal.abort()), 'unavailable');
    await destination.send(discard(numbered(1)), signal());
    expect(await received(1)).toEqual([expect.stringContaining('"approximateInvokeCount":2}')]);
  });
}

function refusing(world: DestinationWorld, open: Open, { missing, fifo }: DestinationFeatures): void {
  it('is found, and says by what name', async () => {
    const { destination } = await open();
    await expect(destination.check()).resolves.toBeUndefined();
    expect(destination.label).not.toBe('');
  });

  it.skipIf(!missing)('says not-found where there is none, when it is checked and when something is sent', async () => {
    const destination = world.missing?.();
    if (destination === undefined) throw new Error('an adapter that declares missing must offer missing()');
    await rejects(destination.check(), 'not-found');
    await rejects(destination.send(discard(numbered(0)), signal()), 'not-found');
    await destination.close();
  });

  it.skipIf(!fifo)('refuses a FIFO form of itself before anything is called', () => {
    if (world.fifo === undefined) throw new Error('an adapter that declares fifo must offer fifo()');
    expect(() => world.fifo?.()).toThrow(ConfigError);
    expect(() => world.fifo?.()).toThrow(/FIFO/);
  });

  it('can be closed before it was used, and more than once', async () => {
    const unused = await open();
    await Promise.all([unused.destination.close(), unused.destination.close()]);
    const used = await open();
    await used.destination.send(discard(numbered(0)), signal());
    await Promise.all([used.destination.close(), used.destination.close()]);
    await expect(used.destination.close()).resolves.toBeUndefined();
  });
}

/** What the engine hands over so that this text comes out. */
export function discard(text: string, more: Partial<Discard> = {}): Discard {
  const parsed = JSON.parse(text) as Discard['record'] & Record<string, Discard['info']['value']>;
  const name = Object.keys(parsed).find((key) => key.endsWith('BatchInfo')) ?? '';
  const { [name]: value = {}, ...rest } = parsed;
  const record = rest as unknown as Discard['record'];
  const info = { name, value };
  return {
    mappingId: '83b6b5e4-34d1-4f6a-9e0c-3f6bb0c5a1d2',
    shardId: typeof value['shardId'] === 'string' ? value['shardId'] : 'orders-3',
    record,
    info,
    payload: () => PAYLOAD,
    at: Date.UTC(2026, 10, 21, 9, 48, 1, 70),
    id: crypto.randomUUID(),
    ...more,
  };
}

/** A text that differs by a number. */
export function numbered(index: number): string {
  return (TEXTS['a function error on Kinesis'] ?? '').replace(
    '"approximateInvokeCount":3',
    `"approximateInvokeCount":${String(index + 1)}`,
  );
}

function disturbed(destination: DestinationUnderTest): DestinationUnderTest & Required<Pick<DestinationUnderTest, 'network'>> {
  const { network } = destination;
  if (network === undefined) throw new Error('an adapter that declares network must offer network');
  return { ...destination, network };
}

function signal(): AbortSignal {
  return new AbortController().signal;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** A promise whose state can be asked; its rejection is not unhandled meanwhile. */
function watched(promise: Promise<void>): { readonly promise: Promise<void>; state: 'pending' | 'settled' } {
  const watch: { readonly promise: Promise<void>; state: 'pending' | 'settled' } = { promise, state: 'pending' };
  const settled = (): void => {
    watch.state = 'settled';
  };
  promise.then(settled, settled);
  return watch;
}

async function rejects(promise: Promise<unknown>, kind: SourceErrorKind): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceError);
  expect(error).toMatchObject({ kind });
}
