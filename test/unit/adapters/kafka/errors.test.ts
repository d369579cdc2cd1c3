import { describe, expect, it } from 'vitest';
import { partitionError } from '../../../../adapters/source/kafka/errors.ts';

describe('error codes of partitions', () => {
  it('are none for 0, known ones by name, and passing when they are not known', () => {
    expect(partitionError(0, 'Fetch')).toBeUndefined();
    expect(partitionError(12, 'OffsetCommit')).toMatchObject({ kind: 'invalid', code: 'OFFSET_METADATA_TOO_LARGE' });
    expect(partitionError(6, 'Fetch')).toMatchObject({ kind: 'unavailable', code: 'NOT_LEADER_FOR_PARTITION' });
    expect(partitionError(9999, 'Fetch')).toMatchObject({ kind: 'unavailable', code: 'ERROR_9999' });
  });
});
