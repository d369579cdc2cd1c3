import { handler } from '../../adapters/target/function/index.ts';
import { targetSuite } from './target-suite.ts';

targetSuite(
  'function in process',
  (script) => {
    const target = handler(async (event, context) => {
      const reply = await script(event, context.awsRequestId);
      if (reply.kind === 'payload') return reply.value;
      const error = new Error(reply.kind === 'error' ? reply.message : reply.kind);
      error.name = reply.kind === 'error' ? reply.name : 'Unscripted';
      throw error;
    });
    return Promise.resolve({ target, dispose: () => target.close() });
  },
  { nothing: 'null', refuses: false, endsWith: 'function' },
);
