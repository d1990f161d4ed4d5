import type { Tx } from '../database/unit-of-work.ts'
import { Conflict } from '../kernel/errors.ts'
import type { AssertionResponse } from './api.ts'
import { passkeyFacts } from './authentication-facts.ts'
import { publishRefusal, refuse, type Refused } from './ceremonies.ts'
import { checkCredential, decideAssertion } from './decide-assertion.ts'
import { BINDING_TTL_MS, type AuthenticatorContext } from './dependencies.ts'
import { moveAuthenticator } from './life-cycle.ts'
import type { Authenticator, BoundAuthenticator, Ceremony } from './model.ts'
import type { SessionGrounds } from './sessions.ts'
import { verifyAssertion, type VerifiedAssertion } from './webauthn.ts'

export interface CheckedAssertion {
  readonly outcome: 'verified'
  readonly ceremony: Ceremony
  readonly authenticator: BoundAuthenticator
  readonly assertion: VerifiedAssertion
}

/** Looks the credential up and verifies the assertion over a ceremony that was taken. A refusal is recorded. */
export async function checkAssertion(
  context: AuthenticatorContext,
  ceremony: Ceremony,
  unverified: AssertionResponse,
): Promise<CheckedAssertion | Refused> {
  const stored = await context.database.read((tx) =>
    context.store.authenticatorByCredential(tx, unverified.id),
  )
  const found = isAbandoned(stored, context.clock.now()) ? undefined : stored
  const check = checkCredential(found, {
    rpId: context.rpId,
    userHandle: unverified.response.userHandle ?? null,
    subjectRef: ceremony.subjectRef ?? undefined,
    authenticatorId: ceremony.authenticatorId,
  })
  if (check.outcome === 'refused') {
    return refuse(context, { ceremonyId: ceremony.id, authenticator: found, reason: check.reason })
  }
  const { authenticator } = check
  const expected = {
    challenge: ceremony.challenge,
    origin: context.origin(),
    rpId: context.rpId,
  }
  const verdict = await verifyAssertion(unverified, expected, authenticator)
  if (verdict.outcome === 'refused') {
    return refuse(context, { ceremonyId: ceremony.id, authenticator, reason: verdict.reason })
  }
  return { outcome: 'verified', ceremony, authenticator, assertion: verdict.assertion }
}

/**
 * A passkey that no card vouched for in time is worth as little as one that never was, and its device may drop it. As much
 * time again is left for a proofing that is still on its way here.
 */
function isAbandoned(authenticator: Authenticator | undefined, now: Date): boolean {
  if (authenticator?.state !== 'pending') return false
  return authenticator.pendingUntil.getTime() + BINDING_TTL_MS <= now.getTime()
}

/**
 * Records a verified assertion inside of a unit of work: the state and the counter are those of this moment, not of when
 * the signature was checked. Gives what a session can stand on.
 */
export async function acceptAssertion(
  context: AuthenticatorContext,
  tx: Tx,
  checked: CheckedAssertion,
  now: Date,
): Promise<({ readonly outcome: 'accepted' } & { readonly grounds: SessionGrounds }) | Refused> {
  const { ceremony, assertion } = checked
  const found = await context.store.authenticator(tx, checked.authenticator.id)
  const check = checkCredential(found, {
    rpId: context.rpId,
    userHandle: checked.authenticator.userHandle,
    subjectRef: checked.authenticator.subjectRef,
  })
  if (check.outcome === 'refused') {
    const { reason } = check
    const refusal = { ceremonyId: ceremony.id, authenticator: found, reason, at: now }
    return publishRefusal(context, tx, refusal)
  }
  const { authenticator } = check
  const decision = decideAssertion(authenticator, assertion)
  if (decision.outcome === 'refused') {
    const { reason } = decision
    if (decision.suspend) await moveAuthenticator(context, tx, authenticator, 'suspended', reason)
    return publishRefusal(context, tx, { ceremonyId: ceremony.id, authenticator, reason, at: now })
  }
  const use = { counter: decision.counter, backedUp: assertion.backedUp, lastUsedAt: now }
  if (!(await context.store.recordUse(tx, authenticator.id, authenticator.counter, use))) {
    throw new Conflict('the authenticator was used at the same time')
  }
  return { outcome: 'accepted', grounds: groundsOf(authenticator, assertion, now) }
}

function groundsOf(
  authenticator: BoundAuthenticator,
  assertion: VerifiedAssertion,
  at: Date,
): SessionGrounds {
  return {
    subjectRef: authenticator.subjectRef,
    method: 'passkey',
    authenticatorId: authenticator.id,
    auth: passkeyFacts({
      authenticatorId: authenticator.id,
      at,
      userVerified: assertion.userVerified,
      backupEligible: assertion.backupEligible,
      backedUp: assertion.backedUp,
      attestation: authenticator.attestation,
    }),
    boundByProofingId: authenticator.boundByProofingId,
    authenticatedAt: at,
  }
}
