import { MalformedDer } from './errors.ts'

/** Universal tags (X.690 §8) and the class bits of context-specific ones. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
} as const

/** `[n]` with primitive contents (IMPLICIT over a primitive type). */
export function contextPrimitive(n: number): number {
  return 0x80 | n
}

/** `[n]` with constructed contents (EXPLICIT, or IMPLICIT over a constructed type). */
export function contextConstructed(n: number): number {
  return 0xa0 | n
}

/**
 * One tag-length-value: places in the input, and views of it that are made when they are asked for. A certificate has a
 * hundred elements of which a few are needed as bytes, and a view costs more than the reading itself.
 */
export class DerElement {
  readonly bytes: Uint8Array
  readonly tag: number
  /** Where the tag stands in `bytes`. */
  readonly start: number
  /** Where the contents begin in `bytes`; also the place that messages name. */
  readonly offset: number
  /** Where the contents end in `bytes`. */
  readonly end: number

  constructor(bytes: Uint8Array, tag: number, start: number, offset: number, end: number) {
    this.bytes = bytes
    this.tag = tag
    this.start = start
    this.offset = offset
    this.end = end
  }

  /** Number of octets of the contents. */
  get length(): number {
    return this.end - this.offset
  }

  get contents(): Uint8Array {
    return this.bytes.subarray(this.offset, this.end)
  }

  /** Tag, length and contents: what a signature covers. */
  get encoding(): Uint8Array {
    return this.bytes.subarray(this.start, this.end)
  }

  /** Below 0, 0 or above 0, as its encoding stands before, is equal to or stands after the other's (X.690 §11.6). */
  compareTo(other: DerElement): number {
    const length = Math.min(this.end - this.start, other.end - other.start)
    for (let i = 0; i < length; i++) {
      const difference = (this.bytes[this.start + i] ?? 0) - (other.bytes[other.start + i] ?? 0)
      if (difference !== 0) return difference
    }
    return this.end - this.start - (other.end - other.start)
  }
}

/**
 * Reads strict DER in order: definite minimal lengths, low tags, nothing beyond the parent's end. Every failure is a
 * `MalformedDer`. Nothing is copied.
 */
export class DerReader {
  readonly bytes: Uint8Array
  readonly #end: number
  #at: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** A reader over one whole object of at most `cap` bytes. */
  static over(bytes: Uint8Array, cap: number): DerReader {
    if (bytes.length > cap) throw new MalformedDer(`at most ${cap} bytes`, cap)
    return new DerReader(bytes)
  }

  /** Where in `bytes` it stands: after `advance`, where the element that it went over ends. */
  get position(): number {
    return this.#at
  }

  get atEnd(): boolean {
    return this.#at === this.#end
  }

  /** Tag of the next element, or -1 at the end. */
  get nextTag(): number {
    return this.#at < this.#end ? (this.bytes[this.#at] ?? -1) : -1
  }

  fail(expected: string): never {
    throw new MalformedDer(expected, this.#at)
  }

  /** The next element, which must have `tag` when one is given. */
  read(tag?: number): DerElement {
    const start = this.#at
    const found = this.nextTag
    const offset = this.advance(tag)
    return new DerElement(this.bytes, found, start, offset, this.#at)
  }

  /**
   * Goes over the next element, which must have `tag` when one is given, and gives the place where its contents begin. They
   * end at `position`: what is read in place needs no object for its element.
   */
  advance(tag?: number): number {
    const start = this.#at
    const found = this.nextTag
    if (found === -1) this.fail('another element')
    if (tag !== undefined && found !== tag) this.fail(`tag ${tag.toString(16)}`)
    // X.690 §8.1.2.4: no structure we read uses tag numbers above 30
    if ((found & 0x1f) === 0x1f) this.fail('a tag number below 31')
    const first = start + 1 < this.#end ? (this.bytes[start + 1] ?? 0) : -1
    const offset = first < 0x80 ? start + 2 : start + 2 + (first & 0x7f)
    const end = offset + (first >= 0 && first < 0x80 ? first : this.#longLength(start + 1, first))
    if (end > this.#end) this.fail('contents that end within their parent')
    this.#at = end
    return offset
  }

  #longLength(at: number, first: number): number {
    if (first === -1) this.fail('a length')
    const count = first & 0x7f
    // X.690 §10.1: definite form in the fewest octets; four are enough for any input we take
    if (count === 0 || count > 4) this.fail('a definite length of at most four octets')
    if (at + count >= this.#end) this.fail('a whole length')
    const { bytes } = this
    let length = bytes[at + 1] ?? 0
    if (length < (count === 1 ? 0x80 : 1)) this.fail('a minimal length')
    for (let i = 2; i <= count; i++) length = length * 256 + (bytes[at + i] ?? 0)
    return length
  }

  /** A reader over the contents of the next element. */
  enter(tag: number): DerReader {
    const offset = this.advance(tag)
    return new DerReader(this.bytes, offset, this.#at)
  }

  /** The next element if it has `tag`, else `null` without moving. */
  optional(tag: number): DerElement | null {
    return this.nextTag === tag ? this.read(tag) : null
  }

  /** A reader over the next element's contents if it has `tag`, else `null`. */
  optionalEnter(tag: number): DerReader | null {
    return this.nextTag === tag ? this.enter(tag) : null
  }

  /** Refuses trailing bytes: call it after the last element. */
  finish(): void {
    if (!this.atEnd) this.fail('no further bytes')
  }

  /** Every remaining element by `read`, at least one and at most `most`. */
  list<T>(most: number, read: (reader: DerReader) => T): T[] {
    const out = [read(this)]
    while (!this.atEnd) {
      if (out.length === most) this.fail(`at most ${most} elements`)
      out.push(read(this))
    }
    return out
  }
}

/** A reader over an element's contents. */
export function inside(element: DerElement): DerReader {
  return new DerReader(element.bytes, element.offset, element.end)
}
