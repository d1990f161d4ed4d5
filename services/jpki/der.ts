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

/** One tag-length-value; both views share the bytes of the input. */
export interface DerElement {
  readonly tag: number
  readonly contents: Uint8Array
  /** Tag, length and contents: what a signature covers. */
  readonly encoding: Uint8Array
  /** Where `contents` starts in the whole input, for messages. */
  readonly offset: number
}

/**
 * Reads strict DER in order: definite minimal lengths, low tags, nothing beyond the parent's end. Every failure is a
 * `MalformedDer`. Nothing is copied.
 */
export class DerReader {
  readonly #bytes: Uint8Array
  readonly #base: number
  readonly #end: number
  #at = 0

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.#base = offset
    this.#end = bytes.length
  }

  /** A reader over one whole object of at most `cap` bytes. */
  static over(bytes: Uint8Array, cap: number): DerReader {
    if (bytes.length > cap) throw new MalformedDer(`at most ${cap} bytes`, cap)
    return new DerReader(bytes)
  }

  get atEnd(): boolean {
    return this.#at === this.#end
  }

  /** Tag of the next element, or -1 at the end. */
  get nextTag(): number {
    return this.#bytes[this.#at] ?? -1
  }

  fail(expected: string): never {
    throw new MalformedDer(expected, this.#base + this.#at)
  }

  /** The next element, which must have `tag` when one is given. */
  read(tag?: number): DerElement {
    const start = this.#at
    const found = this.#bytes[start]
    if (found === undefined) this.fail('another element')
    if (tag !== undefined && found !== tag) this.fail(`tag ${tag.toString(16)}`)
    // X.690 §8.1.2.4: no structure we read uses tag numbers above 30
    if ((found & 0x1f) === 0x1f) this.fail('a tag number below 31')
    const contents = this.#lengthEnd(start + 1)
    const end = contents + this.#length
    if (end > this.#end) this.fail('contents that end within their parent')
    this.#at = end
    return {
      tag: found,
      contents: this.#bytes.subarray(contents, end),
      encoding: this.#bytes.subarray(start, end),
      offset: this.#base + contents,
    }
  }

  #length = 0

  /** Sets the length found at `at` and returns where the contents start. */
  #lengthEnd(at: number): number {
    const first = this.#bytes[at]
    if (first === undefined) this.fail('a length')
    if (first < 0x80) {
      this.#length = first
      return at + 1
    }
    const count = first & 0x7f
    // X.690 §10.1: definite form in the fewest octets; four are enough for any input we take
    if (count === 0 || count > 4) this.fail('a definite length of at most four octets')
    let length = 0
    for (let i = 1; i <= count; i++) {
      const octet = this.#bytes[at + i]
      if (octet === undefined) this.fail('a whole length')
      length = length * 256 + octet
    }
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) this.fail('a minimal length')
    this.#length = length
    return at + 1 + count
  }

  /** A reader over the contents of the next element. */
  enter(tag: number): DerReader {
    const element = this.read(tag)
    return new DerReader(element.contents, element.offset)
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
    const out: T[] = []
    do {
      if (out.length === most) this.fail(`at most ${most} elements`)
      out.push(read(this))
    } while (!this.atEnd)
    return out
  }
}

/** A reader over an element's contents. */
export function inside(element: DerElement): DerReader {
  return new DerReader(element.contents, element.offset)
}
