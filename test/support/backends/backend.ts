/** The back ends that the project can install and start by itself. */
export type BackendName = 'localstack' | 'elasticmq' | 'dynamodb-local' | 'kinesalite' | 'kafka';

export const backendNames: readonly BackendName[] = ['localstack', 'elasticmq', 'dynamodb-local', 'kinesalite', 'kafka'];

/** What can be done to a back end beyond using it. All false for one that was running before us. */
export interface BackendFeatures {
  readonly freeze: boolean;
  readonly restart: boolean;
}

/** A back end that answers at `endpoint` until `stop` resolves. */
export interface Backend {
  readonly name: BackendName;
  /** Base URL, no slash at the end; of Kafka host and port alone. */
  readonly endpoint: string;
  readonly features: BackendFeatures;
  /** Ends the process, if it is ours. Safe to call twice and while frozen. */
  stop(): Promise<void>;
  freeze?(): Promise<void>;
  thaw?(): Promise<void>;
  restart?(): Promise<void>;
}

/** A back end whose process we started, so that tests may disturb it. */
export interface OwnBackend extends Backend {
  readonly port: number;
  /** The id of the process (and of its group). Changes at a restart. */
  readonly pid: number;
  /** Where everything it prints goes. */
  readonly logFile: string;
  /** SIGSTOP: connections stay open, nothing is answered. */
  freeze(): Promise<void>;
  /** SIGCONT. */
  thaw(): Promise<void>;
  /** Ends the process, at once with SIGKILL, until a `restart`. */
  halt(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** A new process on the same port. All state (queues, messages) is gone, but that of Kafka. Resolves when it is healthy. */
  restart(): Promise<void>;
}

/** The back end cannot be had here. The message is one line: why, and how to get it. */
export class BackendUnavailable extends Error {
  override readonly name = 'BackendUnavailable';
  readonly backend: BackendName;

  constructor(backend: BackendName, message: string, options?: ErrorOptions) {
    super(message, options);
    this.backend = backend;
  }
}

/** Where a missing back end is a failure and not a reason to skip. */
export function isCi(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['CI'] === 'true' || env['CI'] === '1';
}
