import type { Tx } from '../database/unit-of-work.ts'
import { lengthPrefixed, toHex } from '../kernel/bytes.ts'
import { hmacSha256 } from '../kernel/digest.ts'
import { NotFound, TooManyRequests } from '../kernel/errors.ts'
import { signatureIssued, signatureRefused } from './events.ts'
import type { SignatureDocument } from './ports.ts'
import { proveSignature, type ProvenSignature, type TakenSignature } from './prove-signature.ts'
import { refusedBy, type Refusal } from './reasons.ts'
import { decideTaking, evidenceDigest } from './session.ts'
import {
  openDocument,
  opened,
  sealSignature,
  type OpenSignature,
  type SignatureReason,
} from './signature.ts'
import type { SignatureStore } from './signature-store.ts'
import type { SubmissionOutcome, SubmissionParts, UnverifiedEvidence } from './submission.ts'

export interface SignatureParts extends SubmissionParts {
  readonly signatures: SignatureStore
}

type Evidence = Pick<UnverifiedEvidence, 'certificate' | 'signature'>

/**
 * Takes a signature of the card for a document: once. The same submission again (after a crash or a lost answer) goes on or
 * gets the answer it had; another one is a replay.
 */
export async function submitSignature(
  parts: SignatureParts,
  signatureId: string,
  evidence: Evidence,
): Promise<SubmissionOutcome> {
  const taken = await takeSignature(parts, signatureId, evidence)
  if ('outcome' in taken) return taken
  const document = openDocument(parts.keys, taken)
  const proven = await proveSignature(parts, taken, document, evidence)
  return 'reason' in proven
    ? endRefused(parts, taken, proven)
    : endSigned(parts, taken, document, proven)
}

async function takeSignature(
  parts: SignatureParts,
  signatureId: string,
  { certificate, signature }: Evidence,
): Promise<TakenSignature | SubmissionOutcome> {
  const { database, signatures, clock } = parts
  const taking = {
    evidenceDigest: toHex(evidenceDigest(certificate, signature)),
    takenAt: clock.now(),
  }
  const taken = await database.run(async (tx) =>
    (await signatures.countSubmission(tx, signatureId))
      ? takeIn(parts, tx, signatureId, taking)
      : null,
  )
  if (taken === null) throw new TooManyRequests('this ticket was used too often', 600)
  return taken
}

async function takeIn(
  parts: SignatureParts,
  tx: Tx,
  signatureId: string,
  taking: { readonly evidenceDigest: string; readonly takenAt: Date },
): Promise<TakenSignature | SubmissionOutcome> {
  const { signatures } = parts
  const row = await findOpened(signatures, tx, signatureId)
  const { step } = decideTaking(row, taking.evidenceDigest, taking.takenAt)
  switch (step) {
    case 'take': {
      const won = await signatures.take(tx, row, taking)
      // Another submission took it in between: look again, it is open no more.
      return won ? { ...row, ...taking } : takeIn(parts, tx, signatureId, taking)
    }
    case 'resume':
      return { ...row, takenAt: row.takenAt ?? taking.takenAt }
    case 'expired': {
      const refusal = refusedBy('CHALLENGE_EXPIRED')
      await signatures.end(tx, signatureId, 'open', { status: 'refused', reason: refusal.reason })
      return tellRefusal(parts, tx, row, refusal)
    }
    case 'replayed':
      return tellRefusal(parts, tx, row, refusedBy('CHALLENGE_REPLAYED'))
    case 'done':
      return outcomeOf(row)
    default:
      return step satisfies never
  }
}

async function findOpened(
  signatures: SignatureStore,
  tx: Tx,
  signatureId: string,
): Promise<OpenSignature> {
  const row = await signatures.find(tx, signatureId)
  if (row === undefined) throw new NotFound('no such open ticket')
  return opened(row)
}

async function endSigned(
  parts: SignatureParts,
  row: TakenSignature,
  document: SignatureDocument,
  { signature, certificateRef }: ProvenSignature,
): Promise<SubmissionOutcome> {
  const { database, signatures, publisher, keys, random, environment, log } = parts
  const { signatureId, subjectRef, rpId, takenAt } = row
  const result = sealSignature(keys, signatureId, signature, random)
  const documentRef = hmacSha256(
    keys.reference.reveal(),
    lengthPrefixed('document', environment, document.digest),
  )
  return database.run(async (tx) => {
    const end = { status: 'passed', result } as const
    const won = await signatures.end(tx, signatureId, 'verifying', end)
    if (!won) return outcomeOf(await findOpened(signatures, tx, signatureId))
    const issued = { signatureId, subjectRef, rpId, environment, certificateRef, documentRef }
    await publisher.publish(tx, signatureIssued({ ...issued, issuedAt: takenAt }))
    log.info('SIGNATURE_ISSUED', { correlationId: signatureId, rpId })
    return { outcome: 'passed' }
  })
}

async function endRefused(
  parts: SignatureParts,
  row: TakenSignature,
  refusal: Refusal,
): Promise<SubmissionOutcome> {
  const { database, signatures } = parts
  return database.run(async (tx) => {
    const end = { status: refusal.outcome, reason: refusal.reason }
    const won = await signatures.end(tx, row.signatureId, 'verifying', end)
    if (won) return tellRefusal(parts, tx, row, refusal)
    return outcomeOf(await findOpened(signatures, tx, row.signatureId))
  })
}

async function tellRefusal(
  parts: SignatureParts,
  tx: Tx,
  row: OpenSignature,
  { outcome, reason }: Pick<Refusal, 'outcome' | 'reason'>,
): Promise<SubmissionOutcome> {
  await publishRefusal(parts, tx, row, reason)
  return { outcome, reason }
}

/** Tells that a relying party gets no signature from this person; inside the caller's unit of work. */
export async function publishRefusal(
  { publisher, environment, clock, log }: SubmissionParts,
  tx: Tx,
  { signatureId, subjectRef, rpId }: Pick<OpenSignature, 'signatureId' | 'subjectRef' | 'rpId'>,
  reason: SignatureReason,
): Promise<void> {
  const refusal = { signatureId, subjectRef, rpId, environment, reason, refusedAt: clock.now() }
  await publisher.publish(tx, signatureRefused(refusal))
  log.info('SIGNATURE_REFUSED', { correlationId: signatureId, rpId, reason })
}

function outcomeOf({ status, reason }: OpenSignature): SubmissionOutcome {
  if (status === 'passed') return { outcome: 'passed' }
  if (status !== 'refused' && status !== 'indeterminate') {
    throw new TypeError('a signature that ended')
  }
  return { outcome: status, reason: reason ?? 'UNKNOWN' }
}
