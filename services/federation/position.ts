import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes, fromBase64Url, toBase64Url, utf8 } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { InvalidInput, ServiceError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'

/** A place in a relying party's feed and, in the answer to a question about a person, how much was known of that person. */
export interface Position {
  readonly place: number
  readonly subjectRef?: string
  readonly factsVersion?: number
}

/** What a position that came back says; the person is kept as a digest only. */
export interface OpenedPosition {
  readonly place: number
  /** Number of the last event known of this very person; 0 when the position is about another one, or none. */
  factsVersionOf(subjectRef: string): number
}

const NONCE = 12
const TAG = 16
const BODY = 32

/**
 * Positions as a relying party sees them: sealed with AES-256-GCM under a random nonce and bound to the caller, so all of one
 * length, never two alike, without order, and of no use to another relying party.
 */
export class PositionSealer {
  readonly #key: Uint8Array
  readonly #random: Random

  constructor(key: Uint8Array, random: Random) {
    this.#key = key
    this.#random = random
  }

  seal(rpId: string, position: Position): string {
    const nonce = this.#random.bytes(NONCE)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(utf8(rpId))
    const sealed = concatBytes(cipher.update(encode(position)), cipher.final())
    return toBase64Url(concatBytes(nonce, sealed, cipher.getAuthTag()))
  }

  /** @throws InvalidInput for anything but a position that this relying party was given */
  open(rpId: string, token: string, path: string): OpenedPosition {
    const expected = 'a position from an earlier answer to this caller'
    try {
      const bytes = fromBase64Url(token, path)
      if (bytes.length !== NONCE + BODY + TAG) throw new InvalidInput(path, expected)
      const nonce = bytes.subarray(0, NONCE)
      const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG })
      decipher.setAAD(utf8(rpId)).setAuthTag(bytes.subarray(NONCE + BODY))
      const body = concatBytes(
        decipher.update(bytes.subarray(NONCE, NONCE + BODY)),
        decipher.final(),
      )
      return decode(body)
    } catch (error) {
      if (error instanceof ServiceError) throw new InvalidInput(path, expected)
      // Node reports a wrong tag as a plain Error.
      throw new InvalidInput(path, expected, { cause: error })
    }
  }
}

function encode({ place, subjectRef, factsVersion = 0 }: Position): Uint8Array {
  const body = new Uint8Array(BODY)
  const view = new DataView(body.buffer)
  view.setBigUint64(0, BigInt(place))
  view.setBigUint64(8, BigInt(factsVersion))
  if (subjectRef !== undefined) body.set(subjectTag(subjectRef), 16)
  return body
}

function decode(body: Uint8Array): OpenedPosition {
  const view = new DataView(body.buffer, body.byteOffset)
  const factsVersion = Number(view.getBigUint64(8))
  const tag = Buffer.from(body.subarray(16))
  return {
    place: Number(view.getBigUint64(0)),
    factsVersionOf: (subjectRef) => (tag.equals(subjectTag(subjectRef)) ? factsVersion : 0),
  }
}

function subjectTag(subjectRef: string): Uint8Array {
  return sha256(subjectRef).subarray(0, 16)
}
