import { createCipheriv, createDecipheriv } from 'node:crypto'
import { concatBytes } from './bytes.ts'
import { ServiceError } from './errors.ts'
import type { Random } from './random.ts'

const ALGORITHM = 'aes-256-gcm'
const IV_LENGTH = 12
const TAG_LENGTH = 16

/** Bytes that do not open: another key, another context, or changed. */
export class DoesNotOpen extends ServiceError {
  readonly code = 'DOES_NOT_OPEN'
}

/** AES-256-GCM under a random IV: 12 bytes IV ‖ ciphertext ‖ 16 bytes tag. */
export function encryptBytes(
  key: Uint8Array,
  plaintext: Uint8Array,
  context: Uint8Array,
  random: Random,
): Uint8Array {
  const iv = random.bytes(IV_LENGTH)
  const cipher = createCipheriv(ALGORITHM, key, iv)
  cipher.setAAD(context)
  return concatBytes(iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}

/** Opens what `encryptBytes` made. @throws DoesNotOpen for everything else */
export function decryptBytes(key: Uint8Array, sealed: Uint8Array, context: Uint8Array): Uint8Array {
  if (sealed.length < IV_LENGTH + TAG_LENGTH) throw new DoesNotOpen('expected a sealed value')
  const iv = sealed.subarray(0, IV_LENGTH)
  const decipher = createDecipheriv(ALGORITHM, key, iv, { authTagLength: TAG_LENGTH })
  decipher.setAAD(context)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_LENGTH))
  try {
    const body = sealed.subarray(IV_LENGTH, sealed.length - TAG_LENGTH)
    return concatBytes(decipher.update(body), decipher.final())
  } catch (cause) {
    // Node reports a wrong tag as a plain Error.
    throw new DoesNotOpen('expected a value sealed under this key and context', { cause })
  }
}
