import type { QueueMappingOptions, QueueSource, Random } from '../contract/index.ts';
import type { Buffer } from '../intake/index.ts';
import type { Invoker } from '../invoke/index.ts';
import { GroupLocks } from '../lanes/index.ts';
import { QueueTenure } from './queue-tenure.ts';
import { SourceMapping, type SourceMappingParts } from './source-mapping.ts';
import type { Lingering } from './works.ts';

/** What a mapping of a queue is made of. */
export interface QueueMappingParts extends Omit<SourceMappingParts, 'begin' | 'lease' | 'functionName' | 'sourceLabel'> {
  readonly options: QueueMappingOptions;
  readonly source: QueueSource;
  readonly invoker: Invoker;
  readonly buffer: Buffer;
  readonly random: Random;
}

/** A mapping of a queue. */
export function queueMapping(parts: QueueMappingParts): SourceMapping {
  const { name, source, invoker, options, buffer, random, clock, listener, stopTimeoutMs } = parts;
  const locks = new GroupLocks();
  const lingering = new Map<number, Lingering>();
  return new SourceMapping({
    ...parts,
    functionName: invoker.definition.name,
    sourceLabel: source.label,
    lease: 'where-shared',
    begin: (start) =>
      new QueueTenure({
        ...start,
        mapping: name,
        source,
        invoker,
        options,
        buffer,
        random,
        clock,
        listener,
        stopTimeoutMs,
        locks,
        lingering,
      }),
  });
}
