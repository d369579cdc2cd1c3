/** What a function behind HTTP does to a batch of a stream: its raw answers, throttles, faults and time-outs. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KinesisStreamEvent } from 'aws-lambda';
import { afterAll, beforeAll, test } from 'vitest';
import { memoryDestination } from '../../adapters/destination/memory/index.ts';
import { http } from '../../adapters/target/http/index.ts';
import { describeWithBackend } from '../support/backends/inject.ts';
import { KinesisWorld, seen, type WorldStream } from '../support/kinesis-world.ts';

/** What is answered to the first invocations, status and body; 200 with nothing from then on. `late`: after LATE_MS. */
type Answers = readonly (readonly [status: number, body: string, late?: true])[];

const LATE_MS = 2_000;
const PARTIAL = { functionResponseTypes: ['ReportBatchItemFailures' as const] };

describeWithBackend('localstack', 'a function behind HTTP', ({ endpoint }) => {
  const world = new KinesisWorld(endpoint);
  let stream: WorldStream;
  let server: Server;
  let url = '';
  /** By path: what is still to be answered, and the texts of the events that came. */
  const functions = new Map<string, { answers: Answers; readonly events: string[] }>();

  beforeAll(async () => {
    server = createServer((request, response) => {
      const fn = functions.get(request.url ?? '');
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        const { records } = seen('m', JSON.parse(body) as KinesisStreamEvent, '');
        fn?.events.push(records.map(({ value }) => value).join(''));
        const [status, text, late] = fn?.answers[0] ?? [200, ''];
        if (fn !== undefined) fn.answers = fn.answers.slice(1);
        const answer = (): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(text);
        if (late === true) setTimeout(answer, LATE_MS);
        else answer();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    stream = await world.stream();
    await stream.say('a', 'b', 'c', 'd');
  });
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await world.close();
  });

  const twice = ['abc', 'abc', 'd'];
  test.concurrent.for([
    ['no body at all', [[200, '']], PARTIAL, ['abc', 'd']],
    ['white space', [[200, ' \n']], PARTIAL, ['abc', 'd']],
    ['null', [[200, 'null']], PARTIAL, ['abc', 'd']],
    ['""', [[200, '""']], PARTIAL, ['abc', 'd']],
    ['[]', [[200, '[]']], PARTIAL, ['abc', 'd']],
    ['JSON that is cut off', [[200, '{"batchItemFailures":[{"itemIdentifier":"']], PARTIAL, twice],
    ['no JSON', [[200, 'done']], PARTIAL, twice],
    ['no JSON, which nobody asked for', [[200, 'done']], {}, ['abc', 'd']],
    ['later than its time-out', [[200, '', true]], { timeout: LATE_MS / 2000 }, twice],
    [
      '429 three times, which counts as no retry',
      [
        [429, ''],
        [429, ''],
        [429, ''],
      ],
      { maximumRetryAttempts: 0 },
      ['abc', 'abc', ...twice],
    ],
    [
      '503 three times, which counts as no retry',
      [
        [503, ''],
        [503, ''],
        [503, ''],
      ],
      { maximumRetryAttempts: 0 },
      ['abc', 'abc', ...twice],
    ],
  ] as const satisfies readonly (readonly [string, Answers, object, readonly string[]])[])(
    'that answers %s',
    async ([title, answers, fields, expected], { onTestFinished, expect }) => {
      const events: string[] = [];
      functions.set(`/${encodeURIComponent(title)}`, { answers, events });
      const target = http({ url: `${url}/${encodeURIComponent(title)}` });
      const run = world.run(onTestFinished);
      onTestFinished(() => target.close());
      const destination = memoryDestination();
      const destinationConfig = { onFailure: { destination } };
      const options = { name: 'm', startingPosition: 'TRIM_HORIZON' as const, batchSize: 3, destinationConfig };
      run.engine.map({ ...options, ...fields, source: run.source(stream), target });
      await run.start();
      await run.settled(4);
      await run.stop();
      expect(events).toEqual(expected);
      expect(destination.received).toEqual([]);
    },
  );
});
