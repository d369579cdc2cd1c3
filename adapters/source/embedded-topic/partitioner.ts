/** Which partition takes a key: Kafka's own choice, murmur2 of its bytes. */

const SEED = 0x97_47_b2_8c;
const MULTIPLIER = 0x5b_d1_e9_95;
const SHIFT = 24;

/** The partition of a key among so many. */
export function partitionOfKey(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7f_ff_ff_ff) % partitions;
}

/** MurmurHash2 of 32 bits with Kafka's seed. */
function murmur2(data: Uint8Array): number {
  const { length } = data;
  let hash = SEED ^ length;
  const whole = length - (length % 4);
  for (let index = 0; index < whole; index += 4) {
    let word = byte(data, index) | (byte(data, index + 1) << 8) | (byte(data, index + 2) << 16) | (byte(data, index + 3) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> SHIFT;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  for (let index = length - 1; index >= whole; index -= 1) hash ^= byte(data, index) << (8 * (index - whole));
  if (whole < length) hash = Math.imul(hash, MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

function byte(data: Uint8Array, index: number): number {
  return data[index] ?? 0;
}
