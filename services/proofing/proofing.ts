import { CONSENT_DIGEST } from '../card/consent-document.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { CertificateCache } from '../jpki/certificate-cache.ts'
import { DelegateCache } from '../jpki/ocsp.ts'
import { fromBase64, toBase64Url, toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { NotFound, TooManyRequests } from '../kernel/errors.ts'
import { opaqueId, randomToken } from '../kernel/random.ts'
import type { AgentSession, EvidenceAnswer, EvidenceRequest } from './api.ts'
import { checkStatuses, followLists, type StatusReport } from './check-statuses.ts'
import type { CardlessUse } from './check-use.ts'
import {
  checkIdentity,
  readIdentity,
  type IdentityCheck,
  type IdentityView,
} from './check-identity.ts'
import { endConsent, tellEndedConsents } from './consents.ts'
import { countCardless } from './count-checks.ts'
import type { ProofingDependencies } from './dependencies.ts'
import type { OpenedProofing, OpenProofing, ProofingPort, ProofingResult } from './ports.ts'
import { refreshStale } from './refresh-attributes.ts'
import {
  checkOpening,
  KEPT,
  MAX_OPENED,
  resultOf,
  SESSION_LIFETIME,
  type Session,
} from './session.ts'
import { ProofingStore } from './store.ts'
import { submitEvidence } from './submit-evidence.ts'
import type { SubmissionParts } from './submission.ts'

/** Proofing's use cases: those of other services, of the card agent, and of the revocation monitor. */
export interface Proofing extends ProofingPort {
  /** What the agent shows and the card signs; `NotFound` for a ticket that is not open (any more). */
  agentSession(ticket: string): Promise<AgentSession>
  /** Verifies what the card gave. Every refusal is an answer and an event; `NotFound` for an unknown ticket. */
  submitEvidence(request: EvidenceRequest): Promise<EvidenceAnswer>
  /** Re-checks the certificates of one person, or of all, now. */
  checkNow(of?: { readonly subjectRef: string }): Promise<StatusReport>
  /**
   * 現況確認 of one person, asked for without the card: re-checks the certificates, and fetches the latest attributes where they
   * are out of date and the person consented. `NotFound` for nobody of ours, `TooManyRequests` twice within half a minute.
   */
  checkIdentity(subjectRef: string): Promise<IdentityCheck>
  /** What is known of a person's certificates, and the consent. */
  identity(subjectRef: string): Promise<IdentityView>
  /** Ends the consent to fetch the latest attributes, from now on; idempotent. */
  withdrawConsent(subjectRef: string): Promise<void>
  /**
   * One turn of the revocation monitor: follows new lists, and re-checks everything when that is due and at its first turn,
   * since what a process learned just before it was killed may not have been told.
   */
  monitor(): Promise<void>
  /** Counts, in the caller's unit of work, what a person did without the card that would else have cost a check. */
  countCardless(tx: Tx, use: CardlessUse): Promise<void>
  /** Deletes sessions that were over a day before `now`; proofings that are still needed stay. To be called now and then. */
  sweep(now: Date): Promise<void>
  /** Forgets a person in the caller's unit of work; idempotent. */
  eraseSubject(tx: Tx, subjectRef: string): Promise<void>
}

/** Proofing over its dependencies; no work starts here. */
export function createProofing(deps: ProofingDependencies): Proofing {
  const store = new ProofingStore(deps.database)
  const parts: SubmissionParts = {
    ...deps,
    store,
    cache: new CertificateCache(),
    delegates: new DelegateCache(),
  }
  const find = async (look: Promise<Session | undefined>): Promise<Session> => {
    const session = await look
    if (session === undefined) throw new NotFound('no such proofing session')
    return session
  }
  const byTicket = (ticket: string): Promise<Session> =>
    find(deps.database.read((tx) => store.sessionByTicket(tx, ticketHash(ticket))))
  return {
    open: (command) => openProofing(parts, command),
    async result(sessionId) {
      const session = await find(deps.database.read((tx) => store.session(tx, sessionId)))
      return resultOf(session, deps.clock.now())
    },
    async resultByTicket(ticket) {
      const session = await byTicket(ticket)
      const result: ProofingResult = resultOf(session, deps.clock.now())
      return { ...result, sessionId: session.sessionId }
    },
    committed: (proofingId) =>
      deps.database.read(async (tx) => {
        const session = await store.sessionByProofing(tx, proofingId)
        return session?.status === 'passed' || (await store.isNewest(tx, proofingId))
      }),
    agentSession: (ticket) => readAgentSession(parts, ticket),
    async submitEvidence({ ticket, certificate, signature, tokenType }) {
      const session = await byTicket(ticket)
      const outcome = await submitEvidence(parts, session.sessionId, {
        certificate: fromBase64(certificate, 'certificate'),
        signature: fromBase64(signature, 'signature'),
        tokenType,
      })
      const returnUrl = returnUrlOf(parts, session, ticket)
      return outcome.outcome === 'passed'
        ? { outcome: 'passed', reason: null, returnUrl }
        : { outcome: outcome.outcome, reason: outcome.reason, returnUrl }
    },
    checkNow: (of) => checkStatuses(parts, of?.subjectRef, 'recheck'),
    checkIdentity: (subjectRef) => checkIdentity(parts, subjectRef),
    identity: (subjectRef) => readIdentity(parts, subjectRef),
    withdrawConsent: (subjectRef) =>
      deps.database.run((tx) => endConsent(parts, tx, subjectRef, deps.clock.now())),
    monitor: createMonitor(parts),
    countCardless: (tx, use) => countCardless(store, tx, use),
    sweep: (now) => deps.database.run((tx) => store.sweep(tx, new Date(now.getTime() - KEPT))),
    eraseSubject: (tx, subjectRef) => store.eraseSubject(tx, subjectRef, deps.clock.now()),
  }
}

function createMonitor(parts: SubmissionParts): () => Promise<void> {
  let checkedAt: number | undefined
  return async () => {
    const now = parts.clock.now().getTime()
    const { recheckEvery } = parts.revocation.policy
    const isDue = checkedAt === undefined || now - checkedAt >= recheckEvery
    const before = checkedAt
    // Until it has gone well: changes that were taken up and not told are found by asking about everything.
    checkedAt = undefined
    if (isDue) await checkStatuses(parts, undefined, 'recheck')
    await followLists(parts)
    await refreshStale(parts)
    await tellEndedConsents(parts)
    checkedAt = isDue ? now : before
  }
}

function ticketHash(ticket: string): string {
  return toHex(sha256('watashi/ticket/v1', ticket))
}

const MINUTE = 60_000

/** `InvalidInput` for an opening that no service of ours may make; `TooManyRequests` when all together open too many. */
async function openProofing(
  parts: SubmissionParts,
  command: OpenProofing,
): Promise<OpenedProofing> {
  checkOpening(command)
  const { database, store, clock, random, agentOrigin } = parts
  const openedAt = clock.now()
  const ticket = randomToken(random)
  const { subjectRef: expectedSubjectRef = null, ...asked } = command
  const session: Session = {
    ...asked,
    bindingHash: asked.purpose === 'consent' ? CONSENT_DIGEST : asked.bindingHash,
    expectedSubjectRef,
    sessionId: opaqueId(random),
    ticketHash: ticketHash(ticket),
    nonce: random.bytes(32),
    openedAt,
    expiresAt: new Date(openedAt.getTime() + SESSION_LIFETIME),
    status: 'open',
    reason: null,
    evidenceDigest: null,
    tokenType: null,
    takenAt: null,
    proofingId: null,
    subjectRef: null,
    certificateRef: null,
  }
  const opened = await database.run(async (tx) => {
    const expiresAfter = new Date(session.expiresAt.getTime() - MINUTE)
    if (await store.hasOpen(tx, expiresAfter, MAX_OPENED)) return false
    await store.addSession(tx, session)
    return true
  })
  if (!opened) throw new TooManyRequests('too many cards are waited for', MINUTE / 1000)
  const { sessionId, expiresAt } = session
  return { sessionId, ticket, agentUrl: `${agentOrigin()}/?ticket=${ticket}`, expiresAt }
}

async function readAgentSession(parts: SubmissionParts, ticket: string): Promise<AgentSession> {
  const { database, store, clock, environment, relyingPartyName } = parts
  const session = await database.run(async (tx) => {
    const found = await store.sessionByTicket(tx, ticketHash(ticket))
    if (found?.status !== 'open' || clock.now() >= found.expiresAt) return null
    return (await store.countRead(tx, found.sessionId)) ? found : 'too-many'
  })
  if (session === null) throw new NotFound('no such open ticket')
  if (session === 'too-many') throw new TooManyRequests('this ticket was read too often', 600)
  const { sessionId, purpose, rpId, keyUse } = session
  return {
    sessionId,
    environment,
    purpose,
    rpId,
    rpName: rpId === '' ? '' : ((await relyingPartyName(rpId)) ?? rpId),
    keyUse,
    nonce: toBase64Url(session.nonce),
    bindingHash: toBase64Url(session.bindingHash),
    expiresAt: session.expiresAt.toISOString(),
    returnUrl: returnUrlOf(parts, session, ticket),
  }
}

/** A configured origin and a path of ours, with nothing in it but the ticket. */
function returnUrlOf({ origin }: SubmissionParts, { returnPath }: Session, ticket: string): string {
  return `${origin()}${returnPath}?ticket=${ticket}`
}
