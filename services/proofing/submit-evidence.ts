import { commitProofing } from './commit-proofing.ts'
import { recordConsent } from './record-consent.ts'
import { proveIdentity } from './prove-identity.ts'
import type { Refusal } from './reasons.ts'
import { findSession, outcomeOf, refuseIn, takeChallenge } from './take-challenge.ts'
import type {
  SubmissionOutcome,
  SubmissionParts,
  TakenSession,
  UnverifiedEvidence,
} from './submission.ts'

/**
 * Takes the challenge, verifies, and ends the session with an event on every branch. The same submission again (after a
 * crash or a lost answer) goes on or gets the answer it had; another one is a replay.
 */
export async function submitEvidence(
  parts: SubmissionParts,
  sessionId: string,
  evidence: UnverifiedEvidence,
): Promise<SubmissionOutcome> {
  const taken = await takeChallenge(parts, sessionId, evidence)
  if ('outcome' in taken) return taken
  const proven = await proveIdentity(parts, taken, evidence)
  if ('reason' in proven) return refuse(parts, taken, proven)
  const consent =
    taken.purpose === 'consent' ? await recordConsent(parts, taken, proven, evidence) : null
  if (consent !== null && 'reason' in consent) return refuse(parts, taken, consent)
  return commitProofing(parts, taken, proven, consent)
}

async function refuse(
  parts: SubmissionParts,
  session: TakenSession,
  refusal: Refusal,
): Promise<SubmissionOutcome> {
  const { database, store } = parts
  return database.run(async (tx) => {
    const end = { status: refusal.outcome, reason: refusal.reason }
    const won = await store.end(tx, session.sessionId, 'verifying', end)
    if (won) return refuseIn(parts, tx, session, refusal)
    return outcomeOf(await findSession(store, tx, session.sessionId))
  })
}
