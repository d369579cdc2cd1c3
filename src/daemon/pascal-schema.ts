import * as z from 'zod';
import { pascal } from '../mapping/index.ts';

/** The same schema with its fields spelt in PascalCase, AWS's way, at every depth. */
export function pascalSchema(schema: z.ZodType): z.ZodType {
  const spelt = respell(schema);
  return schema.description === undefined ? spelt : spelt.describe(schema.description);
}

/** The fields of an object schema in PascalCase. */
export function pascalShape(schema: z.ZodObject): Record<string, z.ZodType> {
  const shape: Readonly<Record<string, z.ZodType>> = schema.shape;
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [pascal(name), pascalSchema(field)]));
}

function respell(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional) return pascalSchema(schema.unwrap() as z.ZodType).optional();
  if (schema instanceof z.ZodObject) return z.strictObject(pascalShape(schema));
  if (schema instanceof z.ZodArray) return pascalList(schema);
  if (schema instanceof z.ZodUnion) return z.union((schema.options as z.ZodType[]).map(pascalSchema));
  return schema;
}

/** A list of objects in PascalCase, as long as the list may be; of other values nothing is spelt. */
function pascalList(schema: z.ZodArray): z.ZodType {
  const element = schema.element as z.ZodType;
  if (!(element instanceof z.ZodObject)) return schema;
  const { maxItems } = z.toJSONSchema(schema, { io: 'input' }) as { readonly maxItems?: number };
  const list = z.array(pascalSchema(element));
  return maxItems === undefined ? list : list.max(maxItems);
}

/** Fields whose values are the user's own, not ours to spell. */
const VERBATIM: ReadonlySet<string> = new Set(['Pattern']);

/**
 * An object spelt in PascalCase as the engine spells it, at every depth. Fields that are not in PascalCase are told to
 * `onMisspelt` and left out: the engine would take them for what they are not.
 */
export function camelFields(fields: Readonly<Record<string, unknown>>, onMisspelt: (path: string) => void): Record<string, unknown> {
  const camel: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const first = name.charAt(0);
    if (first !== first.toUpperCase()) onMisspelt(name);
    else {
      const key = first.toLowerCase() + name.slice(1);
      camel[key] = VERBATIM.has(name) ? value : camelValue(value, name, onMisspelt);
    }
  }
  return camel;
}

function camelValue(value: unknown, name: string, onMisspelt: (path: string) => void): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown, index) => camelValue(entry, `${name}[${String(index)}]`, onMisspelt));
  if (!isPlainObject(value)) return value;
  return camelFields(value, (path) => {
    onMisspelt(`${name}.${path}`);
  });
}

/** Whether the value is an object with fields. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
