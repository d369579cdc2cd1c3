import type { StreamRecord } from '../contract/index.ts';

/** Names the way from a key to a lane in stored state: another way is another scheme. */
export const LANE_HASH = 'fnv1a';

const OFFSET_BASIS = 0x81_1c_9d_c5;
const PRIME = 0x01_00_01_93;

/** FNV-1a, 32 bits, over the text's units: the low byte, and the high byte where there is one. */
function fnv1a(text: string): number {
  let hash = OFFSET_BASIS;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), PRIME);
    if (unit > 0xff) hash = Math.imul(hash ^ (unit >>> 8), PRIME);
  }
  return hash >>> 0;
}

/** The lane of a key: equal keys share one, always, so their order is kept (R2). */
export function laneOf(orderKey: string, lanes: number): number {
  return lanes === 1 ? 0 : fnv1a(orderKey) % lanes;
}

/** The lane of a record: its key's; without a key its number's remainder, so that such records spread evenly. */
export function laneOfRecord({ orderKey, sequenceNumber }: Pick<StreamRecord, 'orderKey' | 'sequenceNumber'>, lanes: number): number {
  return orderKey === undefined ? remainder(sequenceNumber, lanes) : laneOf(orderKey, lanes);
}

/** Of a decimal text of any length (R15). */
function remainder(decimal: string, divisor: number): number {
  let rest = 0;
  for (let index = 0; index < decimal.length; index += 1) rest = (rest * 10 + decimal.charCodeAt(index) - 48) % divisor;
  return rest;
}
