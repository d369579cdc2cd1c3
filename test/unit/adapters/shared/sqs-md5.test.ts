import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { md5OfBody, md5OfMessageAttributes } from '../../../../adapters/shared/sqs-md5.ts';

const number = (stringValue: string, label = ''): { dataType: string; stringValue: string } => ({
  dataType: `Number${label}`,
  stringValue,
});

describe('the digests of SQS', () => {
  it.each([
    ['timestamp', '1493147359900', '235c5c510d26fb653d073faed50ae77c'],
    ['timestamp', '1493147359901', '994258b45346a2cc3f9cbb611aa7af30'],
    ['SOME_Valid.attribute-Name', '1493147359900', '36655e7e9d7c0e8479fa3f3f42247ae7'],
  ])('digests the number attribute %s=%s as SQS does', (name, value, digest) => {
    expect(md5OfMessageAttributes({ [name]: number(value) })).toBe(digest);
  });

  it('digests custom type labels with the type', () => {
    expect(md5OfMessageAttributes({ timestamp: number('1493147359900', '.java.lang.Long') })).toBe('2e2e4876d8e0bd6b8c2c8f556831c349');
  });

  it('does not depend on the order in which attributes were given', () => {
    const a = { dataType: 'String', stringValue: 'x' };
    const b = { dataType: 'Binary', binaryValue: 'AAEC' };
    expect(md5OfMessageAttributes({ a, b })).toBe(md5OfMessageAttributes({ b, a }));
  });

  it('tells text from bytes of the same content', () => {
    const text = { a: { dataType: 'X', stringValue: 'hi' } };
    const bytes = { a: { dataType: 'X', binaryValue: Buffer.from('hi').toString('base64') } };
    expect(md5OfMessageAttributes(text)).not.toBe(md5OfMessageAttributes(bytes));
  });

  it('gives no digest for no attributes', () => {
    expect(md5OfMessageAttributes({})).toBeUndefined();
  });

  it('digests a body in UTF-8', () => {
    expect(md5OfBody('')).toBe('d41d8cd98f00b204e9800998ecf8427e');
    expect(md5OfBody('hello')).toBe('5d41402abc4b2a76b9719d911017c592');
    expect(md5OfBody('grüße 🚰')).toBe(createHash('md5').update(Buffer.from('grüße 🚰', 'utf8')).digest('hex'));
  });
});
