import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FunctionName, parseFunctionName } from '../../../src/index.ts';

const NOTHING: FunctionName = { name: '', qualifier: undefined, partition: undefined, region: undefined, account: undefined };
const HERE = { partition: 'aws', region: 'eu-west-1', account: '123456789012' };

describe('a FunctionName', () => {
  it.each<[string, Partial<FunctionName>]>([
    ['orders', { name: 'orders' }],
    ['My-Function_2', { name: 'My-Function_2' }],
    ['0', { name: '0' }],
    ['a'.repeat(64), { name: 'a'.repeat(64) }],
    ['orders:live', { name: 'orders', qualifier: 'live' }],
    ['orders:7', { name: 'orders', qualifier: '7' }],
    ['orders:$LATEST', { name: 'orders', qualifier: '$LATEST' }],
    ['orders:$LATEST.PUBLISHED', { name: 'orders', qualifier: '$LATEST.PUBLISHED' }],
    [`orders:${'q'.repeat(128)}`, { name: 'orders', qualifier: 'q'.repeat(128) }],
    ['123456789012:function:orders', { name: 'orders', account: '123456789012' }],
    ['123456789012:function:orders:live', { name: 'orders', account: '123456789012', qualifier: 'live' }],
    ['123456789012:orders', { name: 'orders', account: '123456789012' }],
    ['123456789012:orders:live', { name: 'orders', account: '123456789012', qualifier: 'live' }],
    ['eu-west-1:123456789012:function:orders', { name: 'orders', region: 'eu-west-1', account: '123456789012' }],
    ['us-gov-east-1:123456789012:function:orders:1', { name: 'orders', region: 'us-gov-east-1', account: '123456789012', qualifier: '1' }],
    ['function:orders', { name: 'orders' }],
    ['function:orders:live', { name: 'orders', qualifier: 'live' }],
    ['function', { name: 'function' }],
    ['123456789012', { name: '123456789012' }],
    ['arn:aws:lambda:eu-west-1:123456789012:function:orders', { name: 'orders', ...HERE }],
    ['arn:aws:lambda:eu-west-1:123456789012:function:orders:live', { name: 'orders', qualifier: 'live', ...HERE }],
    ['arn:aws:lambda:eu-west-1:123456789012:function:orders:$LATEST', { name: 'orders', qualifier: '$LATEST', ...HERE }],
    ['arn:aws-cn:lambda:cn-north-1:123456789012:function:orders', { name: 'orders', ...HERE, partition: 'aws-cn', region: 'cn-north-1' }],
    ['arn:aws:lambda:local:000000000000:function:orders', { name: 'orders', ...HERE, region: 'local', account: '000000000000' }],
  ])('%s is read', (text, parts) => {
    expect(parseFunctionName(text)).toEqual({ ...NOTHING, ...parts });
  });

  it.each<[string, string]>([
    ['', 'must have 1 to 256 characters, but has 0'],
    ['a'.repeat(257), 'must have 1 to 256 characters, but has 257'],
    ['a'.repeat(65), 'names a function by 65 characters; names have at most 64'],
    [`orders:${'q'.repeat(129)}`, 'names a version or alias by 129 characters; they have at most 128'],
    ['my function', 'is no name or ARN of a function; write NAME, ACCOUNT:function:NAME or arn:aws:lambda:REGION:ACCOUNT:function:NAME,'],
    ['orders:', 'is no name'],
    [':live', 'is no name'],
    ['orders:live:7', 'is no name'],
    ['orders:$latest', 'is no name'],
    ['orders.mjs', 'is no name'],
    ['orders\n', 'is no name'],
    ['12345:function:orders', 'is no name'],
    ['arn:aws:lambda:orders', 'is no name'],
    ['arn:aws:lambda:eu-west-1:123456789012:orders', 'is no name'],
    ['arn:aws:lambda::123456789012:function:orders', 'is no name'],
    ['arn:aws:sqs:eu-west-1:123456789012:orders', 'is no name'],
    ['arn:aws:lambda:eu-west-1:123456789012:layer:orders:1', 'is no name'],
    ['arn:aws:lambda:eu-west-1:123456789012:function:orders:live:7', 'is no name'],
    ['$LATEST', 'is no name'],
  ])('%j is refused', (text, message) => {
    expect(parseFunctionName(text)).toEqual(expect.stringContaining(message));
  });

  it('is read back from the parts of which it was written', () => {
    const word = fc.stringMatching(/^[a-zA-Z0-9-_]{1,64}$/);
    const account = fc.stringMatching(/^\d{12}$/);
    fc.assert(
      fc.property(word, fc.option(word, { nil: undefined }), account, (name, qualifier, number) => {
        const tail = qualifier === undefined ? '' : `:${qualifier}`;
        const full = `arn:aws:lambda:eu-west-1:${number}:function:${name}${tail}`;
        expect(parseFunctionName(full)).toEqual({ name, qualifier, partition: 'aws', region: 'eu-west-1', account: number });
        expect(parseFunctionName(`${number}:function:${name}${tail}`)).toEqual({ ...NOTHING, name, qualifier, account: number });
      }),
    );
  });
});
