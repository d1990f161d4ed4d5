import type { ProofPurpose } from '../card/proof-message.ts'
import type { Tx } from '../database/unit-of-work.ts'
import type { VerifiedCertificate } from '../jpki/verify-application.ts'
import { checkOwnFacts } from '../kernel/facts-check.ts'
import { opaqueId } from '../kernel/random.ts'
import { certificateRef, sealTarget } from './certificate-record.ts'
import { keepConsent, type RecordedConsent } from './consents.ts'
import { identityProofed } from './events.ts'
import { proofingFacts } from './facts.ts'
import { knownSubject } from './known-subject.ts'
import type { ProvenIdentity } from './prove-identity.ts'
import { refusedBy, undecidedBy, type Refusal } from './reasons.ts'
import { depositAttributes, vaultAttributes } from './seal-attributes.ts'
import type { SubmissionOutcome, SubmissionParts, TakenSession } from './submission.ts'
import { findSession, outcomeOf, refuseIn } from './take-challenge.ts'

/** Deposits the attributes, then writes proofing, person, certificate and event in one unit of work. */
export async function commitProofing(
  parts: SubmissionParts,
  session: TakenSession,
  proven: ProvenIdentity,
  consent: RecordedConsent | null,
): Promise<SubmissionOutcome> {
  const { database, store, publisher, log } = parts
  const ref = certificateRef(parts.keys, parts.environment, proven.name)
  const facts = factsOf(parts, session, proven)
  const attributeNames = await deposit(parts, session, proven.verified)
  const target = sealTarget(parts.keys, ref, proven.verified.certificate, parts.random)
  const newSubject = opaqueId(parts.random)
  return database.run(async (tx) => {
    const before = await findSession(store, tx, session.sessionId)
    if (before.status !== 'verifying') return outcomeOf(before)
    const subjectRef = await resolveSubject(parts, tx, { session, proven, ref, newSubject })
    if (typeof subjectRef !== 'string') {
      const end = { status: subjectRef.outcome, reason: subjectRef.reason }
      await store.end(tx, session.sessionId, 'verifying', end)
      return refuseIn(parts, tx, session, subjectRef)
    }
    const end = { status: 'passed', subjectRef, certificateRef: ref } as const
    const won = await store.end(tx, session.sessionId, 'verifying', end)
    if (!won) return outcomeOf(await findSession(store, tx, session.sessionId))
    await remember(parts, tx, { proven, ref, subjectRef, target, at: session.takenAt })
    if (attributeNames.length > 0 && updatesRecord(session.purpose)) {
      await store.noteNewestAttributes(tx, subjectRef, { from: session.proofingId, ref })
    }
    if (consent !== null) {
      await keepConsent(parts, tx, { ...consent, subjectRef, at: session.takenAt })
    }
    const event = identityProofed({
      proofingId: session.proofingId,
      subjectRef,
      environment: parts.environment,
      purpose: session.purpose,
      sessionId: session.sessionId,
      facts,
      bindingHash: session.bindingHash,
      certificateRef: ref,
      attributeNames,
      verifiedAt: session.takenAt,
    })
    await publisher.publish(tx, event)
    log.info('PROOFING_PASSED', { correlationId: session.sessionId })
    return { outcome: 'passed' }
  })
}

function factsOf(parts: SubmissionParts, session: TakenSession, proven: ProvenIdentity) {
  const { status } = proven.revocation
  if (status.status === 'unknown') throw new TypeError('a status that passed')
  const { proofingId, purpose, takenAt } = session
  const { verified } = proven
  const facts = proofingFacts({
    proofingId,
    purpose,
    verifiedAt: takenAt,
    verified,
    revocation: status,
  })
  checkOwnFacts(parts.facts, facts, 'whole')
  return facts
}

/** INVARIANT: before the commit, so that no proofing stands without its attributes; idempotent by proofing id. */
async function deposit(
  { vault, environment }: SubmissionParts,
  { proofingId }: TakenSession,
  { attributes, certificate }: VerifiedCertificate,
): Promise<readonly string[]> {
  if (attributes === null) return []
  return depositAttributes(
    { vault, environment },
    proofingId,
    vaultAttributes(attributes, certificate),
  )
}

/** Whether what the card says now stands in the place of what was known before. */
function updatesRecord(purpose: ProofPurpose): boolean {
  return purpose === 'enrol' || purpose === 'reproof' || purpose === 'consent'
}

/** The person behind the certificate; a new one only where somebody enrols whom neither we nor linkage know. */
async function resolveSubject(
  { store }: SubmissionParts,
  tx: Tx,
  question: { session: TakenSession; proven: ProvenIdentity; ref: string; newSubject: string },
): Promise<string | Refusal> {
  const { session, proven, ref, newSubject } = question
  const known = await knownSubject(store, tx, { session, proven, ref })
  if (known !== undefined) return known
  if (session.purpose !== 'enrol') return refusedBy('NOT_ENROLLED')
  // Without linkage the subject is known, or the question is undecided.
  const person = proven.linked?.personRef ?? ''
  const enrolledAt = session.takenAt
  const added = await store.addPerson(tx, { subjectRef: newSubject, personRef: person, enrolledAt })
  // Another tap of the same person may have been written in between.
  return added
    ? newSubject
    : ((await store.subjectOfPerson(tx, person)) ?? undecidedBy('LINKAGE_UNAVAILABLE'))
}

async function remember(
  { store }: SubmissionParts,
  tx: Tx,
  record: { proven: ProvenIdentity; ref: string; subjectRef: string; target: Uint8Array; at: Date },
): Promise<void> {
  const { proven, ref, subjectRef, target, at } = record
  const { certificate, issuer } = proven.verified
  const { status, crl } = proven.revocation
  await store.addCertificate(tx, {
    certificateRef: ref,
    subjectRef,
    kind: proven.name.kind,
    issuer: issuer.sha256,
    target,
    notAfter: certificate.notAfter.at,
    status: 'good',
    reason: '',
    lastGoodAt: status.status === 'good' ? status.thisUpdate : at,
    attributesFrom: null,
  })
  if (crl !== null) await store.rememberCrlNumber(tx, crl.point, crl.number)
}
