import type { Tx } from '../database/unit-of-work.ts'
import { proofMessage } from '../card/proof-message.ts'
import { serialText } from '../jpki/revocation-target.ts'
import {
  verifyApplication,
  verifyCertificate,
  withRevocation,
  type Verification,
  type VerificationContext,
  type VerifiedCertificate,
} from '../jpki/verify-application.ts'
import { toHex } from '../kernel/bytes.ts'
import { NotFound, TooManyRequests } from '../kernel/errors.ts'
import { opaqueId } from '../kernel/random.ts'
import { createAskRevocation, type RevocationAnswer } from './ask-revocation.ts'
import {
  certificateRef,
  personRef,
  sealTarget,
  type CertificateName,
} from './certificate-record.ts'
import type { ProofingDependencies } from './dependencies.ts'
import { identityProofed, identityProofingRefused } from './events.ts'
import { BASIC_FOUR_NAMES, proofingFacts, type FactsCheck } from './facts.ts'
import { refusalOf, refusedBy, undecidedBy, type Refusal } from './reasons.ts'
import { sealAttributes, vaultAttributes } from './seal-attributes.ts'
import { decideTaking, evidenceDigest, type Session, type TokenType } from './session.ts'
import type { ProofingStore } from './store.ts'

export interface SubmissionParts extends ProofingDependencies {
  readonly store: ProofingStore
  readonly checkFacts: FactsCheck
}

export interface UnverifiedEvidence {
  readonly certificate: Uint8Array
  readonly signature: Uint8Array
  readonly tokenType: TokenType
}

export type SubmissionOutcome =
  { readonly outcome: 'passed' } | { readonly outcome: Refusal['outcome']; readonly reason: string }

/** A session whose challenge is ours to verify against: `proofingId` and `takenAt` are set. */
type TakenSession = Session & { readonly proofingId: string; readonly takenAt: Date }

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
  return 'reason' in proven ? refuse(parts, taken, proven) : commit(parts, taken, proven)
}

interface Submission {
  readonly sessionId: string
  readonly evidenceDigest: string
  readonly tokenType: TokenType
  readonly proofingId: string
  readonly takenAt: Date
}

async function takeChallenge(
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

async function findSession(store: ProofingStore, tx: Tx, sessionId: string): Promise<Session> {
  const session = await store.session(tx, sessionId)
  if (session === undefined) throw new NotFound('no such proofing session')
  return session
}

function asTaken(session: Session): TakenSession {
  const { proofingId, takenAt } = session
  if (proofingId === null || takenAt === null) throw new TypeError('a session that was taken')
  return { ...session, proofingId, takenAt }
}

function outcomeOf({ status, reason }: Session): SubmissionOutcome {
  if (status === 'passed') return { outcome: 'passed' }
  if (status !== 'refused' && status !== 'indeterminate')
    throw new TypeError('a session that ended')
  return { outcome: status, reason: reason ?? 'UNKNOWN' }
}

/** Emits a refusal without touching the session: it ended before, or belongs to another submission. */
async function refuseIn(
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

/** Who tapped, verified: what is left is to write it down. */
interface ProvenIdentity {
  readonly verified: VerifiedCertificate
  readonly revocation: RevocationAnswer
  readonly name: CertificateName
  /** What linkage knows; null when the certificate is known to us already. */
  readonly linked: { readonly personRef: string; readonly related: readonly string[] } | null
}

async function proveIdentity(
  parts: SubmissionParts,
  session: TakenSession,
  evidence: UnverifiedEvidence,
): Promise<ProvenIdentity | Refusal> {
  const { verdict, verified } = verify(parts, session, evidence)
  if (verified === null) {
    const refusal = refusalOf(verdict, null)
    const isOther = refusal.reason === 'UNTRUSTED_ISSUER' && isOfOtherKind(parts, session, evidence)
    return isOther ? { ...refusal, reason: 'WRONG_CERTIFICATE_KIND' } : refusal
  }
  const revocation = await askAbout(parts, verified)
  const final = withRevocation(verdict, revocation.status)
  if (final.indication !== 'PASSED') return refusalOf(final, revocation.status.status)
  const name = { kind: session.keyUse, serial: serialText(verified.certificate.serial) }
  const linked = await link(parts, name)
  if (linked !== null && 'reason' in linked) return linked
  return { verified, revocation, name, linked }
}

function contextOf(
  { anchors, environment }: SubmissionParts,
  kind: Session['keyUse'],
  at: Date,
): VerificationContext {
  return { anchors, environment, kind, at }
}

function verify(
  parts: SubmissionParts,
  session: TakenSession,
  { certificate, signature }: UnverifiedEvidence,
): Verification {
  const { environment } = parts
  const message = proofMessage({ ...session, environment })
  const context = contextOf(parts, session.keyUse, session.takenAt)
  return verifyApplication({ certificate, message, signature }, context)
}

/** A card holds two certificates; the wrong one deserves a better word than "untrusted". */
function isOfOtherKind(
  parts: SubmissionParts,
  { keyUse, takenAt }: TakenSession,
  { certificate }: UnverifiedEvidence,
): boolean {
  const other = keyUse === 'signature' ? 'authentication' : 'signature'
  return verifyCertificate(certificate, contextOf(parts, other, takenAt)).verified !== null
}

function askAbout(
  parts: SubmissionParts,
  verified: VerifiedCertificate,
): Promise<RevocationAnswer> {
  const { database, store, clock } = parts
  const ask = createAskRevocation(parts)
  return ask({
    target: verified.certificate,
    issuer: verified.issuer,
    at: clock.now(),
    lowestNumber: (point) => database.read((tx) => store.crlNumber(tx, point)),
  })
}

/**
 * Asks linkage about a certificate that we have not seen. Without an answer nobody can say whether it is a new person or
 * the renewal of a known one, so nothing is decided.
 */
async function link(
  { database, store, linkage, keys, environment }: SubmissionParts,
  name: CertificateName,
): Promise<ProvenIdentity['linked'] | Refusal> {
  const ref = certificateRef(keys, environment, name)
  const known = await database.read((tx) => store.certificate(tx, ref))
  if (known !== undefined) return null
  const answer = await linkage.resolve(name)
  switch (answer.outcome) {
    case 'linked':
      return {
        personRef: personRef(keys, environment, answer.personId),
        related: answer.related.map((other) => certificateRef(keys, environment, other)),
      }
    case 'not-ready':
      return undecidedBy('LINKAGE_NOT_READY')
    case 'unavailable':
      return undecidedBy('LINKAGE_UNAVAILABLE')
    default:
      return answer satisfies never
  }
}

/** Deposits the attributes, then writes proofing, person, certificate and event in one unit of work. */
async function commit(
  parts: SubmissionParts,
  session: TakenSession,
  proven: ProvenIdentity,
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
  parts.checkFacts(facts)
  return facts
}

/** INVARIANT: before the commit, so that no proofing stands without its attributes; idempotent by proofing id. */
async function deposit(
  { vault, environment }: SubmissionParts,
  { proofingId }: TakenSession,
  { attributes, certificate }: VerifiedCertificate,
): Promise<readonly string[]> {
  if (attributes === null) return []
  const plain = vaultAttributes(attributes, certificate)
  const { publicKey } = await vault.publicKey()
  const sealed = await sealAttributes(plain, publicKey, { environment, proofingId })
  await vault.deposit(proofingId, sealed)
  return BASIC_FOUR_NAMES.filter((name) => plain[name] !== undefined)
}

/** The person behind the certificate; a new one only where somebody enrols whom neither we nor linkage know. */
async function resolveSubject(
  { store }: SubmissionParts,
  tx: Tx,
  question: { session: TakenSession; proven: ProvenIdentity; ref: string; newSubject: string },
): Promise<string | Refusal> {
  const { session, proven, ref, newSubject } = question
  const own = await store.certificate(tx, ref)
  if (own !== undefined) return own.subjectRef
  // The certificate was known when linkage would have been asked, and its person was erased since.
  if (proven.linked === null) return undecidedBy('LINKAGE_UNAVAILABLE')
  const { personRef: person, related } = proven.linked
  const byPerson = await store.subjectOfPerson(tx, person)
  const byCertificates = await store.subjectsOf(tx, related)
  const known = new Set([...(byPerson === undefined ? [] : [byPerson]), ...byCertificates])
  const [subjectRef, ...others] = known
  if (others.length > 0) return undecidedBy('LINKAGE_AMBIGUOUS')
  if (subjectRef !== undefined) return subjectRef
  if (session.purpose !== 'enrol') return refusedBy('NOT_ENROLLED')
  await store.addPerson(tx, {
    subjectRef: newSubject,
    personRef: person,
    enrolledAt: session.takenAt,
  })
  return newSubject
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
  })
  if (crl !== null) await store.rememberCrlNumber(tx, crl.point, crl.number)
}
