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
