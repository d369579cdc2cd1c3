import { ConfigError, SourceError } from '../contract/index.ts';
import { type CoreEngine, parseFunctionName } from '../engine/index.ts';
import { TOPIC_TIMEOUT_SECONDS_MAX } from '../mapping/index.ts';
import { type MappingDefinition, partsOfFunctionArn, ResourceRefusal, refuseValue } from '../resource/index.ts';
import { arnOf, EMBEDDED_REGION } from './arn.ts';
import type { FunctionDirectory } from './catalog.ts';
import { closeOpen, type OpeningContext, openDefinition } from './control-opening.ts';
import { NO_QUEUE, noStream, sourceText } from './control-texts.ts';
import type { OpenMapping } from './open-mappings.ts';
import { placeOf } from './place.ts';
import { tooSlow } from './plan-topic-time.ts';

/** A function that mappings may name. */
export interface KnownFunction {
  readonly arn: string;
  readonly timeoutSeconds: number;
  /** It is one of this engine. */
  readonly isHere?: boolean;
}

/** Finds functions by name: those of the engine, and those of Lambda where the daemon knows one. */
export class FunctionFinder {
  readonly #engine: CoreEngine;
  readonly #context: OpeningContext;
  #directory: Promise<FunctionDirectory> | undefined;

  constructor(engine: CoreEngine, context: OpeningContext) {
    this.#engine = engine;
    this.#context = context;
  }

  /** Throws a ResourceRefusal when there is no such function. */
  async find(functionName: string): Promise<KnownFunction> {
    const here = this.#engine.findFunction(functionName);
    if (here !== undefined) return { arn: here.arn, timeoutSeconds: here.timeoutMs / 1000, isHere: true };
    const found = this.#isHere(functionName) ? undefined : await this.#findElsewhere(functionName);
    return found ?? refuseValue('Function does not exist');
  }

  async close(): Promise<void> {
    await (await this.#directory)?.close();
  }

  /** A version or alias that a registered function does not have is nowhere else. */
  #isHere(functionName: string): boolean {
    const { config } = this.#context;
    const name = parseFunctionName(functionName);
    if (config.places.lambda === 'no' || typeof name === 'string') return true;
    const { region = config.places.region, account = config.places.accountId } = name;
    return region === config.places.region && account === config.places.accountId && config.known.functions.includes(name.name);
  }

  async #findElsewhere(functionName: string): Promise<KnownFunction | undefined> {
    const { catalog, config } = this.#context;
    this.#directory ??= catalog.functions.lambda(placeOf(config.aws, 'lambda', config.lambda).settings);
    try {
      const directory = await this.#directory;
      return await directory.find(functionName);
    } catch (error) {
      // It was never made.
      if (error instanceof ConfigError) this.#directory = undefined;
      if (error instanceof SourceError || error instanceof ConfigError) {
        throw new ResourceRefusal('ServiceException', `The function could not be looked up: ${error.message}`);
      }
      throw error;
    }
  }
}

/**
 * Makes the parts of a mapping and asks its source whether it is there, as AWS does before it answers. Throws a ResourceRefusal in
 * the words of the source. `undefined`: they cannot be made yet, and the mapping is to be kept all the same.
 */
export async function openChecked(
  definition: MappingDefinition,
  target: KnownFunction,
  context: OpeningContext,
): Promise<OpenMapping | undefined> {
  refuseMissingEmbedded(definition, context);
  const opened = await openOrRefuse(definition, context);
  if (opened === undefined) return undefined;
  try {
    await describe(opened, definition, target);
    return opened;
  } catch (error) {
    await closeOpen(opened);
    throw error;
  }
}

/** Makes the parts of a mapping, asks nobody, and closes them. Throws a ResourceRefusal for what could not be carried out. */
export async function checkOpening(definition: MappingDefinition, context: OpeningContext): Promise<void> {
  const opened = await openOrRefuse(definition, context);
  if (opened !== undefined) await closeOpen(opened);
}

function refuseMissingEmbedded(definition: MappingDefinition, { embedded }: OpeningContext): void {
  const { region, resource, service } = arnOf(definition.fields.EventSourceArn ?? '');
  if (region !== EMBEDDED_REGION) return;
  if (service === 'sqs' && !embedded.queues.has(resource)) refuseValue(NO_QUEUE);
  if (service === 'kinesis' && !embedded.streams.has(resource.replace(/^stream\//, ''))) refuseValue(noStream(definition));
}

async function openOrRefuse(definition: MappingDefinition, context: OpeningContext): Promise<OpenMapping | undefined> {
  try {
    return await openDefinition(definition, context);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // A cluster of MSK is kept until its brokers are known; its state says why it does not work.
    if (definition.source === 'msk') return undefined;
    const texts = error.problems.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
    return refuseValue(texts.join('; '));
  }
}

async function describe(opened: OpenMapping, definition: MappingDefinition, target: KnownFunction): Promise<void> {
  try {
    if (opened.discipline === 'queue') {
      const { visibilityTimeoutSeconds: visibility } = await opened.source.describe();
      const { timeoutSeconds: timeout } = target;
      if (visibility < timeout) {
        refuseValue(`Queue visibility timeout: ${String(visibility)} seconds is less than Function timeout: ${String(timeout)} seconds`);
      }
    } else if (opened.discipline === 'stream') await opened.source.describe();
    // AWS looks for the brokers of a topic later, from inside its network.
    else if (target.isHere === true && target.timeoutSeconds > TOPIC_TIMEOUT_SECONDS_MAX) {
      refuseValue(tooSlow(partsOfFunctionArn(target.arn).name, target.timeoutSeconds));
    }
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    refuseValue(sourceText(error, definition), error.message);
  }
}
