import type { FailureDestination, Random, StreamMappingOptions, StreamSource } from '../contract/index.ts';
import type { Buffer } from '../intake/index.ts';
import type { Invoker } from '../invoke/index.ts';
import { ProcessingResult } from './processing-result.ts';
import { SourceMapping, type SourceMappingParts } from './source-mapping.ts';
import { StreamTenure } from './stream-tenure.ts';

/** What a mapping of a stream is made of. */
export interface StreamMappingParts extends Omit<SourceMappingParts, 'begin' | 'lease' | 'functionName' | 'sourceLabel'> {
  readonly options: StreamMappingOptions;
  readonly source: StreamSource;
  readonly destination: FailureDestination | undefined;
  readonly invoker: Invoker;
  readonly buffer: Buffer;
  readonly random: Random;
  /** Epoch ms; default: now. */
  readonly createdAt?: number | undefined;
}

/** A mapping of a stream. LATEST means when it was created, unless its store remembers an earlier instant. */
export function streamMapping(parts: StreamMappingParts): SourceMapping {
  const { id, name, source, destination, invoker, options, buffer, random, clock, store } = parts;
  const result = new ProcessingResult();
  const listener = result.noting(parts.listener);
  const createdAt = parts.createdAt ?? clock.wall();
  return new SourceMapping({
    ...parts,
    listener,
    lastProcessingResult: () => result.text,
    functionName: invoker.definition.name,
    sourceLabel: source.label,
    lease: 'always',
    begin: (start) =>
      new StreamTenure({
        ...start,
        mapping: name,
        mappingId: id,
        source,
        destination,
        invoker,
        options,
        buffer,
        random,
        clock,
        listener,
        store,
        createdAt,
      }),
  });
}
