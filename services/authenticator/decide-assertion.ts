import type { Authenticator, BoundAuthenticator, RefusalReason } from './model.ts'
import { isBound } from './model.ts'
import type { VerifiedAssertion } from './webauthn.ts'

export type CredentialCheck =
  | { readonly outcome: 'usable'; readonly authenticator: BoundAuthenticator }
  | { readonly outcome: 'refused'; readonly reason: RefusalReason }

/**
 * Whether a credential may be used at all, before its signature is looked at: WebAuthn L3 §7.2 steps 5 and 6, and our own
 * states. `userHandle` must be there when the person chose the passkey, since nothing else says whose it is.
 */
export function checkCredential(
  authenticator: Authenticator | undefined,
  ceremony: {
    readonly rpId: string
    readonly userHandle: string | null
    /** The only person who may answer; undefined when that is the question. */
    readonly subjectRef: string | undefined
    /** The only credential that may answer, by its authenticator's id; null when the person chooses. */
    readonly authenticatorId?: string | null
  },
): CredentialCheck {
  if (authenticator === undefined || authenticator.rpId !== ceremony.rpId) {
    return refused('CREDENTIAL_UNKNOWN')
  }
  const { userHandle, subjectRef, authenticatorId = null } = ceremony
  if (authenticatorId !== null && authenticator.id !== authenticatorId) {
    return refused('CREDENTIAL_NOT_ALLOWED')
  }
  const handleRequired = subjectRef === undefined && authenticatorId === null
  if (userHandle === null ? handleRequired : userHandle !== authenticator.userHandle) {
    return refused('USER_HANDLE_MISMATCH')
  }
  if (authenticator.state === 'revoked') return refused('AUTHENTICATOR_REVOKED')
  if (authenticator.state === 'pending' || !isBound(authenticator)) {
    return refused('AUTHENTICATOR_PENDING')
  }
  if (subjectRef !== undefined && authenticator.subjectRef !== subjectRef) {
    return refused('CREDENTIAL_NOT_ALLOWED')
  }
  return authenticator.state === 'active'
    ? { outcome: 'usable', authenticator }
    : refused('AUTHENTICATOR_SUSPENDED')
}

export type AssertionDecision =
  | { readonly outcome: 'accepted'; readonly counter: number }
  | {
      readonly outcome: 'refused'
      readonly reason: RefusalReason
      /** The authenticator itself is not to be trusted any more until the card says so. */
      readonly suspend: boolean
    }

/**
 * What a good signature still does not settle: WebAuthn L3 §7.2, backup eligibility never changes, and the signature
 * counter grows. A counter that fell on a key that cannot be copied tells of a copy; on a synced one it tells little.
 */
export function decideAssertion(
  stored: Pick<Authenticator, 'backupEligible' | 'counter'>,
  assertion: VerifiedAssertion,
): AssertionDecision {
  if (assertion.backupEligible !== stored.backupEligible) {
    return { outcome: 'refused', reason: 'BACKUP_ELIGIBILITY_CHANGED', suspend: false }
  }
  const counted = assertion.counter > 0 || stored.counter > 0
  if (counted && assertion.counter <= stored.counter) {
    return stored.backupEligible
      ? { outcome: 'accepted', counter: stored.counter }
      : { outcome: 'refused', reason: 'COUNTER_REGRESSED', suspend: true }
  }
  return { outcome: 'accepted', counter: assertion.counter }
}

function refused(reason: RefusalReason): CredentialCheck {
  return { outcome: 'refused', reason }
}
