import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ConfigError } from '../contract/index.ts';
import { answerFilter, answerFilterLine, type FilterRejection } from '../filter/index.ts';
import { refuse } from '../mapping/index.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

/** What `millrace filter` was told. */
export interface FilterOptions {
  /** A file, or the text itself. */
  readonly pattern: string;
  /** A file, or `-` for standard input. */
  readonly event: string;
  readonly isJson: boolean;
}

/** The most that a pattern or an event may take, bytes: what one invocation may carry. */
const INPUT_BYTES_MAX = 6_291_456;

/** Where a command reads and writes. */
export interface CommandStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
}

/** Says whether an event matches a pattern, and which clause rejected it. Throws a ConfigError for what cannot be read. */
export async function filterOne({ pattern, event, isJson }: FilterOptions, { stdin, stdout }: CommandStreams): Promise<ExitCode> {
  const text = pattern.trimStart().startsWith('{') ? pattern : readInput(pattern, '--pattern');
  const answer = answerFilter(text, event === '-' ? await readAll(stdin, '--event') : readInput(event, '--event'));
  if ('error' in answer) throw new ConfigError([{ field: 'filter', message: answer.error }]);
  if (isJson) stdout.write(`${JSON.stringify(answer)}\n`);
  else if (answer.match) stdout.write('the event matches\n');
  else stdout.write(`the event does not match\n${answer.rejections.map(line).join('')}`);
  return answer.match ? EXIT.clean : EXIT.failed;
}

/** Answers lines of JSON, each with a pattern and an event, by a line of JSON each. */
export async function filterLines({ stdin, stdout }: CommandStreams): Promise<ExitCode> {
  const lines = createInterface({ input: stdin, crlfDelay: Number.POSITIVE_INFINITY });
  let problem: NodeJS.ErrnoException | undefined;
  let goOn = (): void => undefined;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    problem = error;
    goOn();
  });
  stdout.on('drain', () => {
    goOn();
  });
  for await (const line of lines) {
    if (isBroken(problem)) break;
    const answer = answerFilterLine(line);
    if (answer === undefined || stdout.write(`${answer}\n`)) continue;
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  }
  if (!isBroken(problem)) {
    await new Promise<void>((resolve) => {
      stdout.write('', () => {
        resolve();
      });
    });
  }
  // Nobody reads any more (`| head`): that is no trouble.
  if (isBroken(problem) && problem.code !== 'EPIPE') throw problem;
  return EXIT.clean;
}

/** Asked by a function, because what an event sets meanwhile is unknown to the compiler. */
function isBroken(problem: Error | undefined): problem is NodeJS.ErrnoException {
  return problem !== undefined;
}

function readInput(file: string, field: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    refuse(
      field,
      `${JSON.stringify(file.slice(0, 200))} cannot be read (${code}); name a file${field === '--pattern' ? ', or write the JSON text itself' : ', or - for standard input'}`,
    );
  }
  return bounded(bytes, field);
}

async function readAll(stdin: NodeJS.ReadableStream, field: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    length += bytes.length;
    chunks.push(bytes);
    if (length > INPUT_BYTES_MAX) break;
  }
  return bounded(Buffer.concat(chunks), field);
}

function bounded(bytes: Buffer, field: string): string {
  if (bytes.length > INPUT_BYTES_MAX) refuse(field, `is larger than ${String(INPUT_BYTES_MAX)} bytes, which no event can be`);
  return bytes.toString('utf8');
}

function line({ path, reason, pattern, found }: FilterRejection): string {
  const values = found.length === 0 ? 'nothing there' : found.map((value) => JSON.stringify(value)).join(', ');
  return `  ${path === '' ? 'the event' : path}: ${reason} (the pattern allows ${pattern}; the event has ${values})\n`;
}
