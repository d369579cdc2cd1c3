import { expect, it } from 'vitest';
import { objectBody, objectKey, PAYLOAD_FORM } from '../../../../adapters/destination/s3/object.ts';
import { discard, numbered } from '../../../conformance/destination-suite.ts';

const id = '0c7b9f0e-7d8f-4c39-9a51-8c6c3f0f5d11';

it.each([
  [Date.UTC(2026, 0, 2, 3, 4, 5, 999), '2026/01/02/2026-01-02T03.04.05'],
  [Date.UTC(2026, 11, 31, 23, 59, 59), '2026/12/31/2026-12-31T23.59.59'],
  [Date.UTC(2027, 0, 1), '2027/01/01/2027-01-01T00.00.00'],
])('names an object of %d by its instant in UTC', (at, name) => {
  const key = objectKey(discard(numbered(0), { at, id }));
  expect(key).toBe(`aws/lambda/83b6b5e4-34d1-4f6a-9e0c-3f6bb0c5a1d2/shardId-000000000000/${name}-${id}`);
});

it('keeps the event as a text within the JSON, as the last key', () => {
  const payload = '{"Records":[{"data":"a \\"quoted\\" \\\\ \u2028"}]}';
  const body = objectBody(discard(numbered(0), { payload: () => payload }));
  expect(PAYLOAD_FORM).toBe('text');
  expect(body).toBe(`${numbered(0).slice(0, -1)},"payload":${JSON.stringify(payload)}}`);
});

it('can keep it as an object', () => {
  const body = objectBody(discard(numbered(0), { payload: () => '{"Records":[]}' }), 'object');
  expect(body).toBe(`${numbered(0).slice(0, -1)},"payload":{"Records":[]}}`);
});
