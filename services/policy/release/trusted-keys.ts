import { createPublicKey, type KeyObject } from 'node:crypto'
import { eventKeyId } from '../../eventlog/event-trust.ts'

/** A key that signs every release after the one that names it. */
export interface SuccessorKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  /** Ed25519 public key in base64url: `x` of its JWK (RFC 8037 §2). */
  readonly publicKey: string
}

/** Whom the next release is believed from: one key at a time. */
export interface TrustedKeys {
  readonly current: KeyObject
  readonly kid: string
  /** Thumbprints of the keys before it, oldest first. What they sign from now on is refused. */
  readonly retired: readonly string[]
}

/** @param pinned the first key, which only its own file vouches for */
export function trustedFrom(pinned: KeyObject): TrustedKeys {
  return { current: pinned, kid: eventKeyId(pinned), retired: [] }
}

/** How a release names a key. */
export function asSuccessor(publicKey: KeyObject): SuccessorKey {
  return { kid: eventKeyId(publicKey), publicKey: publicKey.export({ format: 'jwk' }).x ?? '' }
}

/**
 * Whom releases are believed from after one that names a successor; undefined where no successor can be had: it is no key, not
 * the one that its id names, or one that signed before. INVARIANT: a key that was given up never comes back.
 */
export function handedOver(keys: TrustedKeys, successor: SuccessorKey): TrustedKeys | undefined {
  const current = publicKeyOf(successor)
  const retired = [...keys.retired, keys.kid]
  if (current === undefined || retired.includes(successor.kid)) return undefined
  return { current, kid: successor.kid, retired }
}

function publicKeyOf({ kid, publicKey }: SuccessorKey): KeyObject | undefined {
  try {
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: publicKey }
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    return eventKeyId(key) === kid ? key : undefined
  } catch {
    return undefined // it came from a row: whatever it is, it is no key
  }
}
