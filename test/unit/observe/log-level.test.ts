import { describe, expect, it } from 'vitest';
import { pinoLogger } from '../../../adapters/logger/pino/index.ts';
import { embeddedQueue } from '../../../adapters/source/embedded-queue/index.ts';
import { memoryStore } from '../../../adapters/store/memory/index.ts';
import { handler } from '../../../adapters/target/function/index.ts';
import { CoreEngine, SeededRandom, silentMeter, VirtualClock } from '../../../src/index.ts';
import { logLevelOf } from '../../../src/mapping/index.ts';
import { problemLines } from '../../support/problems-of.ts';

describe('the log level of a mapping', () => {
  it('is its own: more or less is written of it than of the others', async () => {
    const lines: string[] = [];
    const clock = new VirtualClock();
    const random = new SeededRandom(1);
    const logger = pinoLogger({ level: 'info', pretty: false, output: { write: (line) => lines.push(line) } });
    const engine = new CoreEngine({ clock, random, logger, meter: silentMeter, store: memoryStore(), ownerLabel: 'a test' });
    const target = handler(() => undefined);
    for (const [name, logLevel] of [
      ['loud', 'debug'],
      ['quiet', 'error'],
      ['plain', undefined],
    ] as const) {
      const source = embeddedQueue({ name, clock, random });
      source.send({ body: 'x' });
      engine.map({ name, source, target, ...(logLevel && { logLevel }) });
    }
    await engine.start();
    await clock.run(engine.idle(), 60_000);
    await clock.run(engine.stop());
    const seen = (name: string): Set<unknown> =>
      new Set(
        lines.map((line) => JSON.parse(line) as Record<string, unknown>).flatMap(({ mapping, level }) => (mapping === name ? [level] : [])),
      );
    expect([seen('loud'), seen('quiet'), seen('plain')]).toEqual([new Set(['info', 'debug']), new Set(), new Set(['info'])]);
  });

  it("is AWS's SystemLogLevel, too, and Millrace's own field wins", () => {
    expect(logLevelOf({})).toBeUndefined();
    expect(logLevelOf({ loggingConfig: {} })).toBeUndefined();
    expect((['DEBUG', 'INFO', 'WARN'] as const).map((systemLogLevel) => logLevelOf({ loggingConfig: { systemLogLevel } }))).toEqual([
      'debug',
      'info',
      'warn',
    ]);
    expect(logLevelOf({ logLevel: 'silent', loggingConfig: { systemLogLevel: 'DEBUG' } })).toBe('silent');
  });

  it('is refused when it is none, and LoggingConfig of a queue as AWS refuses it', () => {
    const clock = new VirtualClock();
    const platform = {
      clock,
      random: new SeededRandom(1),
      logger: pinoLogger({ level: 'silent' }),
      meter: silentMeter,
      store: memoryStore(),
    };
    const engine = new CoreEngine({ ...platform, ownerLabel: 'a test' });
    const map = (fields: object): unknown =>
      engine.map({ source: embeddedQueue({ name: 'orders' }), target: handler(() => undefined), ...fields });
    expect(problemLines(() => map({ logLevel: 'loud' }))).toEqual([
      expect.stringContaining('logLevel: must be one of debug, info, warn, error, silent'),
    ]);
    expect(problemLines(() => map({ loggingConfig: { systemLogLevel: 'DEBUG' } }))).toEqual([
      'loggingConfig: Unsupported LoggingConfig parameter for given event source mapping type.',
    ]);
  });
});
