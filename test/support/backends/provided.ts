/** A running back end for all tests of a run, or the one line that says why there is none. */
export type BackendOffer = { readonly endpoint: string } | { readonly skipped: string };

/** What the global setup hands to the test files; plain data, because it crosses processes. */
export interface ProvidedBackends {
  readonly localstack: BackendOffer;
  readonly 'dynamodb-local': BackendOffer;
  /** Whether a test may start a LocalStack of its own, to freeze or restart it. */
  readonly ownLocalStack: { readonly available: true } | { readonly skipped: string };
  /** Where a test file asks for a Kafka (see kafka-desk.ts). */
  readonly kafkaDesk: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    backends: ProvidedBackends;
  }
}
