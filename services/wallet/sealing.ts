import { decryptBytes, encryptBytes } from '../kernel/aead.ts'
import { lengthPrefixed } from '../kernel/bytes.ts'
import { ServiceError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'

/** Where a sealed value belongs; it opens nowhere else. */
export interface SealContext {
  readonly store: string
  readonly type: string
  readonly recordId: string
  readonly subjectRef: string
  readonly field: string
}

/** A value whose key is gone, or that was moved or changed. */
export class Undecryptable extends ServiceError {
  readonly code = 'UNDECRYPTABLE'
}

/** AES-256-GCM, bound to where the value belongs. */
export function seal(
  key: Uint8Array,
  plaintext: Uint8Array,
  context: SealContext,
  random: Random,
): Uint8Array {
  return encryptBytes(key, plaintext, aad(context), random)
}

/** Opens what `seal` made; `Undecryptable` for another key, another place or changed bytes. */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: SealContext): Uint8Array {
  try {
    return decryptBytes(key, sealed, aad(context))
  } catch (cause) {
    throw new Undecryptable('a sealed value does not open', { cause })
  }
}

function aad({ store, type, recordId, subjectRef, field }: SealContext): Uint8Array {
  return lengthPrefixed('1', store, type, recordId, subjectRef, field)
}
