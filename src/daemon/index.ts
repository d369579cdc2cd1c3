/**
 * The command `millrace`: from a configuration file to running mappings and back to an orderly end.
 *
 * - run-daemon.ts     the command as a whole, and its exit code
 * - command-line.ts   arguments
 * - commands/         all commands but what start does
 * - lint/             what check says of mappings
 * - filter-command.ts  patterns and events from files and standard input
 * - read-file.ts      YAML or JSON from disk
 * - file-fields.ts    the schema of the file
 * - pascal-schema.ts  the engine's fields in AWS's spelling
 * - config.ts         the file, checked as a whole
 * - plan-functions.ts, plan-queues.ts, plan-streams.ts, plan-mappings.ts   its four parts
 * - plan-source.ts, plan-destination.ts, plan-produce.ts    what those name
 * - plan-topic-time.ts   how long functions of topics may take
 * - arn.ts            ARNs, those of embedded queues and streams too
 * - hint.ts           what an unknown name probably meant
 * - problems.ts       everything that is wrong, told at once
 * - address.ts        where to listen
 * - handler-file.ts   modules with functions
 * - assemble.ts       the parts, made and joined
 * - embedded.ts       the queues and streams of this process
 * - open-mappings.ts  sources and destinations
 * - control.ts        mappings as resources: created, changed and removed over the API
 * - control-live.ts     those that there are now, and how they get into the store
 * - control-reconcile.ts  how they are made to agree with the file, and taken up at a start
 * - control-mapping.ts  one of them and how far it has come
 * - control-opening.ts  from a definition to the engine
 * - control-checks.ts   what is looked at before a definition is taken
 * - control-texts.ts    what is said of a source that cannot be read
 * - control-file.ts     definitions of a file
 * - unopened.ts       what keeps a mapping from being made
 * - start-content.ts  a file, and what options say instead
 * - serve.ts          start, wait, stop
 * - config-watch.ts   what changes in the files while it runs
 * - stop-requests.ts  signals and crashes
 * - producer.ts       the small producer of a first run
 * - narrator.ts       what happens, in plain words
 * - exit-code.ts      what the process answers with
 * - catalog.ts        the adapters as the daemon asks for them
 */
export { fileJsonSchema } from './file-fields.ts';
export { runDaemon } from './run-daemon.ts';
