/**
 * An engine for tests, `millrace/testing`: short polls, quick stops, one endpoint for everything, and a record of what was
 * invoked with what. With the embedded sources and the virtual clock a test needs no back end and no waiting.
 */
import type { SQSEvent } from 'aws-lambda';
import type {
  Clock,
  FunctionRef,
  FunctionTarget,
  Logger,
  Mapping,
  NamedQueueMapOptions,
  NamedStreamMapOptions,
  NamedTopicMapOptions,
  QueueSource,
  Random,
  RecordedInvocation,
} from '../src/index.ts';
import { CoreEngine, Recorder, silentLogger, silentMeter, systemClock, systemRandom } from '../src/index.ts';
import type { AnyMapOptions, MapOptions, MapStreamOptions, MapTopicOptions } from './index.ts';
import { type SqsOptions, sqs } from './source/sqs/index.ts';
import { memoryStore } from './store/memory/index.ts';
import { handler } from './target/function/index.ts';
import { lambda } from './target/lambda/index.ts';

export { type RecordedInvocation, Recorder, SeededRandom, VirtualClock } from '../src/index.ts';
export { type EmbeddedQueue, type EmbeddedQueueOptions, embeddedQueue } from './source/embedded-queue/index.ts';
export { type EmbeddedStream, type EmbeddedStreamOptions, embeddedStream } from './source/embedded-stream/index.ts';

/** How long a stop of a test engine drains, ms; long polls are cut to fit, so they last a second. */
const STOP_TIMEOUT_MS = 2000;
/** Between the looks of idle(), ms. */
const IDLE_POLL_MS = 50;

/** Settings of a {@link TestEngine}. */
export interface TestEngineOptions {
  /** Where the AWS services are, such as LocalStack's `http://127.0.0.1:4566`. Functions that are named and not registered are there too. */
  readonly endpoint?: string;
  /** Default us-east-1. */
  readonly region?: string;
  /** Default: what emulators accept (`test`, `test`), when there is an endpoint. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** A VirtualClock for tests without a back end. Default: the process's. */
  readonly clock?: Clock;
  /** Default: the process's. */
  readonly random?: Random;
  /** Default: silent. */
  readonly logger?: Logger;
}

/**
 * An engine that forgets nothing: start mappings, send input, `await engine.idle()`, look at `engine.invocations`.
 *
 * @example
 * await using engine = testEngine({ endpoint: 'http://127.0.0.1:4566' });
 * engine.map({ source: engine.sqs('orders'), target: myHandler });
 * await engine.start();
 * // ... send a message to the queue `orders` ...
 * await engine.idle({ timeoutMs: 10_000 });
 */
export class TestEngine extends CoreEngine {
  readonly #options: TestEngineOptions;
  readonly #recorder = new Recorder();
  readonly #sources = new Set<QueueSource>();

  constructor(options: TestEngineOptions = {}) {
    super(
      {
        clock: options.clock ?? systemClock,
        random: options.random ?? systemRandom,
        logger: options.logger ?? silentLogger,
        meter: silentMeter,
        store: memoryStore(),
        ownerLabel: 'a test engine',
        ...(options.endpoint === undefined ? {} : { functionsElsewhere: (functionName) => lambda({ ...placeOf(options), functionName }) }),
      },
      { stopTimeoutMs: STOP_TIMEOUT_MS, idlePollMs: IDLE_POLL_MS },
    );
    this.#options = options;
  }

  /** What was invoked with what, in order. */
  get invocations(): readonly RecordedInvocation[] {
    return this.#recorder.invocations;
  }

  /** Waits for an invocation to be finished; see {@link Recorder.finished}. */
  finished(matches?: (invocation: RecordedInvocation) => boolean): Promise<RecordedInvocation> {
    return this.#recorder.finished(matches);
  }

  /** A queue of SQS at the endpoint of this engine: by name, ARN or URL. Closed when the engine stops. */
  sqs(queue: string, options: Omit<SqsOptions, 'queue'> = {}): QueueSource<SQSEvent> {
    const source = sqs({ ...placeOf(this.#options), ...options, queue });
    this.#sources.add(source);
    return source;
  }

  override map<Event>(options: MapOptions<Event> | NamedQueueMapOptions<Event>): Mapping;
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- a union would let a queue take the fields of a stream
  override map<Event>(options: MapStreamOptions<Event> | NamedStreamMapOptions<Event>): Mapping;
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the same for the fields of a topic
  override map<Event>(options: MapTopicOptions<Event> | NamedTopicMapOptions<Event>): Mapping;
  override map<Event>(options: AnyMapOptions<Event>): Mapping {
    return this.add('target' in options ? { ...options, target: this.#recorded(options.target) } : options);
  }

  override async stop(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    await super.stop(options);
    await Promise.all([...this.#sources].map((source) => source.close()));
  }

  /** Stops, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #recorded<Event>(target: MapOptions<Event>['target']): FunctionTarget<Event> | FunctionRef<Event> {
    if (typeof target === 'function') return this.#recorder.around(handler(target));
    // What is no target at all is refused by the engine, as it is.
    return isTarget(target) ? this.#recorder.around(target) : target;
  }
}

/** How AWS is reached. */
function placeOf({ endpoint, region = 'us-east-1', credentials }: TestEngineOptions): AwsPlace {
  if (endpoint === undefined) return { region };
  return { region, endpoint, credentials: credentials ?? { accessKeyId: 'test', secretAccessKey: 'test' } };
}

type AwsPlace = Pick<SqsOptions, 'region' | 'endpoint' | 'credentials'>;

function isTarget<Event>(target: FunctionTarget<Event> | FunctionRef<Event>): target is FunctionTarget<Event> {
  return typeof target === 'object' && 'invoke' in target;
}

/** Makes a {@link TestEngine}. */
export function testEngine(options: TestEngineOptions = {}): TestEngine {
  return new TestEngine(options);
}
