import { CREATE } from './fields.ts';
import { readShape } from './model.ts';
import { ResourceRefusal } from './refusal.ts';

/** What AWS's framework says of one field of a mapping, whose value is of the right kind; `undefined` when it is as it must be. */
export function fieldFault(name: string, value: unknown): string | undefined {
  const member = CREATE.members[name];
  if (member === undefined) return undefined;
  try {
    readShape({ kind: 'structure', members: { [name]: member } }, { [name]: value });
    return undefined;
  } catch (error) {
    if (error instanceof ResourceRefusal) return error.message;
    throw error;
  }
}
