/** The calls for event source mappings, made with the SDK. */
import type * as Sdk from '@aws-sdk/client-lambda';
import { SourceError } from '../../../src/index.ts';
import { clientConfig } from '../../shared/aws-connection.ts';
import { codeMap, toSourceError } from '../../shared/aws-errors.ts';

/** Where the API is, and who asks. */
export interface MappingClientOptions {
  readonly endpoint: string;
  /** What requests are signed for. */
  readonly region: string;
  /** Whether requests are signed, with what the SDK's chain finds; otherwise they carry no signature. */
  readonly isSigned: boolean;
}

/** A mapping as the API shows it. */
export type MappingAnswer = Readonly<Record<string, unknown>>;

/** Event source mappings over the API. Requests have AWS's fields. What fails is a SourceError with the service's code and text. */
export interface MappingClient {
  create(request: MappingAnswer): Promise<MappingAnswer>;
  get(uuid: string): Promise<MappingAnswer>;
  /** Every page. */
  list(filter: { readonly EventSourceArn?: string | undefined; readonly FunctionName?: string | undefined }): Promise<MappingAnswer[]>;
  update(uuid: string, request: MappingAnswer): Promise<MappingAnswer>;
  delete(uuid: string): Promise<MappingAnswer>;
  /** Idempotent. */
  close(): void;
}

const CODES = codeMap({
  'not-found': ['ResourceNotFoundException'],
  invalid: ['InvalidParameterValueException', 'ValidationException', 'ResourceConflictException', 'ResourceInUseException'],
});
/** As long as a daemon may take to look at a function and a source that are slow. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Makes a client; the SDK is loaded with it, and nothing is called yet. */
export async function mappingClient({ endpoint, region, isSigned }: MappingClientOptions): Promise<MappingClient> {
  const sdk = await import('@aws-sdk/client-lambda');
  const client = new sdk.LambdaClient({
    ...clientConfig({ endpoint, region, requestTimeoutMs: REQUEST_TIMEOUT_MS }),
    ...(isSigned ? {} : UNSIGNED),
  });
  return {
    create: (request) =>
      called(
        'CreateEventSourceMapping',
        client.send(new sdk.CreateEventSourceMappingCommand(inputOf(request) as object as Sdk.CreateEventSourceMappingRequest)),
      ),
    get: (uuid) => called('GetEventSourceMapping', client.send(new sdk.GetEventSourceMappingCommand({ UUID: uuid }))),
    list: async (filter) => {
      const found: MappingAnswer[] = [];
      let marker: string | undefined;
      do {
        const page: Sdk.ListEventSourceMappingsResponse = await called(
          'ListEventSourceMappings',
          client.send(new sdk.ListEventSourceMappingsCommand({ ...filter, ...(marker === undefined ? {} : { Marker: marker }) })),
        );
        found.push(...(page.EventSourceMappings ?? []).map(({ ...mapping }) => mapping));
        marker = page.NextMarker;
      } while (marker !== undefined && marker !== '');
      return found;
    },
    update: (uuid, request) =>
      called('UpdateEventSourceMapping', client.send(new sdk.UpdateEventSourceMappingCommand({ ...inputOf(request), UUID: uuid }))),
    delete: (uuid) => called('DeleteEventSourceMapping', client.send(new sdk.DeleteEventSourceMappingCommand({ UUID: uuid }))),
    close: () => {
      client.destroy();
    },
  };
}

/** A daemon without credentials takes requests without a signature; one that has some says what is missing. */
const UNSIGNED = {
  credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
  signer: { sign: <Request>(request: Request): Promise<Request> => Promise.resolve(request) },
};

/** The API has epoch seconds, the SDK dates. */
function inputOf(request: MappingAnswer): MappingAnswer {
  const { StartingPositionTimestamp: at } = request;
  return typeof at === 'number' ? { ...request, StartingPositionTimestamp: new Date(at * 1000) } : request;
}

async function called<Answer extends Sdk.__MetadataBearer>(name: string, answer: Promise<Answer>): Promise<Omit<Answer, '$metadata'>> {
  try {
    const { $metadata: _metadata, ...rest } = await answer;
    return rest;
  } catch (thrown) {
    const { kind, code, message } = toSourceError(thrown, name, CODES);
    // The service's own text, without the operation.
    throw new SourceError(kind, code, message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message, { cause: thrown });
  }
}
