import type { Tx } from '../database/unit-of-work.ts'
import { NotFound } from '../kernel/errors.ts'
import { publish } from './ceremonies.ts'
import type { AuthenticatorContext } from './dependencies.ts'
import {
  isBound,
  type Authenticator,
  type AuthenticatorState,
  type BoundAuthenticator,
  type Session,
} from './model.ts'
import { endSessions } from './sessions.ts'

type ChangeRefusal = 'WRONG_STATE' | 'LAST_AUTHENTICATOR' | 'CARD_REQUIRED'
export type ChangeOutcome =
  { readonly outcome: 'changed' } | { readonly outcome: 'refused'; readonly reason: ChangeRefusal }
export type Change = 'suspend' | 'resume' | 'revoke'

const TARGET: Readonly<Record<Change, 'active' | 'suspended' | 'revoked'>> = {
  suspend: 'suspended',
  resume: 'active',
  revoke: 'revoked',
}
const SOURCES: Readonly<Record<Change, readonly AuthenticatorState[]>> = {
  suspend: ['active'],
  resume: ['suspended'],
  revoke: ['active', 'suspended'],
}

const PERSON_ENDED = 'PERSON_ENDED'
/** What a suspension was for that nobody lifts without the card. */
const ONLY_BY_CARD: readonly string[] = ['COUNTER_REGRESSED', PERSON_ENDED]

/**
 * Whether the person may change this authenticator from this session. The last one goes only while the card is there to
 * come back with; a key that may have been copied comes back only by the card. Suspending is always allowed: it is what
 * one does about a lost phone.
 */
export function decideChange(
  change: Change,
  authenticator: Authenticator,
  others: readonly Authenticator[],
  session: Pick<Session, 'method'>,
): ChangeOutcome {
  if (!SOURCES[change].includes(authenticator.state)) return refused('WRONG_STATE')
  if (session.method === 'card') return { outcome: 'changed' }
  if (change === 'revoke' && !others.some((other) => other.state === 'active')) {
    return refused('LAST_AUTHENTICATOR')
  }
  if (change === 'resume' && ONLY_BY_CARD.includes(authenticator.reason)) {
    return refused('CARD_REQUIRED')
  }
  return { outcome: 'changed' }
}

function refused(reason: ChangeRefusal): ChangeOutcome {
  return { outcome: 'refused', reason }
}

/**
 * A change that the person asked for on their own page.
 * @throws NotFound for an authenticator that is not theirs
 */
export async function changeAuthenticator(
  context: AuthenticatorContext,
  session: Session,
  id: string,
  change: Change,
): Promise<ChangeOutcome> {
  return context.database.run(async (tx) => {
    const all = await context.store.authenticatorsOf(tx, session.subjectRef)
    const authenticator = all.find((one) => one.id === id)
    if (authenticator === undefined || !isBound(authenticator)) {
      throw new NotFound('no such authenticator')
    }
    const others = all.filter((one) => one.id !== id)
    const decision = decideChange(change, authenticator, others, session)
    if (decision.outcome === 'refused') return decision
    const moved = await moveAuthenticator(context, tx, authenticator, TARGET[change], 'BY_PERSON')
    return moved ? decision : refused('WRONG_STATE')
  })
}

/** One transition with its event; leaving `active` ends the sessions made with the authenticator. */
export async function moveAuthenticator(
  context: AuthenticatorContext,
  tx: Tx,
  authenticator: BoundAuthenticator,
  to: 'active' | 'suspended' | 'revoked',
  reason: string,
): Promise<boolean> {
  const { id, subjectRef, state: from } = authenticator
  if (!(await context.store.changeState(tx, id, from, { state: to, reason }))) return false
  await publish(context, tx, {
    type: 'AuthenticatorStateChanged',
    authenticatorId: id,
    subjectRef,
    from,
    to,
    reason,
    at: context.clock.now(),
  })
  context.log.info('AUTHENTICATOR_STATE_CHANGED', { service: 'authenticator', reason })
  if (to !== 'active') {
    const open = await context.store.openSessions(tx, { authenticatorId: id })
    const ended = to === 'suspended' ? 'AUTHENTICATOR_SUSPENDED' : 'AUTHENTICATOR_REVOKED'
    await endSessions(context, tx, open, ended)
  }
  return true
}

/**
 * The register has nobody under the person's certificate any more: whoever logs in with a passkey of theirs is somebody else.
 * Sessions end and passkeys are suspended; should it be a mistake, a tap of a new card brings a passkey and resumes the others.
 */
export async function endPerson(
  context: AuthenticatorContext,
  tx: Tx,
  subjectRef: string,
): Promise<void> {
  const open = await context.store.openSessions(tx, { subjectRef })
  await endSessions(context, tx, open, PERSON_ENDED)
  for (const authenticator of await context.store.authenticatorsOf(tx, subjectRef)) {
    if (!isBound(authenticator) || authenticator.state !== 'active') continue
    await moveAuthenticator(context, tx, authenticator, 'suspended', PERSON_ENDED)
  }
}

/** The person is to be forgotten: everything revoked and told, then deleted. Does nothing the second time. */
export async function eraseSubject(
  context: AuthenticatorContext,
  tx: Tx,
  subjectRef: string,
): Promise<void> {
  // Sessions first, by this reason: the log need not keep where who is to be forgotten was logged in.
  const open = await context.store.openSessions(tx, { subjectRef })
  await endSessions(context, tx, open, 'SUBJECT_ERASED')
  for (const authenticator of await context.store.authenticatorsOf(tx, subjectRef)) {
    if (!isBound(authenticator) || authenticator.state === 'revoked') continue
    await moveAuthenticator(context, tx, authenticator, 'revoked', 'SUBJECT_ERASED')
  }
  await context.store.eraseSubject(tx, subjectRef)
}
