/** IP addresses as the rule engine compares them: upper-case hexadecimal digits, 8 for version 4 and 32 for version 6. */

const V4 = /^\d+\.\d+\.\d+\.\d+$/;
const V6 = /^[\da-fA-F:]*:[\da-fA-F:]*$/;
/** No longer text is a version 4 address, leading zeros included. */
const V4_LENGTH_MAX = 15;
const V6_GROUPS = 8;
/** A version 4 address in the form of version 6 (`::ffff:a00:1`) is one of version 4. */
const MAPPED = `${'0'.repeat(20)}FFFF`;

/** The digits of an address; `undefined` when the text is none. */
export function ipDigits(text: string): string | undefined {
  if (V4.test(text)) return v4Digits(text);
  if (V6.test(text)) return v6Digits(text);
  return undefined;
}

function v4Digits(text: string): string | undefined {
  if (text.length > V4_LENGTH_MAX) return undefined;
  let digits = '';
  for (const part of text.split('.')) {
    const value = Number(part);
    if (value > 255) return undefined;
    digits += hex(value, 2);
  }
  return digits;
}

function v6Digits(text: string): string | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':').map(groupDigits)));
  if (head === undefined || [...head, ...(tail ?? [])].includes(undefined)) return undefined;
  const missing = V6_GROUPS - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const digits = [...head, ...(tail === undefined ? [] : Array<string>(missing).fill('0000')), ...(tail ?? [])].join('');
  return digits.startsWith(MAPPED) ? digits.slice(MAPPED.length) : digits;
}

function groupDigits(group: string): string | undefined {
  const value = group === '' ? Number.NaN : Number.parseInt(group, 16);
  return value <= 0xffff ? hex(value, 4) : undefined;
}

function hex(value: number, length: number): string {
  return value.toString(16).toUpperCase().padStart(length, '0');
}

/** The first and the last address of a block. Both have the same number of digits. */
export interface IpRange {
  readonly bottom: string;
  readonly top: string;
}

/** Reads `address/bits`; a text that is no block gives the reason why. */
export function readCidr(text: string): IpRange | string {
  const parts = text.replace(/\/+$/, '').split('/');
  const [address = '', mask = ''] = parts;
  if (parts.length !== 2) return "Malformed CIDR, one '/' required";
  const bits = /^[+-]?\d{1,10}$/.test(mask) ? Number(mask) : Number.NaN;
  if (Number.isNaN(bits)) return 'Malformed CIDR, mask bits must be an integer';
  if (bits < 0) return 'Malformed CIDR, mask bits must not be negative';
  const digits = ipDigits(address);
  if (digits === undefined)
    return V4.test(address) || V6.test(address) ? `Invalid IP address: ${address}` : `Nonstandard IP address: ${address}`;
  const width = digits.length * 4;
  if (bits >= width) return `IPv${width === 32 ? '4' : '6'} mask bits must be < ${String(width)}`;
  const free = (1n << BigInt(width - bits)) - 1n;
  const value = BigInt(`0x${digits}`);
  return { bottom: bigHex(value & ~free, digits.length), top: bigHex(value | free, digits.length) };
}

function bigHex(value: bigint, length: number): string {
  return value.toString(16).toUpperCase().padStart(length, '0');
}

/** Whether the text is an address of the block. */
export function inRange(text: string, { bottom, top }: IpRange): boolean {
  const digits = ipDigits(text);
  return digits?.length === bottom.length && digits >= bottom && digits <= top;
}
