/** A topic whose group does not take commits for a while. */
import type { SelfManagedKafkaEvent } from 'aws-lambda';
import type { KafkaRecord } from '../../adapters/shared/kafka-event.ts';
import type { CommitResult, JoinRequest, OffsetCommit, TopicMembership, TopicSource } from '../../src/index.ts';

/** What a commit comes to; `undefined`: what the group says. */
type Answer = (commit: OffsetCommit) => CommitResult | undefined | Promise<CommitResult | undefined>;

/** The same topic, but for what is answered to commits. */
export function withCommits<Source extends TopicSource<SelfManagedKafkaEvent, KafkaRecord>>(source: Source, answer: Answer): Source {
  const join = source.join.bind(source);
  source.join = (request: JoinRequest): TopicMembership<KafkaRecord> => {
    const membership = join(request);
    const commit = membership.commit.bind(membership);
    membership.commit = (commits) => Promise.all(commits.map(async (one) => (await answer(one)) ?? (await commit([one]))[0] ?? 'refused'));
    return membership;
  };
  return source;
}
