import type { SuiteName } from './options.ts';

type Work = (job: string) => Promise<void>;

/** What runs in the measuring process of a suite. */
export const workers: Readonly<Record<SuiteName, () => Promise<{ work: Work }>>> = {
  engine: () => import('./engine-worker.ts'),
  sqs: () => import('./sqs-worker.ts'),
  'streams-engine': () => import('./streams-engine-worker.ts'),
  lanes: () => import('./lanes-worker.ts'),
  memory: () => import('./memory-worker.ts'),
  kinesis: () => import('./stream-worker.ts'),
  'dynamodb-streams': () => import('./stream-worker.ts'),
  kafka: () => import('./stream-worker.ts'),
  filter: () => import('./filter-worker.ts'),
  targets: () => import('./targets-worker.ts'),
  api: () => import('./api-worker.ts'),
};
