import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes, lengthPrefixed } from '../kernel/bytes.ts'
import { ServiceError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'

const IV_LENGTH = 12
const TAG_LENGTH = 16

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

/** AES-256-GCM: 12 bytes random IV ‖ ciphertext ‖ 16 bytes tag. */
export function seal(
  key: Uint8Array,
  plaintext: Uint8Array,
  context: SealContext,
  random: Random,
): Uint8Array {
  const iv = random.bytes(IV_LENGTH)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(aad(context))
  return concatBytes(iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}

/** Opens what `seal` made; `Undecryptable` for another key, another place or changed bytes. */
export function unseal(key: Uint8Array, sealed: Uint8Array, context: SealContext): Uint8Array {
  if (sealed.length < IV_LENGTH + TAG_LENGTH) throw new Undecryptable('expected a sealed value')
  const iv = sealed.subarray(0, IV_LENGTH)
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_LENGTH })
  decipher.setAAD(aad(context))
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_LENGTH))
  try {
    const body = sealed.subarray(IV_LENGTH, sealed.length - TAG_LENGTH)
    return concatBytes(decipher.update(body), decipher.final())
  } catch (cause) {
    throw new Undecryptable('a sealed value does not open', { cause })
  }
}

function aad({ store, type, recordId, subjectRef, field }: SealContext): Uint8Array {
  return lengthPrefixed('1', store, type, recordId, subjectRef, field)
}
