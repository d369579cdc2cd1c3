import { resolve } from 'node:path';
import { ConfigError, type ConfigProblem, kindOf, type Logger, nearest } from '../../../src/index.ts';
import { findCommand, findHandler, isFolder, type Program, programOfHandler } from './program.ts';

/** What every process target may be given. */
interface SharedProcessOptions {
  /** Where the process runs and where relative paths start; default: the working directory. */
  readonly cwd?: string | undefined;
  /** Environment of the processes, beside what the Runtime API prescribes. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Names of variables of this process that its functions get too, such as `AWS_PROFILE`. Others are not handed on, but for PATH, HOME, TZ and their like. */
  readonly inheritEnv?: readonly string[] | undefined;
  /** Processes that may live at once; 1..1000, default 10. An engine begins no more invocations of the function at once. */
  readonly maxProcesses?: number | undefined;
  /** An idle process is ended after so many seconds; 0.1..86400, default 300. */
  readonly idleSeconds?: number | undefined;
  /** A process that has not asked for its first invocation after so many seconds is ended; 0.1..900, default 10. */
  readonly initSeconds?: number | undefined;
  /** Between SIGTERM and SIGKILL, ms; 0..60000, default 500. */
  readonly killGraceMs?: number | undefined;
  /** What the function is told of its memory, MB; 64..32768, default 128. Nothing enforces it. */
  readonly memorySize?: number | undefined;
  /** Largest answer that is taken, bytes; 1..67108864, default 6291456 (6 MB). */
  readonly maxResponseBytes?: number | undefined;
  /** For development: processes of a handler start anew when a file beside or below it changes. Default false. */
  readonly watch?: boolean | undefined;
  /** Gets what the function prints, and START, END and REPORT. Default: what it prints goes to where this process prints. */
  readonly logger?: Logger | undefined;
}

/** A function in Node: our bootstrap runs it. */
export interface HandlerProcessOptions extends SharedProcessOptions {
  /** File and export: `./orders.mjs#handler`, or as on Lambda `orders.handler`. */
  readonly handler: string;
  /** Flags of Node, such as `--enable-source-maps`. */
  readonly nodeArgs?: readonly string[] | undefined;
  readonly command?: never;
}

/** A function in any language: a program that speaks the Lambda Runtime API at AWS_LAMBDA_RUNTIME_API. */
export interface CommandProcessOptions extends SharedProcessOptions {
  /** Program and arguments, such as `['python3', '-m', 'awslambdaric', 'app.handler']`. No shell is involved. */
  readonly command: readonly [string, ...string[]];
  readonly handler?: never;
}

/** A function that runs in processes of its own. */
export type ProcessTargetOptions = HandlerProcessOptions | CommandProcessOptions;

/** The same, complete. */
export interface ResolvedProcessTarget {
  readonly program: Program;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly maxProcesses: number;
  readonly idleMs: number;
  readonly initMs: number;
  readonly killGraceMs: number;
  readonly memorySize: number;
  readonly maxResponseBytes: number;
  readonly logger: Logger | undefined;
  /** The folder whose changes end processes. */
  readonly watched: string | undefined;
}

const FIELDS = [
  'command',
  'handler',
  'cwd',
  'env',
  'inheritEnv',
  'maxProcesses',
  'idleSeconds',
  'initSeconds',
  'killGraceMs',
  'memorySize',
  'maxResponseBytes',
  'logger',
  'nodeArgs',
  'watch',
];

/** Set by the target itself; Lambda reserves them too. */
const RESERVED = /^(AWS_LAMBDA_.*|_HANDLER|LAMBDA_TASK_ROOT|_X_AMZN_TRACE_ID)$/;
const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

type Given = Readonly<Record<string, unknown>>;

/** Checks everything, looks for the files, and names every problem at once. @throws ConfigError */
export function resolveProcessTarget(options: ProcessTargetOptions): ResolvedProcessTarget {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    refuseAll([{ field: 'processTarget', message: 'must be an object with a command or a handler' }]);
  }
  const fields = given as Given;
  const problems: ConfigProblem[] = [];
  for (const field of Object.keys(fields)) if (!FIELDS.includes(field)) problems.push({ field, message: unknown(field) });
  const cwd = folderOf(fields['cwd'], problems);
  const env = { ...inherited(fields['inheritEnv'], problems), ...environment(fields['env'], problems) };
  const program = programOf(fields, cwd, env, problems);
  const isWatched = flag('watch', fields['watch'], problems);
  if (isWatched && fields['command'] !== undefined)
    problems.push({ field: 'watch', message: 'needs a handler: the files of a command are not known; take it out' });
  const resolved = {
    cwd,
    env,
    maxProcesses: whole('maxProcesses', fields['maxProcesses'], [1, 1_000, 10], problems),
    idleMs: seconds('idleSeconds', fields['idleSeconds'], [0.1, 86_400, 300], problems),
    initMs: seconds('initSeconds', fields['initSeconds'], [0.1, 900, 10], problems),
    killGraceMs: whole('killGraceMs', fields['killGraceMs'], [0, 60_000, 500], problems),
    memorySize: whole('memorySize', fields['memorySize'], [64, 32_768, 128], problems),
    maxResponseBytes: whole('maxResponseBytes', fields['maxResponseBytes'], [1, 67_108_864, 6_291_456], problems),
    logger: loggerOf(fields['logger'], problems),
  };
  if (program === undefined || problems.length > 0) refuseAll(problems);
  return { ...resolved, program, watched: isWatched ? program.folder : undefined };
}

function refuseAll(problems: readonly ConfigProblem[]): never {
  throw new ConfigError(problems);
}

function unknown(field: string): string {
  const meant = nearest(field, FIELDS);
  return `is no option of a process target; ${meant === undefined ? `known are ${FIELDS.join(', ')}` : `did you mean ${meant}?`}`;
}

function programOf(given: Given, cwd: string, env: Readonly<Record<string, string>>, problems: ConfigProblem[]): Program | undefined {
  const { command, handler } = given;
  if ((command === undefined) === (handler === undefined)) {
    const both = 'has a command and a handler; a function is one or the other, take one out';
    const none =
      "must have a handler, such as './orders.mjs#handler', or a command, such as ['python3', '-m', 'awslambdaric', 'app.handler']";
    problems.push({ field: 'processTarget', message: command === undefined ? none : both });
    return undefined;
  }
  try {
    if (handler !== undefined) return programOfHandler(findHandler(handler, cwd), textsOf('nodeArgs', given['nodeArgs'], problems));
    if (given['nodeArgs'] !== undefined) problems.push({ field: 'nodeArgs', message: 'are for a handler; write them into the command' });
    return findCommand(command, cwd, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function folderOf(value: unknown, problems: ConfigProblem[]): string {
  if (value === undefined) return process.cwd();
  if (typeof value !== 'string' || value === '') {
    problems.push({ field: 'cwd', message: `must be the path of a folder, but is ${kindOf(value)}` });
    return process.cwd();
  }
  const folder = resolve(value);
  if (!isFolder(folder)) problems.push({ field: 'cwd', message: `there is no folder ${folder}` });
  return folder;
}

function environment(value: unknown, problems: ConfigProblem[]): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.push({ field: 'env', message: `must be an object of names and texts, but is ${kindOf(value)}` });
    return {};
  }
  const entries = Object.entries(value as Given).filter(([name, text]) => {
    const field = `env.${name}`;
    const fault = nameFault(name) ?? (typeof text === 'string' ? undefined : `must be a text, but is a ${typeof text}`);
    if (fault !== undefined) problems.push({ field, message: fault });
    else if ((text as string).includes('\0')) problems.push({ field, message: 'holds a zero byte, which no environment can' });
    return fault === undefined;
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function inherited(value: unknown, problems: ConfigProblem[]): Record<string, string> {
  const names = textsOf('inheritEnv', value, problems);
  for (const name of names) {
    const fault = nameFault(name);
    if (fault !== undefined) problems.push({ field: 'inheritEnv', message: `${name}: ${fault}` });
  }
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}

function nameFault(name: string): string | undefined {
  if (!VARIABLE_NAME.test(name)) return 'is no name of a variable; use letters, digits and _';
  return RESERVED.test(name) ? 'is set by the target itself; take it out' : undefined;
}

function textsOf(field: string, value: unknown, problems: ConfigProblem[]): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one): one is string => typeof one === 'string')) return value;
  problems.push({ field, message: `must be a list of texts, but is ${kindOf(value)}` });
  return [];
}

function loggerOf(value: unknown, problems: ConfigProblem[]): Logger | undefined {
  const methods = ['debug', 'info', 'warn', 'error'] as const;
  const isLogger = typeof value === 'object' && value !== null && methods.every((name) => typeof (value as Given)[name] === 'function');
  if (value !== undefined && !isLogger)
    problems.push({ field: 'logger', message: `must be a pino instance or one like it, but is ${kindOf(value)}` });
  return value as Logger | undefined;
}

function flag(field: string, value: unknown, problems: ConfigProblem[]): boolean {
  if (value !== undefined && typeof value !== 'boolean')
    problems.push({ field, message: `must be true or false, but is ${kindOf(value)}` });
  return value === true;
}

type Range = readonly [least: number, most: number, otherwise: number];

function whole(field: string, value: unknown, range: Range, problems: ConfigProblem[]): number {
  return numeric(field, value, { range, isFit: Number.isInteger, what: 'a whole number' }, problems);
}

/** In milliseconds. */
function seconds(field: string, value: unknown, range: Range, problems: ConfigProblem[]): number {
  return 1_000 * numeric(field, value, { range, isFit: Number.isFinite, what: 'a number of seconds' }, problems);
}

interface Numeric {
  readonly range: Range;
  readonly isFit: (value: number) => boolean;
  readonly what: string;
}

function numeric(field: string, value: unknown, { range, isFit, what }: Numeric, problems: ConfigProblem[]): number {
  const [least, most, otherwise] = range;
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && isFit(value) && value >= least && value <= most) return value;
  const must = `must be ${what} from ${String(least)} to ${String(most)}`;
  problems.push({ field, message: `${must}, but is ${kindOf(value)}; leave it out for ${String(otherwise)}` });
  return otherwise;
}
