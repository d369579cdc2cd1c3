import { FUNCTION_FIELDS } from '../engine/index.ts';
import { kindOf } from '../mapping/index.ts';
import type { FileFields } from './file-fields.ts';
import { findHandler, type HandlerFile } from './handler-file.ts';
import type { Problems } from './problems.ts';

/** A function of the file. */
export interface FunctionPlan {
  readonly name: string;
  /** Where it stands in the file. */
  readonly at: string;
  readonly target: { readonly kind: 'handler'; readonly handler: HandlerFile } | { readonly kind: 'http'; readonly url: string };
  /** Timeout and ReservedConcurrentExecutions as the engine takes them. */
  readonly settings: { readonly timeout?: number; readonly reservedConcurrentExecutions?: number };
}

type FunctionFields = NonNullable<FileFields['functions']>[string];

/** Checks the functions of the file; finds their files and loads none. */
export function planFunctions(given: NonNullable<FileFields['functions']>, folder: string, problems: Problems): FunctionPlan[] {
  return Object.entries(given).flatMap(([name, fields]) => {
    const at = `functions.${name}`;
    if (!FUNCTION_FIELDS.shape.name.safeParse(name).success) {
      problems.add(at, `must be named by 1 to 64 letters, digits, - and _, but is ${kindOf(name)}`);
    }
    const target = problems.try(() => targetOf(fields, at, folder, problems));
    return target === undefined ? [] : [{ name, at, target, settings: settingsOf(fields) }];
  });
}

function targetOf(fields: FunctionFields, at: string, folder: string, problems: Problems): FunctionPlan['target'] | undefined {
  const { Handler, Url } = fields;
  if (Handler !== undefined && Url !== undefined) problems.add(at, 'has a Handler and a Url; a function is one or the other, take one out');
  else if (Handler !== undefined) return { kind: 'handler', handler: findHandler(Handler, folder, `${at}.Handler`) };
  else if (Url !== undefined) return { kind: 'http', url: Url };
  else problems.add(at, 'must have a Handler, such as ./file.mjs#handler, or a Url, such as http://127.0.0.1:8080/');
  return undefined;
}

function settingsOf(fields: FunctionFields): FunctionPlan['settings'] {
  const { Timeout: timeout, ReservedConcurrentExecutions: reserved } = fields;
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
  };
}
