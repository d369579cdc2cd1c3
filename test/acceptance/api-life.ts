/** What every client of Lambda's API is to see of a daemon. */
import { afterAll, expect, test } from 'vitest';
import type { ApiClient, ClientAnswer } from '../support/lambda-clients.ts';
import { REFUSALS } from './api-refusals.ts';
import { type Args, arnOf, CREATE, create, FIFO, functionArn, IPV, onKafka, onStream, QUEUE, STREAM } from './api-world.ts';
import { type DaemonProcess, eventually } from './daemon-process.ts';

/** The daemon that is asked, once it listens. */
export interface AskedDaemon {
  readonly daemon: DaemonProcess;
  readonly url: string;
}

/** One client, and what it has made. */
class Seen {
  readonly #open: () => ApiClient;
  readonly #made: string[] = [];
  #client: ApiClient | undefined;

  constructor(open: () => ApiClient) {
    this.#open = open;
  }

  get client(): ApiClient {
    this.#client ??= this.#open();
    return this.#client;
  }

  /** A new mapping, which is deleted at the end. */
  async created(args: Args): Promise<Record<string, unknown>> {
    const answer = await this.client.call(CREATE, args);
    expect(answer).not.toHaveProperty('message');
    this.#made.push(String(answer.result['UUID']));
    return answer.result;
  }

  inState(uuid: string, state: string): Promise<ClientAnswer> {
    return eventually(`${state} of ${uuid}`, async () => {
      const answer = await this.client.call('GetEventSourceMapping', { UUID: uuid });
      return answer.result['State'] === state ? answer : undefined;
    });
  }

  gone(uuid: string): Promise<true> {
    return eventually(`the end of ${uuid}`, async () => {
      const { code } = await this.client.call('GetEventSourceMapping', { UUID: uuid });
      return code === 'ResourceNotFoundException' ? true : undefined;
    });
  }

  async clear(): Promise<void> {
    for (const uuid of this.#made) await this.client.call('DeleteEventSourceMapping', { UUID: uuid });
    for (const uuid of this.#made) await this.gone(uuid);
    await this.client.close();
  }
}

function statusOf(answer: ClientAnswer): number | undefined {
  return answer.status ?? (answer.code === undefined ? 202 : undefined);
}

/** Everything that one client is to see. */
export function seenBy(asked: () => AskedDaemon, open: () => ApiClient): void {
  const seen = new Seen(open);

  afterAll(() => seen.clear());

  refusesWhatAwsRefuses(seen);
  queueMappingLives(seen, asked);
  streamMappingLives(seen, asked);
  checksWithOthers(seen);
  showsWhatThereIs(seen);
}

function refusesWhatAwsRefuses(seen: Seen): void {
  test.each(REFUSALS)('%s is refused', async (_what, operation, args, expected, code, message) => {
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
    const answer = await seen.client.call(operation, given);
    expect(answer.code).toBe(code);
    if (typeof message === 'string') expect(answer.message).toBe(message);
    else expect(answer.message).toMatch(message);
    if (!seen.client.tellsAll) return;
    expect(answer.status).toBe(expected);
    expect(answer.type).toBe(code === 'ValidationException' ? undefined : 'User');
  });
}

function queueMappingLives(seen: Seen, asked: () => AskedDaemon): void {
  test('a mapping of a queue lives: created, at work, disabled, enabled, moved to another version, deleted', async () => {
    const answer = await seen.client.call(CREATE, create({ BatchSize: 5, Tags: { team: 'mill' }, FunctionName: 'f:1' }));
    expect(statusOf(answer)).toBe(202);
    const uuid = String(answer.result['UUID']);
    expect(answer.result).toMatchObject({
      BatchSize: 5,
      EventSourceArn: QUEUE,
      EventSourceMappingArn: arnOf(uuid),
      FunctionArn: functionArn('f:1'),
      FunctionResponseTypes: [],
      MaximumBatchingWindowInSeconds: 0,
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
    });
    for (const hidden of ['LastProcessingResult', 'DestinationConfig', 'Enabled', 'FunctionName', 'Tags'])
      expect(answer.result).not.toHaveProperty(hidden);
    await seen.inState(uuid, 'Enabled');
    await fetch(`${asked().url}/queues/orders/messages`, { method: 'POST', body: `${uuid} one` });
    await asked().daemon.says(new RegExp(`^got ${uuid} one`, 'm'));

    const disabling = await seen.client.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: false });
    expect([statusOf(disabling), disabling.result['State']]).toEqual([202, 'Disabling']);
    await seen.inState(uuid, 'Disabled');
    await fetch(`${asked().url}/queues/orders/messages`, { method: 'POST', body: `${uuid} two` });
    const enabling = await seen.client.call('UpdateEventSourceMapping', { UUID: uuid, Enabled: true, FunctionName: 'f:2', BatchSize: 3 });
    expect(enabling.result).toMatchObject({ State: 'Enabling', FunctionArn: functionArn('f:2'), BatchSize: 3 });
    await asked().daemon.says(new RegExp(`^second got ${uuid} two`, 'm'));
    await seen.inState(uuid, 'Enabled');

    const updating = await seen.client.call('UpdateEventSourceMapping', {
      UUID: uuid,
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] },
    });
    expect(updating.result).toMatchObject({
      State: 'Updating',
      BatchSize: 3,
      FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[1]}}' }] },
    });
    await seen.inState(uuid, 'Enabled');
    expect((await seen.client.call('UpdateEventSourceMapping', { UUID: uuid, FilterCriteria: {} })).result).not.toHaveProperty(
      'FilterCriteria',
    );
    await seen.inState(uuid, 'Enabled');

    const deleting = await seen.client.call('DeleteEventSourceMapping', { UUID: uuid });
    expect(statusOf(deleting)).toBe(202);
    expect(deleting.result).toMatchObject({ UUID: uuid, BatchSize: 3, State: 'Deleting' });
    await seen.gone(uuid);
  });
}

function streamMappingLives(seen: Seen, asked: () => AskedDaemon): void {
  test('a mapping of a stream shows its defaults, and says how its records came out', async () => {
    const shown = await seen.created(onStream({ StartingPosition: 'TRIM_HORIZON', FunctionName: 'f:live' }));
    expect(shown).toMatchObject({
      BatchSize: 100,
      BisectBatchOnFunctionError: false,
      DestinationConfig: { OnFailure: {} },
      LastProcessingResult: 'No records processed',
      MaximumRecordAgeInSeconds: -1,
      MaximumRetryAttempts: -1,
      ParallelizationFactor: 1,
      StartingPosition: 'TRIM_HORIZON',
      StateTransitionReason: 'User action',
      TumblingWindowInSeconds: 0,
    });
    const uuid = String(shown['UUID']);
    await seen.inState(uuid, 'Enabled');
    await fetch(`${asked().url}/streams/clicks/records?PartitionKey=k`, { method: 'POST', body: `${uuid} click` });
    await asked().daemon.says(new RegExp(`got ${uuid} click`));
    await eventually('OK', async () =>
      (await seen.client.call('GetEventSourceMapping', { UUID: uuid })).result['LastProcessingResult'] === 'OK' ? true : undefined,
    );
    const twice = await seen.client.call(CREATE, onStream({ FunctionName: 'f:live' }));
    expect([twice.code, twice.message]).toEqual([
      'ResourceConflictException',
      `The event source arn (" ${STREAM} ") and function (" f ") provided mapping already exists. Please update or delete the existing mapping with UUID ${uuid}`,
    ]);
    const cleared = { OnFailure: { Destination: 'arn:aws:sqs:embedded:000000000000:orders' } };
    const changed = await seen.client.call('UpdateEventSourceMapping', {
      UUID: uuid,
      DestinationConfig: cleared,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 3,
    });
    expect(changed.result).toMatchObject({
      DestinationConfig: cleared,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 3,
      State: 'Updating',
    });
    await seen.inState(uuid, 'Enabled');
    const back = await seen.client.call('UpdateEventSourceMapping', { UUID: uuid, DestinationConfig: { OnFailure: { Destination: '' } } });
    expect(back.result).toMatchObject({ DestinationConfig: { OnFailure: {} }, MaximumRetryAttempts: 3 });
  });
}

function checksWithOthers(seen: Seen): void {
  test('created disabled it is Disabled at once, and a second one of the pair is refused while $LATEST is another', async () => {
    const first = await seen.created(create({ Enabled: false }));
    expect(first['State']).toBe('Disabled');
    const again = await seen.client.call(CREATE, create({ Enabled: false, FunctionName: functionArn('f') }));
    expect([again.code, again.message]).toEqual([
      'ResourceConflictException',
      `An event source mapping with SQS arn (" ${QUEUE} ") and function (" f ") already exists. Please update or delete the existing mapping with UUID ${String(first['UUID'])}`,
    ]);
    const latest = await seen.created(create({ Enabled: false, FunctionName: 'f:$LATEST' }));
    expect(latest['FunctionArn']).toBe(functionArn('f:$LATEST'));
    const update = await seen.client.call('UpdateEventSourceMapping', { UUID: String(latest['UUID']), FunctionName: 'f' });
    expect(update.code).toBe('ResourceConflictException');
  });

  test('an update is checked with all that the mapping has', async () => {
    const uuid = String((await seen.created(create({ Enabled: false, FunctionName: 'narrow' })))['UUID']);
    const large = await seen.client.call('UpdateEventSourceMapping', { UUID: uuid, BatchSize: 11 });
    expect([large.code, large.message]).toEqual([
      IPV,
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    ]);
    const slow = await seen.client.call('UpdateEventSourceMapping', { UUID: uuid, FunctionName: 'slow' });
    expect(slow.message).toBe('Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds');
    expect((await seen.client.call('UpdateEventSourceMapping', { UUID: uuid, FunctionName: 'nobody' })).message).toBe(
      'Function does not exist',
    );
    expect((await seen.client.call('GetEventSourceMapping', { UUID: uuid })).result).toMatchObject({
      BatchSize: 10,
      FunctionArn: functionArn('narrow'),
    });
  });

  test('a second mapping of a topic through one shared server is refused', async () => {
    const servers = (...all: string[]): Args => ({ SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: all } } });
    const topics = { Topics: ['conflicts'], Enabled: false };
    const first = await seen.created(onKafka({ ...topics, ...servers('127.0.0.1:9') }));
    const uuid = String(first['UUID']);
    expect(first).toMatchObject({
      BatchSize: 100,
      StartingPosition: 'TRIM_HORIZON',
      SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: uuid },
      Topics: ['conflicts'],
    });
    const again = await seen.client.call(CREATE, onKafka({ ...topics, ...servers('127.0.0.1:8', '127.0.0.1:9') }));
    expect([again.code, again.message]).toEqual([
      'ResourceConflictException',
      `An event source mapping with event source ("127.0.0.1:8,127.0.0.1:9"), function ("${functionArn('f')}"), topics ("conflicts") already exists. Please update or delete the existing mapping with UUID ${uuid}`,
    ]);
  });
}

function showsWhatThereIs(seen: Seen): void {
  test('tags are set, overwritten, taken off and shown', async () => {
    const uuid = String((await seen.created(create({ Enabled: false, FunctionName: 'f:2', Tags: { a: '1', b: '2' } })))['UUID']);
    const Resource = arnOf(uuid);
    const tags = async (): Promise<unknown> => (await seen.client.call('ListTags', { Resource })).result['Tags'];
    expect(await tags()).toEqual({ a: '1', b: '2' });
    expect(await seen.client.call('TagResource', { Resource, Tags: { b: '3', c: '4' } })).not.toHaveProperty('code');
    expect(await tags()).toEqual({ a: '1', b: '3', c: '4' });
    expect(await seen.client.call('UntagResource', { Resource, TagKeys: ['a', 'b', 'c', 'nobody'] })).not.toHaveProperty('code');
    expect(await tags()).toEqual({});
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${String(index)}`, 'v']));
    expect((await seen.client.call('TagResource', { Resource, Tags: many })).message).toBe('Number of tags exceeds resource tag limit.');
  });

  test('a list is filtered and paged', async () => {
    for (const name of ['f:1', 'f:2', 'narrow']) await seen.created(create({ Enabled: false, EventSourceArn: FIFO, FunctionName: name }));
    const list = async (args: Args): Promise<readonly Record<string, unknown>[]> =>
      (await seen.client.call('ListEventSourceMappings', args)).result['EventSourceMappings'] as Record<string, unknown>[];
    expect(await list({ EventSourceArn: FIFO })).toHaveLength(3);
    expect(await list({ EventSourceArn: FIFO, FunctionName: 'f' })).toHaveLength(2);
    expect((await list({ EventSourceArn: FIFO, FunctionName: 'f:2' })).map((one) => one['FunctionArn'])).toEqual([functionArn('f:2')]);
    expect(await list({ FunctionName: 'nobody' })).toEqual([]);
    if (!seen.client.tellsAll) return;
    const page = await seen.client.call('ListEventSourceMappings', { EventSourceArn: FIFO, MaxItems: 2 });
    const rest = await seen.client.call('ListEventSourceMappings', {
      EventSourceArn: FIFO,
      MaxItems: 2,
      Marker: page.result['NextMarker'],
    });
    const uuids = [page, rest].flatMap(({ result }) => (result['EventSourceMappings'] as { UUID: string }[]).map(({ UUID }) => UUID));
    expect(new Set(uuids).size).toBe(3);
    expect(rest.result['NextMarker'] ?? undefined).toBeUndefined();
  });

  test('a mapping of the file is shown, can be switched and tagged, and nothing else', async () => {
    const arn = 'arn:aws:sqs:embedded:000000000000:filed';
    const list = (await seen.client.call('ListEventSourceMappings', { EventSourceArn: arn })).result['EventSourceMappings'] as {
      UUID: string;
    }[];
    const UUID = list[0]?.UUID ?? '';
    const refused = await seen.client.call('UpdateEventSourceMapping', { UUID, BatchSize: 2 });
    expect([refused.code, refused.message]).toEqual([
      'ResourceConflictException',
      'The event source mapping is filed of the configuration file millrace.yaml; change it there. Only Enabled and tags can be changed over the API.',
    ]);
    expect((await seen.client.call('DeleteEventSourceMapping', { UUID })).code).toBe('ResourceConflictException');
    expect((await seen.client.call('UpdateEventSourceMapping', { UUID, Enabled: false })).result['State']).toBe('Disabling');
    await seen.inState(UUID, 'Disabled');
    await seen.client.call('UpdateEventSourceMapping', { UUID, Enabled: true });
    await seen.inState(UUID, 'Enabled');
  });

  test('functions are shown and listed', async () => {
    const { result } = await seen.client.call('GetFunction', { FunctionName: 'f', Qualifier: 'live' });
    expect(result['Configuration']).toMatchObject({
      FunctionName: 'f',
      FunctionArn: functionArn('f:live'),
      Version: '1',
      Timeout: 5,
      Description: 'prints',
      State: 'Active',
    });
    expect((await seen.client.call('GetFunctionConfiguration', { FunctionName: functionArn('slow') })).result).toMatchObject({
      FunctionName: 'slow',
      Timeout: 60,
      Version: '$LATEST',
    });
    const { result: listed } = await seen.client.call('ListFunctions');
    expect((listed['Functions'] as { FunctionName: string }[]).map(({ FunctionName }) => FunctionName)).toEqual(['f', 'slow', 'narrow']);
  });
}
