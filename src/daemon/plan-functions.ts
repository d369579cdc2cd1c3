import { FUNCTION_FIELDS } from '../engine/index.ts';
import { kindOf } from '../mapping/index.ts';
import type { ProcessPlan } from './catalog.ts';
import type { FileFields } from './file-fields.ts';
import { findHandler, type HandlerFile } from './handler-file.ts';
import { planProcess, refuseProcessFields } from './plan-process.ts';
import type { Problems } from './problems.ts';

/** A function of the file. */
export interface FunctionPlan {
  readonly name: string;
  /** Where it stands in the file. */
  readonly at: string;
  readonly target:
    | { readonly kind: 'handler'; readonly handler: HandlerFile }
    | { readonly kind: 'http'; readonly url: string }
    | { readonly kind: 'process'; readonly options: ProcessPlan };
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
  const { Handler, Url, Command, Process = false } = fields;
  const given = Object.entries({ Handler, Url, Command }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (given.length > 1) {
    problems.add(at, `has a ${given.join(' and a ')}; a function is one or the other, take one out`);
    return undefined;
  }
  const isProcess = Command !== undefined || (Process && Handler !== undefined);
  if (!isProcess) refuseProcessFields(fields, at, problems);
  if (Url !== undefined && Process)
    problems.add(`${at}.Process`, 'is for a Handler; the function behind a Url runs where it is, take it out');
  if (isProcess) return { kind: 'process', options: planProcess(fields, at, folder) };
  if (Handler !== undefined) return { kind: 'handler', handler: findHandler(Handler, folder, `${at}.Handler`) };
  if (Url !== undefined) return { kind: 'http', url: Url };
  problems.add(
    at,
    'must have a Handler, such as ./file.mjs#handler, a Command, such as [python3, -m, awslambdaric, app.handler], or a Url, such as http://127.0.0.1:8080/',
  );
  return undefined;
}

function settingsOf(fields: FunctionFields): FunctionPlan['settings'] {
  const { Timeout: timeout, ReservedConcurrentExecutions: reserved } = fields;
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
  };
}
