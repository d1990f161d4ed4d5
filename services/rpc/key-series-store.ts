import type { KeyObject } from 'node:crypto'
import { Unavailable } from '../kernel/errors.ts'
import {
  findSigningKey,
  loadSigningKey,
  loadVerifyingKey,
  type KeyFiles,
  type SigningKey,
} from './key-file-store.ts'

/**
 * Ed25519 keys that follow one another: `<name>.pem`, `<name>-2.pem`, and so on. The first may be its public half alone, once it
 * has nothing more to sign. Files are looked at when a key is asked for: one that is put there counts from then on.
 */
export class KeySeries {
  readonly #files: KeyFiles
  readonly #name: string
  /** Public half of the first key. */
  readonly pinned: KeyObject

  /** @throws ConfigError where the first key is missing and none may be made, or is no Ed25519 key */
  constructor(files: KeyFiles, name: string) {
    this.#files = files
    this.#name = name
    this.pinned = loadVerifyingKey(files, name)
  }

  fileOf(number: number): string {
    return `${this.#stem(number)}.pem`
  }

  /** Undefined where there is no file, or only the public half. @throws ConfigError for another content */
  find(number: number): SigningKey | undefined {
    return findSigningKey(this.#files, this.#stem(number))
  }

  /**
   * Makes a key, unless there is one, also where a start makes none: somebody asked for it.
   * @throws Unavailable where it cannot be written
   */
  make(number: number): SigningKey {
    try {
      return loadSigningKey({ ...this.#files, makeMissing: true }, this.#stem(number))
    } catch (cause) {
      if (!isRefusedWrite(cause)) throw cause
      const file = this.fileOf(number)
      throw new Unavailable(
        `\`KEYS_DIR\`: ${file} cannot be written; expected it to be put there`,
        {
          cause,
        },
      )
    }
  }

  #stem(number: number): string {
    return number === 1 ? this.#name : `${this.#name}-${number}`
  }
}

/** Whether the system refused a call: no permission, no room, a file where the folder should be. */
function isRefusedWrite(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
