import type { ProofPurpose } from '../card/proof-message.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { toHex } from '../kernel/bytes.ts'
import { publish } from './ceremonies.ts'
import { MAXIMUM_AUTHENTICATORS, type AuthenticatorContext } from './dependencies.ts'
import type { Authenticator } from './model.ts'

/** A verified tap of the card, as proofing tells it. */
export interface CardProof {
  readonly proofingId: string
  readonly subjectRef: string
  readonly purpose: ProofPurpose
  /** What the card signed; empty when it vouched for no credential. */
  readonly bindingHash: Uint8Array
  readonly verifiedAt: Date
}

export type BindingDecision =
  | { readonly outcome: 'bind' }
  | { readonly outcome: 'refuse'; readonly reason: 'SUBJECT_MISMATCH' | 'TOO_MANY_AUTHENTICATORS' }
  /** Too late, or not a tap for this: nothing happens, and the pending credential runs out. */
  | { readonly outcome: 'ignore' }

/** `existing` are the other authenticators of the person. */
export function decideBinding(
  pending: Pick<Authenticator, 'pendingUntil' | 'expectedSubjectRef'>,
  existing: readonly Authenticator[],
  proof: CardProof,
): BindingDecision {
  if (proof.purpose !== 'enrol' && proof.purpose !== 'reproof') return { outcome: 'ignore' }
  if (proof.verifiedAt.getTime() >= pending.pendingUntil.getTime()) return { outcome: 'ignore' }
  const { expectedSubjectRef } = pending
  if (expectedSubjectRef !== null && expectedSubjectRef !== proof.subjectRef) {
    return { outcome: 'refuse', reason: 'SUBJECT_MISMATCH' }
  }
  const kept = existing.filter((one) => one.state === 'active' || one.state === 'suspended')
  return kept.length >= MAXIMUM_AUTHENTICATORS
    ? { outcome: 'refuse', reason: 'TOO_MANY_AUTHENTICATORS' }
    : { outcome: 'bind' }
}

/**
 * Binds the pending credential that the card vouched for. Called for the event of the proofing and when the browser
 * comes back, in whichever order: the conditional write lets one of them win, and the other finds nothing pending.
 */
export async function bindCredential(
  context: AuthenticatorContext,
  tx: Tx,
  proof: CardProof,
): Promise<void> {
  if (proof.bindingHash.length !== 32) return
  const pending = await context.store.pendingByBinding(tx, toHex(proof.bindingHash))
  if (pending === undefined) return
  const existing = await context.store.authenticatorsOf(tx, proof.subjectRef)
  const decision = decideBinding(pending, existing, proof)
  switch (decision.outcome) {
    case 'ignore':
      return
    case 'refuse':
      return refuseBinding(context, tx, pending, proof, decision.reason)
    case 'bind':
      return bind(context, tx, pending, proof)
    default:
      return decision satisfies never
  }
}

async function bind(
  context: AuthenticatorContext,
  tx: Tx,
  pending: Authenticator,
  proof: CardProof,
): Promise<void> {
  const at = context.clock.now()
  const { proofingId, subjectRef } = proof
  const bound = await context.store.changeState(tx, pending.id, 'pending', {
    state: 'active',
    reason: 'BOUND_BY_CARD',
    subjectRef,
    boundByProofingId: proofingId,
    boundAt: at,
  })
  if (!bound) return
  await publish(context, tx, {
    type: 'AuthenticatorBound',
    authenticatorId: pending.id,
    subjectRef,
    environment: context.environment,
    proofingId,
    facts: {
      authenticator: pending.id,
      at: at.toISOString(),
      method: 'proofing_session',
      proofing_id: proofingId,
      // One challenge covers both: the card signed over the credential in its own proofing.
      same_protected_session: true,
    },
    at,
  })
  context.log.info('AUTHENTICATOR_BOUND', { service: 'authenticator' })
}

async function refuseBinding(
  context: AuthenticatorContext,
  tx: Tx,
  pending: Authenticator,
  proof: CardProof,
  reason: string,
): Promise<void> {
  const change = { state: 'revoked', reason } as const
  if (!(await context.store.changeState(tx, pending.id, 'pending', change))) return
  await publish(context, tx, {
    type: 'AuthenticatorStateChanged',
    authenticatorId: pending.id,
    subjectRef: proof.subjectRef,
    from: 'pending',
    to: 'revoked',
    reason,
    at: context.clock.now(),
  })
  context.log.info('AUTHENTICATION_REFUSED', { service: 'authenticator', reason })
}
