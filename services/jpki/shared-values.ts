import { DerReader } from './der.ts'

interface Kept<T> {
  readonly encoding: Uint8Array
  readonly value: T
}

const MAX_KEPT = 512
const SAMPLES = 16
const SHORT = 32

/**
 * Decoded forms of what stands the same in every certificate of an authority, such as its name, by their bytes: each is
 * decoded once. A value that falls on the place of another takes it, so hostile input costs time and no room. Not for
 * what tells a person: values outlive the certificate that they were first met in.
 */
export class SharedValues<T> {
  readonly #decode: (reader: DerReader) => T
  readonly #kept: (Kept<T> | undefined)[]
  readonly #longest: number

  /**
   * @param decode reads a value, which must not be changed after, from a reader over it alone
   * @param longest octets of an encoding that is kept
   */
  constructor(decode: (reader: DerReader) => T, places = 256, longest = MAX_KEPT) {
    this.#longest = longest
    this.#decode = (reader) => {
      const value = decode(reader)
      reader.finish()
      return value
    }
    this.#kept = Array.from({ length: places })
  }

  /** The value of the next element, which must have `tag`. */
  read(reader: DerReader, tag: number): T {
    const start = reader.position
    reader.advance(tag)
    return this.at(reader.bytes, start, reader.position)
  }

  /** The value whose encoding stands at `start` to `end`; throws what decoding throws. */
  at(bytes: Uint8Array, start: number, end: number): T {
    const place = placeOf(bytes, start, end) % this.#kept.length
    const kept = this.#kept[place]
    if (kept !== undefined && sameBytes(kept.encoding, bytes, start, end)) return kept.value
    const value = this.#decode(new DerReader(bytes, start, end))
    if (end - start > this.#longest) return value
    const encoding = new Uint8Array(bytes.subarray(start, end))
    // Decoded again, so that what is kept holds nothing of the certificate around it.
    this.#kept[place] = { encoding, value: this.#decode(new DerReader(encoding)) }
    return value
  }
}

/** A digest of the length and of octets all over the encoding: equal for equal ones, and that is all it has to be. */
function placeOf(bytes: Uint8Array, start: number, end: number): number {
  const step = Math.ceil((end - start) / SAMPLES)
  let digest = end - start
  for (let at = end - 1; at >= start; at -= step)
    digest = (digest * 31 + (bytes[at] ?? 0)) & 0xffffff
  return digest
}

/** Whether `whole` is what stands in `bytes` at `start` to `end`. */
export function sameBytes(
  whole: Uint8Array,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  if (whole.length !== end - start) return false
  if (whole.length > SHORT) return Buffer.compare(whole, bytes.subarray(start, end)) === 0
  for (let i = 0; i < whole.length; i++) if (whole[i] !== bytes[start + i]) return false
  return true
}
