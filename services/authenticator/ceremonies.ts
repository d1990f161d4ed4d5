import type { Tx } from '../database/unit-of-work.ts'
import { checkOwnFacts } from '../kernel/facts-check.ts'
import { randomToken } from '../kernel/random.ts'
import { NotFound } from '../kernel/errors.ts'
import { CEREMONY_TTL_MS, type AuthenticatorContext } from './dependencies.ts'
import { encodeAuthenticatorEvent, type AuthenticatorEvent } from './events.ts'
import type { Authenticator, Ceremony, CeremonyKind, RefusalReason } from './model.ts'

export interface Refused {
  readonly outcome: 'refused'
  readonly reason: RefusalReason
}

export type NewCeremony = Pick<Ceremony, 'kind' | 'challenge' | 'holder'> & Partial<Ceremony>

/** A ceremony that is stored by `addCeremony`; five minutes long unless it says otherwise. */
export function newCeremony(context: AuthenticatorContext, input: NewCeremony): Ceremony {
  return {
    id: randomToken(context.random),
    userHandle: null,
    sessionId: null,
    subjectRef: null,
    authenticatorId: null,
    proofingSessionId: null,
    ticketHash: null,
    expiresAt: new Date(context.clock.now().getTime() + CEREMONY_TTL_MS),
    consumedAt: null,
    ...input,
  }
}

/** @throws FactsRefused for facts that the common schema does not take; nothing is emitted then */
export async function publish(
  context: AuthenticatorContext,
  tx: Tx,
  event: AuthenticatorEvent,
): Promise<void> {
  if (event.type === 'AuthenticatorBound')
    checkOwnFacts(context.facts, event.facts, 'bindingRecord')
  if (event.type === 'AuthenticationPerformed') checkOwnFacts(context.facts, event.facts, 'auth')
  await context.publisher.publish(tx, encodeAuthenticatorEvent(event))
}

/**
 * Takes a ceremony before anything is verified, so that its challenge is worth one try and no more. A refusal is recorded.
 * @throws NotFound for an id that we never gave out
 */
export async function takeCeremony(
  context: AuthenticatorContext,
  kind: CeremonyKind,
  id: string,
  holder: string,
): Promise<{ readonly outcome: 'taken'; readonly ceremony: Ceremony } | Refused> {
  const now = context.clock.now()
  const result = await context.database.run(async (tx) => {
    const ceremony = await context.store.ceremony(tx, kind, id)
    if (ceremony === undefined) throw new NotFound('no such ceremony')
    const reason = ceremonyFault(ceremony, holder, now)
    if (reason === undefined && (await context.store.takeCeremony(tx, id, now))) {
      return { outcome: 'taken', ceremony } as const
    }
    return publishRefusal(context, tx, {
      ceremonyId: id,
      reason: reason ?? 'CEREMONY_ALREADY_USED',
      at: now,
    })
  })
  if (result.outcome === 'refused') logRefusal(context, result.reason)
  return result
}

function ceremonyFault(ceremony: Ceremony, holder: string, now: Date): RefusalReason | undefined {
  if (ceremony.holder !== holder) return 'CEREMONY_OF_ANOTHER_BROWSER'
  if (ceremony.consumedAt !== null) return 'CEREMONY_ALREADY_USED'
  if (ceremony.expiresAt.getTime() <= now.getTime()) return 'CEREMONY_EXPIRED'
  return undefined
}

export interface Refusal {
  readonly ceremonyId: string
  readonly authenticator?: Authenticator | undefined
  readonly reason: RefusalReason
  readonly at: Date
}

/** A refusal as event and as answer, inside of a unit of work. */
export async function publishRefusal(
  context: AuthenticatorContext,
  tx: Tx,
  refusal: Refusal,
): Promise<Refused> {
  const subjectRef = refusal.authenticator?.subjectRef ?? undefined
  await publish(context, tx, {
    type: 'AuthenticationRefused',
    ceremonyId: refusal.ceremonyId,
    authenticatorId: refusal.authenticator?.id ?? '',
    ...(subjectRef === undefined ? {} : { subjectRef }),
    reason: refusal.reason,
    at: refusal.at,
  })
  return { outcome: 'refused', reason: refusal.reason }
}

/** A refusal in a unit of work of its own. */
export async function refuse(
  context: AuthenticatorContext,
  refusal: Omit<Refusal, 'at'>,
): Promise<Refused> {
  const at = context.clock.now()
  const refused = await context.database.run((tx) =>
    publishRefusal(context, tx, { ...refusal, at }),
  )
  logRefusal(context, refusal.reason)
  return refused
}

export function logRefusal(context: AuthenticatorContext, reason: string): void {
  context.log.info('AUTHENTICATION_REFUSED', { service: 'authenticator', reason })
}
