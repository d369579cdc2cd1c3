import { describe, expect, test } from 'vitest';
import { SourceError } from '../../../src/contract/index.ts';
import { sourceText } from '../../../src/daemon/control-texts.ts';
import type { MappingDefinition } from '../../../src/resource/index.ts';

const USER = 'User: arn:aws:sts::123456789012:assumed-role/mill/x is not authorized to perform';

function textOf(source: MappingDefinition['source'], arn: string, message: string): string {
  const fields = { BatchSize: 10, EventSourceArn: arn };
  const definition: MappingDefinition = {
    ...{ uuid: 'u', name: 'u', owner: { kind: 'api' }, source, functionArn: 'f', enabled: true, createdAt: 0, lastModified: 0 },
    ...{ fields, tags: {}, isDeleting: false },
  };
  return sourceText(new SourceError('denied', 'AccessDenied', message), definition);
}

describe('a permission that is missing', () => {
  test.each([
    ['sqs:receivemessage', 'ReceiveMessage on SQS'],
    ['sqs:DeleteMessage', 'DeleteMessage on SQS'],
    ['sqs:getqueueattributes', 'GetQueueAttributes on SQS'],
    ['kms:Decrypt', 'Decrypt on KMS'],
    ['sqs:SomethingNew', 'SomethingNew on SQS'],
  ])('of a queue is named as the service names it: %s', (action, named) => {
    const message = `GetQueueAttributes: ${USER}: ${action} on resource: arn:aws:sqs:eu-west-1:123456789012:q because no policy allows it`;
    expect(textOf('sqs', 'arn:aws:sqs:eu-west-1:123456789012:q', message)).toBe(
      `The provided execution role does not have permissions to call ${named}`,
    );
  });

  test('of a queue is that of the call which was denied where the service names none', () => {
    const message = 'GetQueueAttributes: Access to the resource https://sqs.eu-west-1.amazonaws.com/ is denied.';
    expect(textOf('sqs-fifo', 'arn:aws:sqs:eu-west-1:123456789012:q.fifo', message)).toMatch(/ call GetQueueAttributes on SQS$/);
  });

  test.each([
    ['kinesis', 'arn:aws:kinesis:eu-west-1:123456789012:stream/s', 'kinesis:DescribeStreamSummary'],
    ['dynamodb', 'arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/2026', 'dynamodb:DescribeStream'],
  ] as const)('of a stream (%s) is named behind the text of AWS, where the service names it', (source, arn, action) => {
    const text = textOf(source, arn, `DescribeStream: ${USER}: ${action} on resource: ${arn}`);
    expect(text).toMatch(new RegExp(`^Cannot access stream ${arn}\\. .* Actions on your stream in IAM\\. \\(${action} is denied\\)$`));
    expect(textOf(source, arn, 'DescribeStream: not you')).toMatch(/ Actions on your stream in IAM\.$/);
  });
});
