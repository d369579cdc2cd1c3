import { ConfigError } from '../../contract/index.ts';
import { refuse } from '../../mapping/index.ts';
import type { Catalog, FunctionDirectory } from '../catalog.ts';
import type { CommandParts } from '../commands/command.ts';
import { type DaemonConfig, resolveConfig } from '../config.ts';
import { makeEmbedded } from '../embedded.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { Narrator } from '../narrator.ts';
import { type OpenMapping, openMappings } from '../open-mappings.ts';
import { placeOf } from '../place.ts';
import { Problems } from '../problems.ts';
import { startContent } from '../start-content.ts';
import { askPermissions } from './ask-permissions.ts';
import { askDestination, askFunction, askSource } from './ask-sources.ts';
import { checkBatches, checkConcurrency } from './batch-rules.ts';
import { functionFacts, type SourceFacts, sourceFacts } from './facts.ts';
import { finder, type LintFinding } from './finding.ts';
import { checkQueue } from './queue-rules.ts';
import { type LintReport, reportText } from './report.ts';
import { checkRetries } from './retry-rules.ts';

/** What `millrace check` was told. */
export interface CheckOptions {
  readonly config: readonly string[];
  readonly awsEndpoint: string | undefined;
  /** Asks no source and no function. */
  readonly isOffline: boolean;
  readonly withPermissions: boolean;
  readonly isJson: boolean;
}

/** How many mappings are asked about at once. */
const AT_ONCE = 8;
/** How often is told how far it is, ms. */
const PROGRESS_MS = 1000;

/** Resolves a configuration, judges its mappings and says what it finds. Throws a ConfigError for one that cannot be used. */
export async function checkConfig(options: CheckOptions, { catalog, environment, stdout, stderr }: CommandParts): Promise<ExitCode> {
  const { config: files, awsEndpoint, isOffline, withPermissions, isJson } = options;
  if (withPermissions && isOffline) refuse('--permissions', 'asks services, which --offline forbids; take one out');
  const content = startContent({ config: files, awsEndpoint, store: undefined, listen: undefined, logLevel: undefined }, environment);
  try {
    const config = resolveConfig(content, catalog.clock.wall());
    const findings = await look(config, catalog, isOffline, stderr);
    if (withPermissions) await askPermissions(config, catalog, findings);
    const report: LintReport = {
      mappings: config.mappings.length,
      findings: findings.map((finding) => ({ ...finding, field: placeIn(finding.field, (error) => content.inFile(error)) })),
    };
    stdout.write(isJson ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    return findings.some(({ severity }) => severity === 'error') ? EXIT.failed : EXIT.clean;
  } catch (error) {
    throw content.inFile(error);
  }
}

/** The field with the file that it stands in, where there are several. */
function placeIn(field: string, inFile: (error: unknown) => unknown): string {
  const error = inFile(new ConfigError([{ field, message: '' }]));
  return error instanceof ConfigError ? (error.problems[0]?.field ?? field) : field;
}

async function look(config: DaemonConfig, catalog: Catalog, isOffline: boolean, stderr: NodeJS.WritableStream): Promise<LintFinding[]> {
  const logger = await catalog.logger({ level: 'silent', pretty: false });
  const problems = new Problems();
  const embedded = await makeEmbedded(catalog, config, new Narrator(logger, false));
  const mappings = await openMappings(config.mappings, { catalog, aws: config.aws, embedded, logger, folder: config.folder, problems });
  problems.throwIfAny();
  const directory = isOffline ? undefined : await directoryOf(config, catalog);
  const { clock } = catalog;
  let toldAt = clock.monotonic();
  const found: LintFinding[][] = [];
  try {
    for (let from = 0; from < mappings.length; from += AT_ONCE) {
      const some = mappings.slice(from, from + AT_ONCE);
      found.push(...(await Promise.all(some.map((mapping) => judge(mapping, { config, catalog, directory, isOffline })))));
      if (clock.monotonic() - toldAt < PROGRESS_MS) continue;
      toldAt = clock.monotonic();
      stderr.write(`checked ${String(found.length)} of ${String(mappings.length)} mappings\n`);
    }
  } finally {
    await close(mappings, directory);
  }
  return found.flat();
}

async function directoryOf(config: DaemonConfig, { functions }: Catalog): Promise<FunctionDirectory | undefined> {
  const isNeeded =
    config.mappings.some(({ isElsewhere }) => isElsewhere) || config.functions.some(({ target }) => target.kind === 'lambda');
  if (!isNeeded) return undefined;
  return functions.lambda(placeOf(config.aws, 'lambda', config.lambda).settings);
}

interface Judging {
  readonly config: DaemonConfig;
  readonly catalog: Catalog;
  readonly directory: FunctionDirectory | undefined;
  readonly isOffline: boolean;
}

async function judge(mapping: OpenMapping, { config, catalog, directory, isOffline }: Judging): Promise<LintFinding[]> {
  const { plan } = mapping;
  const { clock } = catalog;
  const findings: LintFinding[] = [];
  const find = finder(findings, plan.name, plan.at);
  const known = functionFacts(plan, config);
  const remote = plan.isElsewhere ? plan.functionName : known.lambdaName;
  const isAsked = remote !== undefined && directory !== undefined;
  const fn = isAsked ? await askFunction(remote, directory, { clock, facts: known }, find) : known;
  const isHere = plan.source.kind.startsWith('embedded-');
  const own: SourceFacts = isHere || !isOffline ? await askSource(mapping, clock, find) : {};
  const facts = { ...sourceFacts(plan), ...own };
  if (!isOffline) await askDestination(mapping, clock, find);
  checkBatches(plan, fn, find);
  checkConcurrency(plan, fn, facts, find);
  if (plan.discipline === 'queue') checkQueue(plan, fn, facts, find);
  else checkRetries(plan, fn, facts, clock.wall(), find);
  return findings;
}

async function close(mappings: readonly OpenMapping[], directory: FunctionDirectory | undefined): Promise<void> {
  const destinations = mappings.flatMap((mapping) =>
    mapping.discipline === 'queue' || mapping.destination === undefined ? [] : [mapping.destination],
  );
  await Promise.allSettled(
    [...mappings.map(({ source }) => source), ...destinations, ...(directory === undefined ? [] : [directory])].map((one) => one.close()),
  );
}
