import { toHex } from '../../services/kernel/bytes.ts'

/** Byte strings that were really signed. */
export class Originals {
  readonly #known: ReadonlySet<string>

  constructor(all: readonly Uint8Array[]) {
    this.#known = new Set(all.map(toHex))
  }

  has(bytes: Uint8Array): boolean {
    return this.#known.has(toHex(bytes))
  }
}
