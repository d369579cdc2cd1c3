import type { EngineEvents, EngineListener, LogFields, Logger, MappingProblem } from '../contract/index.ts';

/** A function's error text in a log line is cut here, characters. */
const ERROR_TEXT_MAX = 500;

type Writers = { readonly [Name in keyof EngineEvents]: (logger: Logger, event: EngineEvents[Name]) => void };

/**
 * Writes events to the log: constant texts with fields, no body, no secret. Normal work is `debug`; what a person may
 * have to look at is `warn` or `error`. `ofMapping`: the logger of a mapping that has a level of its own.
 */
export function logListener(logger: Logger, ofMapping: (mapping: string) => Logger | undefined = () => undefined): EngineListener {
  const writers: Writers = { ...PLAIN_WRITERS, ...newsWriters() };
  return (name, event) => {
    const own = 'mapping' in event && event.mapping !== undefined ? ofMapping(event.mapping) : undefined;
    writers[name](own ?? logger, event);
  };
}

/** An error's type without its text, which may quote the body: that of JSON.parse does. */
function typeOf(error: string): string {
  return /^[\w.$-]+(?=: )/.exec(error)?.[0] ?? 'Error';
}

/** What is told when it begins and when it ends, not each time. */
function newsWriters(): Pick<Writers, 'mapping.problem' | 'range.discarded' | 'destination.failed'> {
  const problems = new Map<string, string>();
  /** Mappings whose destination has not confirmed since it failed. */
  const failing = new Set<string>();
  return {
    'mapping.problem': (logger, { mapping, problem }) => {
      logProblem(logger, problems, mapping, problem);
    },
    'range.discarded': (logger, event) => {
      if (event.delivered && failing.delete(event.mapping)) {
        logger.info({ mapping: event.mapping }, 'the on-failure destination takes records again');
      }
      logger.error(event, event.delivered ? 'records were given up and recorded at the destination' : 'records were given up');
    },
    'destination.failed': (logger, event) => {
      // Every lane tries again and again: the first failure tells it, the others only who looks closer.
      const level = failing.has(event.mapping) ? 'debug' : 'error';
      failing.add(event.mapping);
      logger[level](event, 'the on-failure destination did not take a record');
    },
  };
}

const WARNINGS: Readonly<Record<EngineEvents['batch.ended']['outcome'], string>> = {
  success: 'the function reported failures',
  'function-error': 'the function failed; what it said is logged at debug',
  timeout: 'the function timed out',
  throttled: 'the function was throttled',
  'service-error': 'the function was not reached',
  terminal: 'the function cannot be invoked',
};

/** What is told each time. */
const PLAIN_WRITERS: Omit<Writers, 'mapping.problem' | 'range.discarded' | 'destination.failed'> = {
  'mapping.state': (logger, event) => {
    logger.info(event, 'mapping state changed');
  },
  'store.volatile': (logger, event) => {
    logger.warn(event, 'the positions of streams are kept in a store that ends with the process: after it they begin anew');
  },
  'source.polled': (logger, event) => {
    if (event.records > 0) logger.debug(event, 'received');
  },
  'records.filtered': (logger, event) => {
    logger.debug(event, 'records that no filter wants');
  },
  'source.failed': (logger, event) => {
    logger.debug(event, 'the source refused, or was not reached');
  },
  'source.duplicates': (logger, event) => {
    logger.debug(event, 'messages in flight came again');
  },
  'batch.started': (logger, event) => {
    logger.debug(event, 'invoking');
  },
  'batch.ended': (logger, event) => {
    const { error } = event;
    if (error === undefined) {
      logger.debug(event, 'invoked');
      return;
    }
    const text = error.slice(0, ERROR_TEXT_MAX);
    const isFunctions = event.outcome === 'function-error';
    logger.warn({ ...event, error: isFunctions ? typeOf(text) : text }, WARNINGS[event.outcome]);
    if (isFunctions) logger.debug({ mapping: event.mapping, requestId: event.requestId, error: text }, 'what the function said');
  },
  'batch.settled': (logger, event) => {
    logger.debug(event, 'settled');
  },
  'handler.overrun': (logger, event) => {
    logger.warn(event, event.stopped ? 'a handler that overran its time-out has stopped' : 'a handler overran its time-out and still runs');
  },
  'handler.abandoned': (logger, event) => {
    logger.error(event, 'a handler that did not stop was given up: order and limits are waived for it');
  },
  'message.oversized': (logger, event) => {
    logger.error(event, 'a message is larger than one invocation may carry; it is never invoked');
  },
  'message.expired': (logger, event) => {
    logger.warn(event, 'messages were not started because their visibility ran out or their group is busy');
  },
  'breaker.state': (logger, event) => {
    logBreaker(logger, event);
  },
  'offsets.committed': (logger, event) => {
    logger.debug(event, 'offsets committed');
  },
  'metadata.ignored': (logger, event) => {
    logger.warn(event, 'the metadata of a commit is not of this version of Millrace; only its offset counts');
  },
  'group.assigned': (logger, event) => {
    logger.info(event, 'the consumer group gave partitions');
  },
  'commit.failed': (logger, event) => {
    logger.warn(event, 'offsets could not be committed; they are committed again');
  },
  'watchdog.finding': (logger, { isOver, ...fields }) => {
    if (isOver) logger.info(fields, 'the watchdog no longer finds');
    else logger.warn(fields, 'the watchdog finds');
  },
  'engine.defect': (logger, { mapping, error }) => {
    logger.error({ mapping, err: error }, 'defect in the engine; what it held returns to its queue');
  },
  'settle.failed': (logger, event) => {
    logger.error(event, 'messages could not be deleted or released; they return by themselves');
  },
  'shard.state': (logger, event) => {
    if (event.state === 'trimmed') logger.error(event, 'a shard stands still: records may have been lost');
    else logger.info(event, event.state === 'ended' ? 'a shard is worked off to its end' : 'reading a shard');
  },
  'shard.page': (logger, event) => {
    if (event.records > 0) logger.debug(event, 'read');
  },
  'range.settled': (logger, event) => {
    logger.debug(event, 'settled');
  },
  'range.split': (logger, event) => {
    logger.debug(event, 'halved');
  },
  'destination.refused': (logger, event) => {
    logger.warn(event, 'the on-failure destination cannot be used as it is');
  },
};

/** Opening and closing are news; that it opens again after a trial is told to who looks closer. */
function logBreaker(logger: Logger, { cause, ...fields }: EngineEvents['breaker.state']): void {
  const event = { ...fields, error: cause.slice(0, ERROR_TEXT_MAX) };
  if (fields.state === 'closed') logger.info(event, 'the breaker of a function has closed: its target works again');
  else if (fields.state === 'half-open') logger.debug(event, 'the breaker of a function lets one batch try');
  else if (fields.openings > 1) logger.debug(event, 'the breaker of a function stays open: the trial failed');
  else logger.warn(event, 'the breaker of a function has opened: its target cannot do its work, so nothing is received for it');
}

/** A problem is logged when it begins, when it becomes another and when it ends, not at every look. */
function logProblem(logger: Logger, problems: Map<string, string>, mapping: string, problem: MappingProblem | undefined): void {
  const text = problem === undefined ? undefined : JSON.stringify(fieldsOf(problem));
  if (problems.get(mapping) === text) return;
  if (problem === undefined || text === undefined) {
    problems.delete(mapping);
    logger.info({ mapping }, 'the problem of the mapping is over');
    return;
  }
  problems.set(mapping, text);
  const message = problem.kind === 'lease' ? 'waiting for the mapping: another engine owns it' : 'waiting: the mapping cannot work';
  logger.warn({ mapping, ...fieldsOf(problem) }, message);
}

function fieldsOf(problem: MappingProblem): LogFields {
  switch (problem.kind) {
    case 'source':
      return { waitsFor: 'source', error: problem.error, reason: problem.message };
    case 'store':
      return { waitsFor: 'store', reason: problem.message };
    case 'lease':
      return { waitsFor: 'lease', reason: `owned by ${problem.owner}` };
  }
}
