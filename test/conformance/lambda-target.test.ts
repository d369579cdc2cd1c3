import { lambda } from '../../adapters/target/lambda/index.ts';
import { type LambdaAnswer, LambdaStub } from '../support/lambda-stub.ts';
import { type Reply, targetSuite } from './target-suite.ts';

targetSuite(
  'AWS Lambda',
  async (script) => {
    const stub = await LambdaStub.start(async ({ body }) => answerTo(await script(JSON.parse(body), 'id-of-lambda')));
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const target = lambda({ functionName: 'orders', endpoint: stub.endpoint, region: 'eu-central-1', credentials });
    return {
      target,
      dispose: async () => {
        await target.close();
        await stub.close();
      },
    };
  },
  { nothing: '', refuses: true, endsWith: 'connection', tellsRequestId: false },
);

function answerTo(reply: Reply): LambdaAnswer {
  switch (reply.kind) {
    case 'payload':
      return { kind: 'payload', text: reply.value === undefined ? '' : JSON.stringify(reply.value) };
    case 'error':
      return { kind: 'payload', functionError: 'Unhandled', text: JSON.stringify({ errorType: reply.name, errorMessage: reply.message }) };
    case 'throttled':
      return {
        kind: 'refusal',
        status: 429,
        code: 'TooManyRequestsException',
        headers: { 'retry-after': String(reply.retryAfterSeconds) },
      };
    case 'service-error':
      return { kind: 'refusal', status: 500, code: 'ServiceException' };
    case 'terminal':
      return { kind: 'refusal', status: 404, code: 'ResourceNotFoundException' };
  }
}
