import { toBase64Url } from '../kernel/bytes.ts'
import { NotFound } from '../kernel/errors.ts'
import type { ProofingResult } from '../proofing/ports.ts'
import { newCeremony } from './ceremonies.ts'
import { BINDING_TTL_MS, type AuthenticatorContext } from './dependencies.ts'
import type { Session } from './model.ts'
import { tokenDigest } from './session-cookie.ts'

export interface ReproofOrder {
  /** One of our own pages. */
  readonly returnPath: string
  /** `consent`: the card signs as well that the latest attributes may be fetched. */
  readonly purpose: 'reproof' | 'consent'
}

/**
 * Starts a new proofing of the person who is logged in, by the card's 署名用 key. It binds nothing: what it finds goes to
 * wallet and policy by proofing's own event.
 */
export async function beginReproof(
  context: AuthenticatorContext,
  browser: string,
  session: Pick<Session, 'subjectRef'>,
  { returnPath, purpose }: ReproofOrder,
): Promise<{ readonly agentUrl: string; readonly expiresAt: Date }> {
  const opened = await context.proofing.open({
    purpose,
    ...(purpose === 'consent' && { subjectRef: session.subjectRef }),
    rpId: '',
    bindingHash: new Uint8Array(),
    keyUse: 'signature',
    returnPath,
  })
  const ceremony = newCeremony(context, {
    kind: 'reproof',
    challenge: toBase64Url(context.random.bytes(32)), // proofing has its own; this one only keeps the row unique
    holder: tokenDigest(browser),
    subjectRef: session.subjectRef,
    proofingSessionId: opened.sessionId,
    ticketHash: tokenDigest(opened.ticket),
    expiresAt: new Date(context.clock.now().getTime() + BINDING_TTL_MS),
  })
  await context.database.run((tx) => context.store.addCeremony(tx, ceremony))
  return { agentUrl: opened.agentUrl, expiresAt: opened.expiresAt }
}

export interface ReproofState {
  /** `other_person`: the card was good, but of somebody else than who is logged in; nothing more is said of them. */
  readonly state: 'pending' | 'passed' | 'refused' | 'indeterminate' | 'expired' | 'other_person'
  readonly reason: string | null
}

/**
 * How far a new proofing is, asked by the browser that came back from the card agent.
 * @throws NotFound for an unknown ticket, or one of another browser or another person's session
 */
export async function reproofState(
  context: AuthenticatorContext,
  query: {
    readonly ticket: string
    readonly browser: string
    readonly session: Pick<Session, 'subjectRef'>
  },
): Promise<ReproofState> {
  const { subjectRef } = query.session
  const ceremony = await context.database.read((tx) =>
    context.store.ceremonyByTicket(tx, 'reproof', tokenDigest(query.ticket)),
  )
  if (ceremony?.holder !== tokenDigest(query.browser) || ceremony.subjectRef !== subjectRef) {
    throw new NotFound('no such proofing in this browser')
  }
  const result = await context.proofing.result(ceremony.proofingSessionId ?? '')
  const late = ceremony.expiresAt.getTime() <= context.clock.now().getTime()
  return stateOf(result, subjectRef, late)
}

/** A tap that was judged stays judged; only one that never came runs out. */
function stateOf(result: ProofingResult, subjectRef: string, late: boolean): ReproofState {
  switch (result.status) {
    case 'open':
      return { state: late ? 'expired' : 'pending', reason: null }
    case 'expired':
      return { state: 'expired', reason: null }
    case 'refused':
      return result.reason === 'CARD_OF_ANOTHER_PERSON'
        ? { state: 'other_person', reason: null }
        : { state: result.status, reason: result.reason }
    case 'indeterminate':
      return { state: result.status, reason: result.reason }
    case 'passed':
      if (result.subjectRef !== subjectRef) return { state: 'other_person', reason: null }
      return (result.purpose === 'reproof' || result.purpose === 'consent') &&
        result.keyUse === 'signature'
        ? { state: 'passed', reason: null }
        : { state: 'refused', reason: 'PROOF_MISMATCH' }
    default:
      return result satisfies never
  }
}
