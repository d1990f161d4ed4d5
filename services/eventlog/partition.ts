/** murmur2 as Kafka's own producers compute it, as a signed 32-bit number. */
export function murmur2(key: Uint8Array): number {
  const multiplier = 0x5bd1e995
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  let h = 0x9747b28c ^ key.length
  let i = 0
  for (; i + 4 <= key.length; i += 4) {
    let k = Math.imul(view.getInt32(i, true), multiplier)
    k = Math.imul(k ^ (k >>> 24), multiplier)
    h = Math.imul(h, multiplier) ^ k
  }
  const rest = key.length - i
  if (rest === 3) h ^= view.getUint8(i + 2) << 16
  if (rest >= 2) h ^= view.getUint8(i + 1) << 8
  if (rest >= 1) h = Math.imul(h ^ view.getUint8(i), multiplier)
  h = Math.imul(h ^ (h >>> 13), multiplier)
  return (h ^ (h >>> 15)) | 0
}

/** The partition of a key: the same in every adapter, and the one Kafka's default partitioner picks. */
export function partitionOf(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}
