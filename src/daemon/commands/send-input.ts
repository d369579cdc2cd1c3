import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { text as textOf } from 'node:stream/consumers';
import { refuse } from '../../mapping/index.ts';

/** Where bodies come from. */
export interface InputOptions {
  readonly bodies: readonly string[];
  /** `-` is standard input, and so is none where there are no bodies. */
  readonly file: string | undefined;
  /** One body, not one a line. */
  readonly isWhole: boolean;
}

/** The bodies one after the other, read as they are asked for; empty lines are none. Throws a ConfigError. */
export async function* bodiesOf({ bodies, file = '-', isWhole }: InputOptions, stdin: NodeJS.ReadableStream): AsyncGenerator<string> {
  if (bodies.length > 0) {
    yield* bodies;
    return;
  }
  try {
    const input: NodeJS.ReadableStream = file === '-' ? stdin : createReadStream(file);
    if (isWhole) yield await textOf(input);
    else {
      // An error of the file ends the lines without a word; reading it ends with it.
      let fault: unknown;
      input.once('error', (error) => {
        fault = error;
      });
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) if (line !== '') yield line;
      if (fault instanceof Error) throw fault;
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    refuse('--file', `${JSON.stringify(file.slice(0, 200))} cannot be read (${code}); name a file, or - for standard input`);
  }
}
