import { ConfigError, type FailureDestination, type Random, type TopicMappingOptions, type TopicSource } from '../contract/index.ts';
import { ProcessingResult } from './processing-result.ts';
import { SourceMapping, type SourceMappingParts } from './source-mapping.ts';
import { TopicTenure } from './topic-tenure.ts';

/** What a mapping of a topic is made of. */
export interface TopicMappingParts extends Omit<SourceMappingParts, 'begin' | 'lease' | 'functionName' | 'sourceLabel'> {
  readonly options: TopicMappingOptions;
  readonly source: TopicSource;
  readonly destination: FailureDestination | undefined;
  readonly random: Random;
  /** When the mapping was created, epoch ms; default: now. */
  readonly createdAt?: number | undefined;
  /** The consumer group, unless the options name another. */
  readonly groupId: string;
}

/** The longest id of a group: AWS's limit. */
const GROUP_ID_LENGTH_MAX = 200;

/**
 * A mapping of a topic. Its consumer group spreads the partitions over all processes that run it, and keeps its positions. It was
 * created now: that is what LATEST means, unless a commit of its group remembers an earlier instant. Throws a ConfigError when the
 * group would be named after the mapping, whose name is too long for that.
 */
export function topicMapping(parts: TopicMappingParts): SourceMapping {
  const { id, name, source, destination, invoker, options, buffer, random, clock } = parts;
  const result = new ProcessingResult();
  const listener = result.noting(parts.listener);
  const createdAt = parts.createdAt ?? clock.wall();
  const groupId = options.consumerGroupId ?? parts.groupId;
  if (groupId.length > GROUP_ID_LENGTH_MAX) {
    const message = `is needed where the name of the mapping, which is taken otherwise, has more than ${String(GROUP_ID_LENGTH_MAX)} characters`;
    throw new ConfigError([{ field: 'consumerGroupId', message }]);
  }
  const shared = { mapping: name, mappingId: id, source, destination, invoker, options, buffer, random, clock, listener };
  return new SourceMapping({
    ...parts,
    listener,
    lastProcessingResult: () => result.text,
    functionName: invoker.definition.name,
    sourceLabel: source.label,
    lease: 'never',
    begin: (start) => new TopicTenure({ ...start, ...shared, groupId, createdAt }),
  });
}
