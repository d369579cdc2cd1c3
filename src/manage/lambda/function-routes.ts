import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Outcome } from '../../contract/index.ts';
import { type FoundFunction, parseFunctionName } from '../../engine/index.ts';
import { ResourceRefusal, readFunctionList, refuseValue } from '../../resource/index.ts';
import { answer, done, givenOf, jsonOf, valueOf } from './answers.ts';
import { configurationOf, functionOf, listed } from './function-view.ts';
import type { FunctionApi, LambdaApi } from './types.ts';

const FUNCTIONS = '/2015-03-31/functions';
const TYPES: readonly string[] = ['RequestResponse', 'DryRun', 'Event'];

interface OfFunction {
  Params: { name: string };
}

/** Adds the functions that the engine has, as far as tools need them beside mappings: shown, listed, invoked. */
export function addFunctions(server: FastifyInstance, { functions, since }: LambdaApi): void {
  for (const path of [FUNCTIONS, `${FUNCTIONS}/`]) {
    server.get(path, ({ query }, reply) => answer(reply, 200, page(query, functions, since)));
  }
  server.get<OfFunction>(`${FUNCTIONS}/:name`, (request, reply) => answer(reply, 200, functionOf(named(request, functions), since)));
  server.get<OfFunction>(`${FUNCTIONS}/:name/configuration`, (request, reply) =>
    answer(reply, 200, configurationOf(named(request, functions), since)),
  );
  server.post<OfFunction>(`${FUNCTIONS}/:name/invocations`, async (request, reply) => {
    const { arn } = named(request, functions);
    const type = String(request.headers['x-amz-invocation-type'] ?? 'RequestResponse');
    if (!TYPES.includes(type)) {
      const constraint = `Member must satisfy enum value set: [${TYPES.join(', ')}]`;
      throw new ResourceRefusal(
        'ValidationException',
        `1 validation error detected: Value '${type}' at 'invocationType' failed to satisfy constraint: ${constraint}`,
      );
    }
    if (type === 'Event')
      refuseValue('Unsupported InvocationType Event: Millrace invokes functions synchronously only; use RequestResponse.');
    const event = jsonOf(request, 'InvalidRequestContentException');
    return type === 'DryRun' ? done(reply) : invoke(functions, arn, event, reply);
  });
}

/** The function that path and query name together. Throws a ResourceRefusal. */
function named({ params, query }: FastifyRequest<OfFunction>, functions: FunctionApi): FoundFunction {
  const qualifier = valueOf(query, 'Qualifier');
  const parsed = parseFunctionName(params.name);
  if (typeof parsed === 'string') {
    throw new ResourceRefusal(
      'ValidationException',
      `1 validation error detected: Value '${params.name.slice(0, 200)}' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
    );
  }
  if (qualifier !== undefined && parsed.qualifier !== undefined && parsed.qualifier !== qualifier) {
    refuseValue('The derived qualifier from the function name does not match the specified qualifier.');
  }
  const isAdded = qualifier !== undefined && parsed.qualifier === undefined;
  const found = functions.findFunction(isAdded ? `${params.name}:${qualifier}` : params.name);
  if (found !== undefined) return found;
  const [any] = functions.functions;
  const base = any?.arn.replace(/[^:]*$/, '') ?? 'arn:aws:lambda:us-east-1:000000000000:function:';
  const suffix = qualifier ?? parsed.qualifier;
  const arn = params.name.startsWith('arn:') ? params.name : `${base}${parsed.name}${suffix === undefined ? '' : `:${suffix}`}`;
  throw new ResourceRefusal('ResourceNotFoundException', `Function not found: ${arn}`);
}

function page(query: unknown, functions: FunctionApi, since: number): object {
  const { withVersions, from, maxItems } = readFunctionList(givenOf(query, ['FunctionVersion', 'Marker', 'MaxItems']));
  const all = listed(functions.functions, withVersions);
  const next = from + maxItems;
  return {
    Functions: all.slice(from, next).map((one) => configurationOf(one, since)),
    ...(next < all.length ? { NextMarker: String(next) } : {}),
  };
}

async function invoke(functions: FunctionApi, arn: string, event: unknown, reply: FastifyReply): Promise<FastifyReply> {
  const answered = await functions.invoke(arn, event);
  if (answered === undefined) throw new ResourceRefusal('ResourceNotFoundException', `Function not found: ${arn}`);
  if (answered.kind === 'no-credit') {
    const reason = answered.isReserved ? 'ReservedFunctionConcurrentInvocationLimitExceeded' : 'ConcurrentInvocationLimitExceeded';
    throw new ResourceRefusal('TooManyRequestsException', 'Rate Exceeded.', { reason });
  }
  const { outcome, requestId, version } = answered;
  const { payload, isError } = payloadOf(outcome, requestId);
  if (isError) void reply.header('x-amz-function-error', 'Unhandled');
  return reply
    .code(200)
    .header('x-amzn-requestid', requestId)
    .header('x-amz-executed-version', version)
    .type('application/json')
    .send(payload);
}

/** What Lambda sends back; what is nobody's answer is thrown as a ResourceRefusal. */
function payloadOf(outcome: Outcome, requestId: string): { readonly payload: string; readonly isError: boolean } {
  switch (outcome.kind) {
    case 'success': {
      const text = outcome.text();
      return { payload: text === '' ? 'null' : text, isError: false };
    }
    case 'function-error':
      return { payload: JSON.stringify({ errorMessage: outcome.errorMessage, errorType: outcome.errorType }), isError: true };
    case 'timeout':
      return {
        payload: JSON.stringify({ errorType: 'Sandbox.Timedout', errorMessage: `RequestId: ${requestId} Error: Task timed out` }),
        isError: true,
      };
    case 'throttled':
      throw new ResourceRefusal('TooManyRequestsException', outcome.message, { reason: 'ConcurrentInvocationLimitExceeded' });
    case 'service-error':
    case 'terminal':
      throw new ResourceRefusal('ServiceException', outcome.message);
  }
}
