import { type NamedFunction, partsOfFunctionArn } from './arns.ts';
import type { MappingDefinition } from './definition.ts';
import { FUNCTION_NAME } from './fields.ts';
import { readShape, type StructureShape } from './model.ts';
import { refuseValue } from './refusal.ts';

/** The most that one page shows, whatever is asked for. */
const PAGE_MAX = 100;

/** The most that one page of functions shows, whatever is asked for. */
const FUNCTIONS_PAGE_MAX = 50;

/** Parameters of a list as they stand in its query. */
export type ListQuery = Readonly<Partial<Record<'EventSourceArn' | 'FunctionName' | 'Marker' | 'MaxItems', string>>>;

/** A list that was asked for. */
export interface ListRequest {
  readonly eventSourceArn: string | undefined;
  readonly functionName: string | undefined;
  /** Behind which mapping it begins. */
  readonly after: Place | undefined;
  readonly maxItems: number;
}

interface Place {
  readonly createdAt: number;
  readonly uuid: string;
}

const LIST: StructureShape = {
  kind: 'structure',
  members: {
    EventSourceArn: { kind: 'text', min: 0, max: 10_000 },
    FunctionName: FUNCTION_NAME,
    MaxItems: { kind: 'whole', min: 1, max: 10_000 },
  },
};

/** Reads the query of a list. Throws a ResourceRefusal. */
export function readList({ EventSourceArn, FunctionName, Marker, MaxItems }: ListQuery): ListRequest {
  readShape(LIST, { EventSourceArn, FunctionName, MaxItems: MaxItems === undefined ? undefined : wholeOf(MaxItems) });
  return {
    eventSourceArn: EventSourceArn,
    functionName: FunctionName,
    after: Marker === undefined || Marker === '' ? undefined : placeOf(Marker),
    maxItems: Math.min(Number(MaxItems ?? PAGE_MAX), PAGE_MAX),
  };
}

/** Parameters of a list of functions as they stand in its query. */
export type FunctionListQuery = Readonly<Partial<Record<'FunctionVersion' | 'Marker' | 'MaxItems', string>>>;

/** A list of functions that was asked for. */
export interface FunctionListRequest {
  /** Each with all its versions. */
  readonly withVersions: boolean;
  /** How many stand before the page. */
  readonly from: number;
  readonly maxItems: number;
}

const FUNCTION_LIST: StructureShape = {
  kind: 'structure',
  members: { FunctionVersion: { kind: 'text', values: ['ALL'] }, MaxItems: { kind: 'whole', min: 1, max: 10_000 } },
};

/** Reads the query of a list of functions. Throws a ResourceRefusal. */
export function readFunctionList({ FunctionVersion, Marker, MaxItems }: FunctionListQuery): FunctionListRequest {
  readShape(FUNCTION_LIST, { FunctionVersion, MaxItems: MaxItems === undefined ? undefined : wholeOf(MaxItems) });
  const marker = Marker === undefined || Marker === '' ? '0' : Marker;
  if (!/^\d{1,9}$/.test(marker)) refuseMarker();
  return {
    withVersions: FunctionVersion !== undefined,
    from: Number(marker),
    maxItems: Math.min(Number(MaxItems ?? FUNCTIONS_PAGE_MAX), FUNCTIONS_PAGE_MAX),
  };
}

function wholeOf(digits: string): number | string {
  return /^-?\d{1,15}$/.test(digits) ? Number(digits) : digits;
}

/** The function of which mappings are listed: what is `undefined` is not compared. */
export type WantedFunction = NamedFunction;

/**
 * One page of `all`, which are in the order of their creation. Functions are told apart by their whole ARN, and by qualifier where one is
 * given.
 */
export function pageOf<Item extends { readonly definition: MappingDefinition }>(
  all: Iterable<Item>,
  { eventSourceArn, after, maxItems }: ListRequest,
  wanted: WantedFunction | undefined,
): { readonly items: readonly Item[]; readonly nextMarker: string | undefined } {
  const items: Item[] = [];
  for (const item of all) {
    const { definition } = item;
    if (after !== undefined && !isBehind(definition, after)) continue;
    if (eventSourceArn !== undefined && definition.fields.EventSourceArn !== eventSourceArn) continue;
    if (wanted !== undefined && !isOf(definition, wanted)) continue;
    if (items.length === maxItems) return { items, nextMarker: markerOf(items.at(-1)?.definition) };
    items.push(item);
  }
  return { items, nextMarker: undefined };
}

function isOf({ functionArn }: MappingDefinition, wanted: WantedFunction): boolean {
  const { name, qualifier, partition, region, account } = partsOfFunctionArn(functionArn);
  if (name !== wanted.name) return false;
  if (wanted.region !== undefined && region !== wanted.region) return false;
  if (wanted.account !== undefined && account !== wanted.account) return false;
  if (wanted.partition !== undefined && partition !== wanted.partition) return false;
  return wanted.qualifier === undefined || qualifier === wanted.qualifier;
}

function isBehind({ createdAt, uuid }: MappingDefinition, after: Place): boolean {
  return createdAt > after.createdAt || (createdAt === after.createdAt && uuid > after.uuid);
}

/** Compares by creation, the UUID telling apart what was created together. */
export function byCreation(one: MappingDefinition, other: MappingDefinition): number {
  return isBehind(one, other) ? 1 : -1;
}

function markerOf(last: MappingDefinition | undefined): string | undefined {
  return last && encodeText(JSON.stringify([last.createdAt, last.uuid]));
}

function placeOf(marker: string): Place {
  const [createdAt, uuid] = decodeMarker(marker);
  return typeof createdAt === 'number' && typeof uuid === 'string' ? { createdAt, uuid } : refuseMarker();
}

function refuseMarker(): never {
  return refuseValue('Invalid Marker.', 'give the NextMarker of the page before as it was');
}

function decodeMarker(marker: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(decodeText(marker));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function encodeText(text: string): string {
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function decodeText(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
}
