import { crlStatus, parseCrl, verifyCrl, type CrlQuestion, type VerifiedCrl } from '../jpki/crl.ts'
import type { RevocationStatus, UnknownCause } from '../jpki/revocation.ts'
import type { TrustAnchor } from '../jpki/trust-anchor.ts'
import { revokedSerials } from './crl-header.ts'

/** What is known of a list that was verified. */
export interface CrlFacts {
  readonly number: bigint
  readonly thisUpdate: Date
}

/** A list that was verified and indexed once, wherever its index is. */
export interface IndexedCrl extends CrlFacts {
  status(question: CrlQuestion): Promise<RevocationStatus>
  /** Gives its memory back; nothing is asked of it afterwards. */
  release(): void
}

/** Verifies, indexes and compares lists; who asks need not know in which thread. */
export interface CrlDesk {
  verify(der: Uint8Array, issuer: TrustAnchor): Promise<IndexedCrl | UnknownCause>
  /** Serials that one of two verified lists has and the other has not, or not in the same way. */
  difference(earlier: Uint8Array, later: Uint8Array): Promise<readonly Uint8Array[]>
  close(): Promise<void>
}

export function factsOf({ crl, number }: VerifiedCrl): CrlFacts {
  return { number, thisUpdate: crl.thisUpdate }
}

/** Verifies and indexes here and now. */
export function indexCrl(der: Uint8Array, issuer: TrustAnchor): IndexedCrl | UnknownCause {
  const verified = verifyCrl(der, issuer)
  if (typeof verified === 'string') return verified
  return {
    ...factsOf(verified),
    status: async (question) => crlStatus(verified, question),
    release: () => undefined,
  }
}

/** As `CrlDesk.difference`, here and now. */
export function changedSerials(earlier: Uint8Array, later: Uint8Array): readonly Uint8Array[] {
  const before = parseCrl(earlier).entries
  const after = parseCrl(later).entries
  const changed: Uint8Array[] = []
  for (const serial of revokedSerials(later)) {
    const [old, now] = [before.find(serial), after.find(serial)]
    const same =
      old?.reason === now?.reason && old?.revokedAt.getTime() === now?.revokedAt.getTime()
    if (!same) changed.push(serial)
  }
  for (const serial of revokedSerials(earlier)) {
    if (after.find(serial) === null) changed.push(serial)
  }
  return changed
}
