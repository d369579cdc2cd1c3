import type { FoundFunction, FunctionSummary, InvokeAnswer } from '../../engine/index.ts';
import type { ListQuery, Tags } from '../../resource/index.ts';

type Answer = Readonly<Record<string, unknown>>;

/** Event source mappings as the API changes and shows them. What is refused is thrown as a ResourceRefusal. */
export interface MappingApi {
  /** Resolves with the mapping as it was taken; it begins to work afterwards. */
  create(body: unknown): Promise<Answer>;
  list(query: ListQuery): Answer;
  get(uuid: string): Answer;
  update(uuid: string, body: unknown): Promise<Answer>;
  delete(uuid: string): Promise<Answer>;
  tag(resource: string, body: unknown): Promise<void>;
  /** `keys`: `undefined` when the request names none. */
  untag(resource: string, keys: readonly string[] | undefined): Promise<void>;
  tags(resource: string): Tags;
}

/** Functions as the API shows and invokes them; an engine is one. */
export interface FunctionApi {
  readonly functions: readonly FunctionSummary[];
  findFunction(functionName: string): FoundFunction | undefined;
  invoke(functionName: string, event: unknown): Promise<InvokeAnswer | undefined>;
}

/** Lambda's API, as far as it is served. */
export interface LambdaApi {
  readonly mappings: MappingApi;
  readonly functions: FunctionApi;
  /** Wall clock, epoch ms: since when the functions are as they are. */
  readonly since: number;
}
