import { decryptBytes, encryptBytes } from '../kernel/aead.ts'
import { constantTimeEqual, fromBase64Url, toBase64Url, utf8 } from '../kernel/bytes.ts'
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

/** A position before the oldest change that is kept: nobody can say what came in between. */
export class PositionTooOld extends ServiceError {
  readonly code = 'POSITION_TOO_OLD'

  constructor() {
    super('from_position: older than what is kept; begin again without a position')
  }
}

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
    return toBase64Url(encryptBytes(this.#key, encode(position), utf8(rpId), this.#random))
  }

  /** @throws InvalidInput for anything but a position that this relying party was given */
  open(rpId: string, token: string, path: string): OpenedPosition {
    try {
      const body = decryptBytes(this.#key, fromBase64Url(token, path), utf8(rpId))
      if (body.length !== BODY) throw new InvalidInput(path, `${String(BODY)} bytes`)
      return decode(body)
    } catch (cause) {
      throw new InvalidInput(path, 'a position from an earlier answer to this caller', { cause })
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
  const tag = body.subarray(16)
  return {
    place: Number(view.getBigUint64(0)),
    factsVersionOf: (subjectRef) =>
      constantTimeEqual(tag, subjectTag(subjectRef)) ? factsVersion : 0,
  }
}

function subjectTag(subjectRef: string): Uint8Array {
  return sha256(subjectRef).subarray(0, 16)
}
