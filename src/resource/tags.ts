import { TAGS } from './fields.ts';
import { pattern, readShape, type StructureShape } from './model.ts';
import { ResourceRefusal, refuseValue } from './refusal.ts';

/** How many tags a mapping may have. */
const TAGS_MAX = 50;

const TAGGABLE = pattern(
  String.raw`arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})`,
  String.raw`arn:(aws[a-zA-Z-]*):lambda:[a-z0-9-]+:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})`,
);

const RESOURCE = { kind: 'text', min: 1, max: 10_000, pattern: TAGGABLE } as const;
const TAG: StructureShape = { kind: 'structure', members: { Resource: RESOURCE, Tags: TAGS }, required: ['Resource', 'Tags'] };
const UNTAG: StructureShape = {
  kind: 'structure',
  members: { Resource: RESOURCE, TagKeys: { kind: 'list', of: { kind: 'text', min: 1, max: 128 } } },
  required: ['Resource', 'TagKeys'],
};
const LIST: StructureShape = { kind: 'structure', members: { Resource: RESOURCE }, required: ['Resource'] };

/** Tags by key. */
export type Tags = Readonly<Record<string, string>>;

/** Checks a request of the tag API and gives the UUID that its ARN names. Throws a {@link ResourceRefusal}. */
export function readTagged(resource: string): string {
  readShape(LIST, { Resource: resource });
  return uuidOf(resource);
}

/** TagResource: the UUID, and the tags to be set. Throws a {@link ResourceRefusal}. */
export function readTagResource(resource: string, body: unknown): { readonly uuid: string; readonly tags: Tags } {
  const given = typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as { readonly Tags?: unknown }) : {};
  const { Tags: tags } = readShape(TAG, { Resource: resource, Tags: given.Tags }) as { readonly Tags: Tags };
  if (Object.keys(tags).length === 0) refuseValue('An error occurred and the request cannot be processed.', 'Tags is empty');
  checkTags(tags);
  return { uuid: uuidOf(resource), tags };
}

/** UntagResource: the UUID, and the keys to be taken off. Throws a {@link ResourceRefusal}. */
export function readUntagResource(
  resource: string,
  keys: readonly string[] | undefined,
): { readonly uuid: string; readonly keys: readonly string[] } {
  const { TagKeys } = readShape(UNTAG, { Resource: resource, TagKeys: keys }) as { readonly TagKeys: readonly string[] };
  return { uuid: uuidOf(resource), keys: TagKeys };
}

/** What a mapping that is not there is told as. */
export function mappingNotFound(resource: string): ResourceRefusal {
  return new ResourceRefusal('ResourceNotFoundException', `Event source mapping not found: ${resource}`);
}

/** `before` with `more`, which wins. Throws a {@link ResourceRefusal} when there would be too many. */
export function addTags(before: Tags, more: Tags): Tags {
  const tags = { ...before, ...more };
  checkTags(tags);
  return tags;
}

/** Refuses more tags than there may be, and keys that are AWS's. */
export function checkTags(tags: Tags): void {
  const keys = Object.keys(tags);
  if (keys.length > TAGS_MAX) refuseValue('Number of tags exceeds resource tag limit.');
  if (keys.some((key) => key.toLowerCase().startsWith('aws:'))) refuseValue('Tag keys that begin with aws: are reserved.');
}

function uuidOf(resource: string): string {
  const [, , , , , kind, id = ''] = resource.split(':');
  if (kind === 'event-source-mapping') return id;
  const what = kind === 'function' ? 'Function' : 'Code signing configuration';
  throw new ResourceRefusal('ResourceNotFoundException', `${what} not found: ${resource}`, {
    detail: 'Millrace tags event source mappings only',
  });
}
