import { type Command, Option } from 'commander';
import { refuse } from '../../mapping/index.ts';
import { CREATE, type StructureShape, UPDATE } from '../../resource/index.ts';
import { EXIT } from '../exit-code.ts';
import { type CommandParts, type Task, type Tell, told } from './command.ts';
import { PLACE_HELP, type PlaceOptions, withEndpoint } from './daemon-place.ts';
import { fieldOptions, type Request, readOptions, readRequest } from './mapping-fields.ts';
import { MappingWork, type Outputs } from './mapping-work.ts';

const EXIT_CODES = `
Exit codes: 0 done; 1 refused, told with the API's own code and text, or nobody answers; 2 wrong arguments or input.`;

/** What every command of `mapping` may be told. */
interface CommonOptions extends PlaceOptions {
  readonly output?: 'table' | 'json';
  /** A flag where answers are meant, a file where requests are. */
  readonly json?: boolean | string;
  readonly wait?: boolean;
}

/** Adds `millrace mapping` and its commands. */
export function addMapping(program: Command, tell: Tell): void {
  const mapping = program
    .command('mapping')
    .description('event source mappings of a running daemon, over its API')
    .addHelpText('after', `${PLACE_HELP}\n${EXIT_CODES}`)
    .showHelpAfterError('(millrace mapping --help shows what can be said)');
  addLooks(mapping, tell);
  addCreate(mapping, tell);
  addUpdate(mapping, tell);
  addSwitches(mapping, tell);
}

function addLooks(mapping: Command, tell: Tell): void {
  answering(mapping.command('list').description('all mappings'))
    .option('--EventSourceArn <arn>', 'only those of this source')
    .option('--FunctionName <name>', 'only those of this function')
    .action((given: CommonOptions & { readonly EventSourceArn?: string; readonly FunctionName?: string }) => {
      const { EventSourceArn, FunctionName } = given;
      tell(working('list', given, (work) => work.list({ EventSourceArn, FunctionName })));
    });
  answering(mapping.command('get').description('one mapping, a field a line').argument('<mapping>', 'its UUID or name')).action(
    (which: string, given: CommonOptions) => {
      tell(working('get', given, (work) => work.get(which)));
    },
  );
  answering(
    mapping
      .command('explain')
      .description('what a mapping waits for, shard by shard: since when, its lag, last error, next retry, credits, breaker')
      .argument('<mapping>', 'its UUID or name'),
  ).action((which: string, given: CommonOptions) => {
    tell(working('explain', given, (work) => work.explain(which)));
  });
}

function addCreate(mapping: Command, tell: Tell): void {
  const create = changing(mapping.command('create').description("create a mapping, with AWS's fields"), CREATE);
  create.action((given: CommonOptions & Request) => {
    tell(
      working('create', given, async (work, parts) => {
        const request = await requestOf(CREATE, given, parts);
        return work.create(request, given.wait === true);
      }),
    );
  });
}

function addUpdate(mapping: Command, tell: Tell): void {
  const update = mapping.command('update').description('change fields of a mapping; the others stay as they are');
  changing(update.argument('<mapping>', 'its UUID or name'), UPDATE).action((which: string, given: CommonOptions & Request) => {
    tell(
      working('update', given, async (work, parts) => {
        const request = await requestOf(UPDATE, given, parts);
        return work.update(which, request, given.wait === true);
      }),
    );
  });
}

function addSwitches(mapping: Command, tell: Tell): void {
  const texts = {
    enable: 'let a mapping work again, from where it stopped',
    disable: 'let a mapping finish what is in flight and stop',
    delete: 'let a mapping finish what is in flight and forget it, its position too',
  };
  for (const name of ['enable', 'disable', 'delete'] as const) {
    waiting(answering(mapping.command(name).description(texts[name]).argument('<mapping>', 'its UUID or name'))).action(
      (which: string, given: CommonOptions) => {
        const wait = given.wait === true;
        tell(
          working(name, given, (work) =>
            name === 'delete' ? work.delete(which, wait) : work.update(which, { Enabled: name === 'enable' }, wait),
          ),
        );
      },
    );
  }
}

function answering(command: Command): Command {
  return common(command).option('--json', 'the same as --output json');
}

function changing(command: Command, shape: StructureShape): Command {
  const withFields = common(command).option(
    '--json <file>',
    'the whole request as JSON: a file, or - for standard input; options come on top',
  );
  for (const option of fieldOptions(shape)) withFields.addOption(option);
  return waiting(withFields);
}

function waiting(command: Command): Command {
  return command.option('--wait', 'wait until the change is done; what it waits for is told on standard error');
}

function common(command: Command): Command {
  return withEndpoint(command)
    .option('--region <region>', 'what requests are signed for (default: AWS_REGION, or us-east-1)')
    .addOption(new Option('--output <form>', 'for people, or for programs').choices(['table', 'json']).default('table'))
    .addHelpText('after', EXIT_CODES)
    .showHelpAfterError(`(millrace mapping ${command.name()} --help shows what can be said)`);
}

function working(name: string, given: CommonOptions, ask: (work: MappingWork, parts: CommandParts) => Promise<void>): Task {
  const outputs: Outputs = given.output === 'json' || given.json === true ? 'json' : 'table';
  return told(`mapping ${name}`, async (parts) => {
    const work = await MappingWork.open(given, outputs, parts);
    try {
      await ask(work, parts);
      return EXIT.clean;
    } finally {
      work.close();
    }
  });
}

async function requestOf(shape: StructureShape, given: CommonOptions & Request, { stdin }: CommandParts): Promise<Request> {
  const ofFile = typeof given.json === 'string' ? await readRequest(shape, given.json, stdin) : {};
  const request = { ...ofFile, ...readOptions(shape, given) };
  if (Object.keys(request).length > 0) return request;
  return refuse('fields', 'none are given; name some, such as --BatchSize 5, or a request in --json FILE');
}
