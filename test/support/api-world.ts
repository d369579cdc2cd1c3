import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog as adapters } from '../../adapters/catalog.ts';
import { pinoLogger } from '../../adapters/logger/pino/index.ts';
import { assemble } from '../../src/daemon/assemble.ts';
import { resolveConfig } from '../../src/daemon/config.ts';
import { Narrator } from '../../src/daemon/narrator.ts';
import { manageServer, type SecuritySettings } from '../../src/manage/index.ts';

/** All of a daemon behind its HTTP surface, in this process, with everything embedded; and each line that it logged. */
export interface ApiWorld {
  readonly url: string;
  readonly host: string;
  readonly lines: readonly string[];
  close(): Promise<void>;
}

/** A port on which nobody listens: services of AWS that a mapping names cannot be reached, and are not those of AWS. */
const NOWHERE = 'http://127.0.0.1:9';

/** Starts one. */
export async function apiWorld(security: SecuritySettings): Promise<ApiWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-world-'));
  writeFileSync(join(folder, 'print.mjs'), 'export const handler = () => ({ done: true });\n');
  const content = {
    store: { type: 'memory' },
    aws: { endpoint: NOWHERE },
    functions: { print: { Handler: './print.mjs', Aliases: { live: { FunctionVersion: '$LATEST' } } } },
    queues: { orders: {}, 'steps.fifo': {} },
    streams: { readings: {} },
    mappings: [{ EventSourceArn: 'arn:aws:sqs:embedded:000000000000:orders', FunctionName: 'print', Enabled: false }],
  };
  const lines: string[] = [];
  const logger = pinoLogger({ level: 'debug', pretty: false, output: { write: (line) => lines.push(line) } });
  const meter = await adapters.meter();
  const catalog = { ...adapters, version: '0' };
  const config = resolveConfig({ folder, content }, Date.now());
  const assembly = await assemble({ catalog, config, logger, meter, narrator: new Narrator(logger, false) });
  const { engine, control, embedded } = assembly;
  const server = manageServer({
    mappings: () => engine.mappings,
    disabled: control.disabled,
    lambda: { mappings: control, functions: engine, since: 0 },
    ...embedded,
    phase: () => 'running',
    findings: () => engine.findings,
    unopened: () => control.unopened,
    meter,
    clock: catalog.clock,
    random: catalog.random,
    security,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  await engine.start();
  return {
    url,
    host: new URL(url).host,
    lines,
    close: async () => {
      await server.close();
      await engine.stop({ timeoutMs: 0 });
      await assembly.close();
      rmSync(folder, { recursive: true });
    },
  };
}
