import { expect, test } from 'vitest';
import { parseAddress } from '../../../src/daemon/address.ts';

test.each([
  ['127.0.0.1:4680', { host: '127.0.0.1', port: 4680 }],
  ['127.1.2.3:0', { host: '127.1.2.3', port: 0 }],
  ['localhost:80', { host: '127.0.0.1', port: 80 }],
  ['[::1]:65535', { host: '::1', port: 65_535 }],
  ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
  ['[2001:db8::1]:80', { host: '2001:db8::1', port: 80 }],
])('%s is an address to listen on', (text, expected) => {
  expect(parseAddress(text, 'listen')).toEqual(expected);
});

test.each([
  '',
  '4680',
  ':4680',
  '127.0.0.1',
  '127.0.0.1:',
  '127.0.0.1:65536',
  '::1:80',
  '127.0.0.1:80/x',
  'http://127.0.0.1:80',
  '127.0.0.256:80',
  '127.0.0.1.example.com:80',
  'example.com:80',
  '[127.0.0.1]:80',
])('%s is no address', (text) => {
  expect(() => parseAddress(text, 'listen')).toThrow(/must be an IP address and port such as/);
});
