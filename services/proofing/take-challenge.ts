import type { Tx } from '../database/unit-of-work.ts'
import { toHex } from '../kernel/bytes.ts'
import { NotFound, TooManyRequests } from '../kernel/errors.ts'
import { opaqueId } from '../kernel/random.ts'
import { identityProofingRefused } from './events.ts'
import { refusedBy, type Refusal } from './reasons.ts'
import { decideTaking, evidenceDigest, type Session, type TokenType } from './session.ts'
import type { ProofingStore } from './store.ts'
import type {
  SubmissionOutcome,
  SubmissionParts,
  TakenSession,
  UnverifiedEvidence,
} from './submission.ts'

interface Submission {
  readonly sessionId: string
  readonly evidenceDigest: string
  readonly tokenType: TokenType
  readonly proofingId: string
  readonly takenAt: Date
}

/**
 * Takes the session's challenge for this submission, or says how the submission ends. `TooManyRequests` beyond the limit
 * of the ticket, so that replays cannot fill the log.
 */
export async function takeChallenge(
  parts: SubmissionParts,
  sessionId: string,
  { certificate, signature, tokenType }: UnverifiedEvidence,
): Promise<TakenSession | SubmissionOutcome> {
  const { database, store, clock, random } = parts
  const submission: Submission = {
    sessionId,
    evidenceDigest: toHex(evidenceDigest(certificate, signature)),
    tokenType,
    proofingId: opaqueId(random),
    takenAt: clock.now(),
  }
  const taken = await database.run(async (tx) =>
    (await store.countSubmission(tx, sessionId)) ? takeIn(parts, tx, submission) : null,
  )
  if (taken === null) throw new TooManyRequests('this ticket was used too often', 600)
  return taken
}

async function takeIn(
  parts: SubmissionParts,
  tx: Tx,
  submission: Submission,
): Promise<TakenSession | SubmissionOutcome> {
  const { store } = parts
  const { sessionId, evidenceDigest: digest, takenAt } = submission
  const session = await findSession(store, tx, sessionId)
  const { step } = decideTaking(session, digest, takenAt)
  switch (step) {
    case 'take': {
      const { sessionId: _, ...taking } = submission
      const won = await store.take(tx, sessionId, taking)
      // Another submission took it in between: look again, it is open no more.
      return won ? { ...session, ...taking } : takeIn(parts, tx, submission)
    }
    case 'resume':
      return asTaken(session)
    case 'expired':
      await store.end(tx, sessionId, 'open', { status: 'refused', reason: 'CHALLENGE_EXPIRED' })
      return refuseIn(parts, tx, session, refusedBy('CHALLENGE_EXPIRED'))
    case 'replayed':
      return refuseIn(parts, tx, session, refusedBy('CHALLENGE_REPLAYED'))
    case 'done':
      return outcomeOf(session)
    default:
      return step satisfies never
  }
}

export async function findSession(
  store: ProofingStore,
  tx: Tx,
  sessionId: string,
): Promise<Session> {
  const session = await store.session(tx, sessionId)
  if (session === undefined) throw new NotFound('no such proofing session')
  return session
}

function asTaken(session: Session): TakenSession {
  const { proofingId, takenAt } = session
  if (proofingId === null || takenAt === null) throw new TypeError('a session that was taken')
  return { ...session, proofingId, takenAt }
}

/** The answer that an ended session gives again. */
export function outcomeOf({ status, reason }: Session): SubmissionOutcome {
  if (status === 'passed') return { outcome: 'passed' }
  if (status !== 'refused' && status !== 'indeterminate')
    throw new TypeError('a session that ended')
  return { outcome: status, reason: reason ?? 'UNKNOWN' }
}

/** Emits a refusal without touching the session: it ended before, or belongs to another submission. */
export async function refuseIn(
  { publisher, environment, clock, log }: SubmissionParts,
  tx: Tx,
  { sessionId, purpose }: Session,
  { outcome, reason, indication, sub }: Refusal,
): Promise<SubmissionOutcome> {
  const refusedAt = clock.now()
  const refusal = {
    sessionId,
    environment,
    purpose,
    reason,
    indication,
    subIndication: sub,
    refusedAt,
  }
  await publisher.publish(tx, identityProofingRefused(refusal))
  const code = outcome === 'refused' ? 'PROOFING_REFUSED' : 'PROOFING_INDETERMINATE'
  log.info(code, { correlationId: sessionId, reason })
  return { outcome, reason }
}
