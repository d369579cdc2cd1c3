import { catalog } from '../../adapters/catalog.ts';
import { runDaemon } from '../../src/daemon/index.ts';
import { SourceError } from '../../src/index.ts';

/** Between puts of the producer, ms. */
const TICK_MS = 10;
const DATA = 'x'.repeat(200);
const KEYS = 100;

/** A daemon and how much flows through its embedded streams, all of them together. */
export interface ApiJob {
  readonly config: string;
  readonly recordsPerSecond: number;
}

type EmbeddedStreams = Awaited<ReturnType<typeof catalog.sources.embeddedStreams>>;

/** The daemon, with a producer inside that writes in bursts, as many callers together would. */
export async function work(job: string): Promise<void> {
  const { config, recordsPerSecond } = JSON.parse(job) as ApiJob;
  const embeddedStreams: typeof catalog.sources.embeddedStreams = async (plans) => {
    const streams = await catalog.sources.embeddedStreams(plans);
    feed(streams, recordsPerSecond);
    return streams;
  };
  const sources = { ...catalog.sources, embeddedStreams };
  await runDaemon({ ...catalog, version: '0', sources }, ['start', '--config', config, '--listen', '127.0.0.1:0', '--log-level', 'info']);
}

function feed(streams: EmbeddedStreams, perSecond: number): void {
  const all = [...streams.values()];
  const began = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
    try {
      for (; sent < due; sent += 1) all[sent % all.length]?.put({ partitionKey: `key ${String(sent % KEYS)}`, data: DATA });
    } catch (error) {
      // What is full takes more at a later turn.
      if (!(error instanceof SourceError) || error.kind !== 'throttled') throw error;
    }
  }, TICK_MS);
  timer.unref();
}
