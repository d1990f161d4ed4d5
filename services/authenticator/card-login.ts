import { toBase64Url } from '../kernel/bytes.ts'
import { NotFound } from '../kernel/errors.ts'
import type { ProofingResult } from '../proofing/ports.ts'
import { cardFacts } from './authentication-facts.ts'
import { logRefusal, newCeremony, publishRefusal } from './ceremonies.ts'
import { isLive } from './decide-session.ts'
import { BINDING_TTL_MS, type AuthenticatorContext } from './dependencies.ts'
import { CARD, type Ceremony, type RefusalReason, type Session } from './model.ts'
import { tokenDigest } from './session-cookie.ts'
import { newSession, startSession, type SessionGrounds } from './sessions.ts'

/** Starts a login by the card's 利用者証明用 key. `returnPath` is one of our own pages. */
export async function beginCardLogin(
  context: AuthenticatorContext,
  browser: string,
  returnPath: string,
): Promise<{ readonly agentUrl: string; readonly expiresAt: Date }> {
  const opened = await context.proofing.open({
    purpose: 'login',
    rpId: '',
    bindingHash: new Uint8Array(),
    keyUse: 'authentication',
    returnPath,
  })
  const ceremony = newCeremony(context, {
    kind: 'card_login',
    challenge: toBase64Url(context.random.bytes(32)), // proofing has its own; this one only keeps the row unique
    holder: tokenDigest(browser),
    proofingSessionId: opened.sessionId,
    ticketHash: tokenDigest(opened.ticket),
    expiresAt: new Date(context.clock.now().getTime() + BINDING_TTL_MS),
  })
  await context.database.run((tx) => context.store.addCeremony(tx, ceremony))
  return { agentUrl: opened.agentUrl, expiresAt: opened.expiresAt }
}

export interface CardLoginState {
  readonly state: 'pending' | 'passed' | 'refused' | 'indeterminate' | 'expired'
  readonly session: Session | null
  readonly reason: string | null
  /** Only in the one answer that started the session. */
  readonly token?: string
}

/**
 * How far a login by card is, asked by the browser that came back from the card agent; the first answer after the card was
 * accepted starts the session.
 * @throws NotFound for an unknown ticket, or one of another browser
 */
export async function cardLoginState(
  context: AuthenticatorContext,
  command: {
    readonly ticket: string
    readonly browser: string
    readonly previousToken: string | undefined
  },
): Promise<CardLoginState> {
  const ceremony = await context.database.read((tx) =>
    context.store.ceremonyByTicket(tx, 'card_login', tokenDigest(command.ticket)),
  )
  if (ceremony?.holder !== tokenDigest(command.browser)) {
    throw new NotFound('no such login in this browser')
  }
  if (ceremony.sessionId !== null) return passedBefore(context, ceremony.sessionId)
  const result = await context.proofing.result(ceremony.proofingSessionId ?? '')
  const now = context.clock.now()
  if (now.getTime() >= ceremony.expiresAt.getTime() || result.status === 'expired') {
    return { state: 'expired', session: null, reason: null }
  }
  switch (result.status) {
    case 'open':
      return { state: 'pending', session: null, reason: null }
    case 'refused':
    case 'indeterminate':
      return { state: result.status, session: null, reason: result.reason }
    case 'passed':
      return acceptCard(context, ceremony, result, command.previousToken)
    default:
      return result satisfies never
  }
}

async function acceptCard(
  context: AuthenticatorContext,
  ceremony: Ceremony,
  proof: Extract<ProofingResult, { status: 'passed' }>,
  previousToken: string | undefined,
): Promise<CardLoginState> {
  const fitting =
    proof.purpose === 'login' && proof.keyUse === 'authentication' && proof.bindingHash.length === 0
  const now = context.clock.now()
  const started = newSession(context, groundsOf(proof))
  const state = await context.database.run(async (tx): Promise<CardLoginState> => {
    if (!(await context.store.takeCeremony(tx, ceremony.id, now))) {
      const taken = await context.store.ceremony(tx, 'card_login', ceremony.id)
      const session = await context.store.session(tx, taken?.sessionId ?? '')
      return session === undefined
        ? { state: 'refused', session: null, reason: 'CEREMONY_ALREADY_USED' }
        : { state: 'passed', session, reason: null }
    }
    if (!fitting) {
      const reason: RefusalReason = 'PROOF_MISMATCH'
      await publishRefusal(context, tx, { ceremonyId: ceremony.id, reason, at: now })
      return { state: 'refused', session: null, reason }
    }
    await context.store.noteOnCeremony(tx, ceremony.id, { sessionId: started.session.id })
    await startSession(context, tx, started.session, previousToken)
    return { state: 'passed', session: started.session, reason: null, token: started.token }
  })
  if (state.reason !== null) logRefusal(context, state.reason)
  else context.log.info('AUTHENTICATION_PERFORMED', { service: 'authenticator' })
  return state
}

function groundsOf(proof: Extract<ProofingResult, { status: 'passed' }>): SessionGrounds {
  return {
    subjectRef: proof.subjectRef,
    method: 'card',
    authenticatorId: CARD,
    auth: cardFacts(CARD, proof.verifiedAt),
    boundByProofingId: proof.proofingId,
    authenticatedAt: proof.verifiedAt,
  }
}

async function passedBefore(
  context: AuthenticatorContext,
  sessionId: string,
): Promise<CardLoginState> {
  const session = await context.database.read((tx) => context.store.session(tx, sessionId))
  const live = session !== undefined && isLive(session, context.sessionLimits, context.clock.now())
  return { state: 'passed', session: live ? session : null, reason: null }
}
