import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryResults } from '../../../../adapters/source/sqs/batch.ts';
import { type SqsOptions, sqs } from '../../../../adapters/source/sqs/index.ts';
import type { QueueMessage, QueueReceipt, QueueSource, ReceiveRequest } from '../../../../src/index.ts';
import { SqsStub, STUB_REGION } from '../../../support/sqs-stub.ts';
import type { StubQueue } from '../../../support/sqs-stub-queue.ts';

let stub: SqsStub;
let queue: StubQueue;
const open: QueueSource[] = [];

beforeEach(async () => {
  stub = await SqsStub.start();
  queue = stub.createQueue('orders');
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.close()));
  await stub.close();
});

function source(options: Partial<SqsOptions> = {}): QueueSource {
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  const made = sqs({ queue: stub.urlOf('orders'), region: STUB_REGION, credentials, ...options });
  open.push(made);
  return made;
}

function ask(request: Partial<ReceiveRequest> = {}): ReceiveRequest {
  const { signal } = new AbortController();
  return { max: 10, waitSeconds: 0, visibilitySeconds: undefined, attemptId: undefined, signal, ...request };
}

async function receiveTen(orders: QueueSource): Promise<readonly QueueMessage[]> {
  for (let i = 0; i < 10; i += 1) stub.send('orders', String(i));
  return orders.receive(ask());
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('this took longer than 20 s');
    await sleep(5);
  }
}

const ok = { ok: true };

describe('delete and changeVisibility', () => {
  it('answer for every entry, in the order given', async () => {
    const orders = source();
    const messages = await receiveTen(orders);
    stub.fail('DeleteMessageBatch', { kind: 'partial', places: [2, 9], code: 'InternalError', senderFault: false });
    const results = await orders.delete(messages);
    const failed = { ok: false, code: 'InternalError', message: 'scripted InternalError', retryable: true };
    expect(results).toEqual([ok, ok, failed, ok, ok, ok, ok, ok, ok, failed]);
    expect(queue.messages.map((message) => message.body)).toEqual(['2', '9']);
  });

  it('tell what may be tried again from what may not', async () => {
    const orders = source();
    const [first] = await receiveTen(orders);
    const receipts: QueueReceipt[] = [{ messageId: 'm', receiptHandle: 'of nobody' }, ...(first === undefined ? [] : [first])];
    await expect(orders.changeVisibility(receipts, 0)).resolves.toMatchObject([
      { ok: false, code: 'ReceiptHandleIsInvalid', retryable: false },
      { ok: true },
    ]);
    stub.fail('DeleteMessageBatch', { kind: 'partial', places: [0], code: 'KmsThrottled', senderFault: true });
    await expect(orders.delete(receipts)).resolves.toMatchObject([{ ok: false, retryable: true }, { ok: true }]);
    stub.fail('DeleteMessageBatch', { kind: 'partial', places: [0], code: 'ReceiptHandleIsInvalid', senderFault: false });
    await expect(orders.delete(receipts)).resolves.toMatchObject([{ ok: false, retryable: false }, { ok: true }]);
    stub.fail('DeleteMessageBatch', { kind: 'partial', places: [0], code: 'SomethingNew', senderFault: false });
    await expect(orders.delete(receipts)).resolves.toMatchObject([{ ok: false, retryable: true }, { ok: true }]);
  });

  it('make messages visible again when that is wanted', async () => {
    const orders = source();
    const messages = await receiveTen(orders);
    await orders.changeVisibility(messages.slice(0, 4), 0);
    await orders.changeVisibility(messages.slice(4), 100);
    await expect(orders.receive(ask())).resolves.toHaveLength(4);
  });

  it('make no call for nothing', async () => {
    const orders = source();
    await expect(orders.delete([])).resolves.toEqual([]);
    await expect(orders.changeVisibility([], 0)).resolves.toEqual([]);
    expect(stub.requests).toEqual([]);
  });
});

describe('entryResults', () => {
  const failure = { Id: '1', Code: 'X', Message: 'x', SenderFault: true };

  it('lets an entry that the answer forgot be tried again', () => {
    expect(entryResults(2, { Successful: [{ Id: '0' }] })).toMatchObject([ok, { ok: false, code: 'NoResult', retryable: true }]);
    expect(entryResults(1, {})).toMatchObject([{ ok: false, retryable: true }]);
  });

  it('believes the failure of an entry that is named twice', () => {
    expect(entryResults(2, { Successful: [{ Id: '0' }, { Id: '1' }], Failed: [failure] })).toMatchObject([ok, { ok: false, code: 'X' }]);
  });

  it('is not misled by ids that nobody sent', () => {
    expect(entryResults(1, { Successful: [{ Id: '7' }], Failed: [failure] })).toMatchObject([{ ok: false, code: 'NoResult' }]);
  });
});

describe('time-outs', () => {
  it('end a call whose server does not answer', async () => {
    const orders = source({ requestTimeoutMs: 100 });
    for (const action of ['ReceiveMessage', 'DeleteMessageBatch', 'GetQueueAttributes'] as const) stub.fail(action, { kind: 'hang' });
    await expect(orders.receive(ask())).rejects.toMatchObject({ kind: 'unavailable', code: 'ETIMEDOUT' });
    await expect(orders.delete([{ messageId: 'm', receiptHandle: 'h' }])).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(orders.depth()).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(orders.depth()).resolves.toMatchObject({ visible: 0 });
  });

  it('end a call whose answer stops in the middle', async () => {
    const orders = source({ requestTimeoutMs: 200 });
    stub.fail('GetQueueAttributes', { kind: 'hang', afterHead: true });
    await expect(orders.depth()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('leave a long poll the time that it may take', async () => {
    const orders = source({ requestTimeoutMs: 100 });
    const received = orders.receive(ask({ waitSeconds: 20 }));
    stub.fail('GetQueueAttributes', { kind: 'hang' });
    // Time enough for the time-out of a short call.
    await expect(orders.depth()).rejects.toMatchObject({ kind: 'unavailable' });
    stub.send('orders', 'late');
    await expect(received).resolves.toHaveLength(1);
  });
});

it('ends an open long poll when its signal aborts', async () => {
  const orders = source();
  const stop = new AbortController();
  const received = orders.receive(ask({ waitSeconds: 20, signal: stop.signal }));
  await until(() => stub.calls('ReceiveMessage').length === 1);
  stop.abort();
  await expect(received).rejects.toMatchObject({ name: 'SourceError', kind: 'unavailable', code: 'AbortError' });
});

it('does not ask when the signal aborted before', async () => {
  const orders = source();
  await expect(orders.receive(ask({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ kind: 'unavailable', code: 'AbortError' });
  expect(stub.requests).toEqual([]);
});

it('deletes while sixty long polls are open under one signal', async () => {
  const orders = source();
  const messages = await receiveTen(orders);
  const stop = new AbortController();
  const polls = Array.from({ length: 60 }, () => orders.receive(ask({ waitSeconds: 20, signal: stop.signal })).catch(() => 'ended'));
  await until(() => stub.calls('ReceiveMessage').length === 61);
  await expect(orders.delete(messages)).resolves.toEqual(messages.map(() => ok));
  stop.abort();
  expect(new Set(await Promise.all(polls))).toEqual(new Set(['ended']));
});

describe('close', () => {
  it('can be called twice, and before the first call', async () => {
    const orders = source();
    await orders.close();
    await orders.close();
    expect(stub.requests).toEqual([]);
  });

  it('leaves the connections of another source with the same settings alone', async () => {
    const [one, other] = [source(), source()];
    await Promise.all([one.depth(), other.depth()]);
    await one.close();
    await one.close();
    await expect(other.depth()).resolves.toMatchObject({ visible: 0 });
  });
});
