import { Argument, type Command, InvalidArgumentError } from 'commander';
import { EXIT } from '../exit-code.ts';
import { type Tell, told } from './command.ts';
import { DaemonPages } from './daemon-pages.ts';
import { daemonPlace, PLACE_HELP, type PlaceOptions, withEndpoint } from './daemon-place.ts';
import { bodiesOf } from './send-input.ts';
import { PARTS, type PartKind, Sending } from './send-work.ts';

const EXIT_CODES = `
Exit codes: 0 all are taken; 1 refused, or nobody answers: how many were taken before is told; 2 wrong arguments or input.`;

interface SendOptions extends PlaceOptions {
  readonly file?: string;
  readonly whole?: boolean;
  readonly key?: string;
  readonly keyFrom?: string;
  readonly deduplicationId?: string;
  readonly delay?: string;
  readonly partition?: string;
  readonly hashKey?: string;
  readonly json?: boolean;
}

/** Adds `millrace send`. */
export function addSend(program: Command, tell: Tell): void {
  const send = program
    .command('send')
    .description('put messages or records into an embedded queue, stream or topic of a running daemon, one after the other')
    .addArgument(new Argument('<kind>', 'where to').choices(Object.keys(PARTS)))
    .argument('<name>', 'its name in the configuration')
    .argument('[bodies...]', 'what to send; without any, and without --file, every line of standard input is one');
  withEndpoint(send)
    .option('--file <file>', 'send the lines of a file, one each; - for standard input')
    .option('--whole', 'send the whole of --file or of standard input as one')
    .option('--key <text>', 'message group id of a FIFO queue, partition key of a stream, key of a topic')
    .option('--key-from <field>', 'take the key from this field of each body, which is JSON; a.b is b in a')
    .option('--deduplication-id <id>', 'of one message of a FIFO queue')
    .option('--delay <seconds>', 'queues: until the message can be seen, 0 to 900', whole)
    .option('--partition <number>', 'topics: which partition', whole)
    .option('--hash-key <number>', 'streams: ExplicitHashKey', whole)
    .option('--json', 'a line of JSON for each: what the daemon answered')
    .addHelpText('after', `${PLACE_HELP}\n${EXIT_CODES}`)
    .showHelpAfterError('(millrace send --help shows what can be said)')
    .action((kind: PartKind, name: string, bodies: string[], given: SendOptions, command: Command) => {
      const fault = faultOf(kind, bodies, given);
      if (fault !== undefined) command.error(`error: ${fault}`);
      const { file, whole: isWhole = false, key, keyFrom } = given;
      tell(
        told('send', async (parts) => {
          const { stdin, stdout, stderr, catalog, environment } = parts;
          const pages = new DaemonPages(daemonPlace(given, environment), catalog.clock);
          const where = { kind, name, key, keyFrom, query: queryOf(given), isJson: given.json ?? false };
          const sending = new Sending(where, { pages, clock: catalog.clock, stdout, stderr });
          await sending.all(bodiesOf({ bodies, file, isWhole }, stdin));
          return EXIT.clean;
        }),
      );
    });
}

function whole(text: string): string {
  if (!/^\d{1,39}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return text;
}

/** Options that only one kind has. */
const OWN = { queue: ['delay', 'deduplicationId'], stream: ['hashKey'], topic: ['partition'] } as const;

function faultOf(kind: PartKind, bodies: readonly string[], given: SendOptions): string | undefined {
  const { file, whole: isWhole = false, key, keyFrom } = given;
  if (bodies.length > 0 && (file !== undefined || isWhole))
    return 'bodies are given and read at once; take --file and --whole out, or the bodies';
  if (key !== undefined && keyFrom !== undefined) return '--key and --key-from say the same; take one out';
  if (kind === 'stream' && key === undefined && keyFrom === undefined)
    return 'a record of a stream has a partition key; give --key or --key-from';
  for (const [other, names] of Object.entries(OWN)) {
    const foreign = other === kind ? undefined : names.find((name) => given[name] !== undefined);
    if (foreign !== undefined)
      return `--${foreign.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is for a ${other}; take it out`;
  }
  return undefined;
}

function queryOf({ deduplicationId, delay, partition, hashKey }: SendOptions): Readonly<Record<string, string>> {
  return {
    ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
    ...(delay === undefined ? {} : { DelaySeconds: delay }),
    ...(partition === undefined ? {} : { Partition: partition }),
    ...(hashKey === undefined ? {} : { ExplicitHashKey: hashKey }),
  };
}
