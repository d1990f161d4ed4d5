import { lengthPrefixed } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { ProofPurpose } from '../card/proof-message.ts'
import type { OpenProofing, ProofingResult } from './ports.ts'
import type { Reason } from './reasons.ts'

/** `verifying` = the challenge was taken by one submission and cannot be taken by another. */
export type SessionStatus = 'open' | 'verifying' | 'passed' | 'refused' | 'indeterminate'

export type KeyUse = OpenProofing['keyUse']
export type TokenType = 'card' | 'phone' | 'android' | 'iphone' | 'unknown'

/** One proofing session as stored. */
export interface Session {
  readonly sessionId: string
  /** SHA-256 of the ticket, hexadecimal: who reads the table cannot use it. */
  readonly ticketHash: string
  readonly purpose: ProofPurpose
  readonly rpId: string
  readonly keyUse: KeyUse
  readonly nonce: Uint8Array
  readonly bindingHash: Uint8Array
  readonly returnPath: string
  readonly openedAt: Date
  readonly expiresAt: Date
  readonly status: SessionStatus
  readonly reason: Reason | null
  /** Digest of what was submitted, hexadecimal: the same submission again is a retry, another one a replay. */
  readonly evidenceDigest: string | null
  readonly tokenType: TokenType | null
  readonly takenAt: Date | null
  readonly proofingId: string | null
  /** Whose card it has to be; null where anybody's may come. */
  readonly expectedSubjectRef: string | null
  readonly subjectRef: string | null
  readonly certificateRef: string | null
}

/** How long a ticket and its challenge live. */
export const SESSION_LIFETIME = 10 * 60_000
/** How long a submission whose process died may be sent again. Shorter than the vault's sweep of old deposits. */
export const RETRY_WINDOW = 5 * 60_000
/** How long a session that is over may still be asked for. */
export const KEPT = 24 * 3_600_000
/** How many sessions may be opened within a minute and still wait for a card: anybody may open one, and each is a row. */
export const MAX_OPENED = 6000
/** How often one ticket may ask for its challenge, and how often it may submit. */
export const MAX_READS = 20
export const MAX_SUBMISSIONS = 10

/** Checks what a service of ours asks for; `InvalidInput` names the member. */
export function checkOpening(command: OpenProofing): void {
  const { purpose, rpId, bindingHash, returnPath, subjectRef, keyUse } = command
  const isConsent = purpose === 'consent'
  if (isConsent !== (subjectRef !== undefined)) {
    throw new InvalidInput('subjectRef', 'the person who consents, and none otherwise')
  }
  if (isConsent && (keyUse !== 'signature' || bindingHash.length !== 0)) {
    throw new InvalidInput('keyUse', 'the key for signatures, and no credential, for a consent')
  }
  if (bindingHash.length !== 0 && bindingHash.length !== 32) {
    throw new InvalidInput('bindingHash', '32 bytes, or none')
  }
  if ((purpose === 'transaction') !== (rpId !== '')) {
    throw new InvalidInput('rpId', 'a relying party for a transaction, and none otherwise')
  }
  // A path of ours: `//host` and `/\host` would lead the browser elsewhere.
  if (!/^\/(?![/\\])[A-Za-z0-9/._~-]*$/.test(returnPath)) {
    throw new InvalidInput('returnPath', 'a path on our own origin without query')
  }
}

/** Digest that tells a retry from a replay; nothing of the certificate can be read from it. */
export function evidenceDigest(certificate: Uint8Array, signature: Uint8Array): Uint8Array {
  return sha256(lengthPrefixed('watashi/evidence/v1', certificate, signature))
}

/** What a submission meets. */
export type Taking =
  | { readonly step: 'take' }
  | { readonly step: 'resume' }
  | { readonly step: 'expired' }
  | { readonly step: 'replayed' }
  | { readonly step: 'done' }

/** Decides what a submission with this digest may do; the conditional write that follows settles races. */
export function decideTaking(session: Session, digest: string, now: Date): Taking {
  const same = session.evidenceDigest === digest
  switch (session.status) {
    case 'open':
      return { step: now < session.expiresAt ? 'take' : 'expired' }
    case 'verifying':
      return { step: same && isWithinRetry(session, now) ? 'resume' : 'replayed' }
    case 'passed':
    case 'refused':
    case 'indeterminate':
      return { step: same ? 'done' : 'replayed' }
    default:
      return session.status satisfies never
  }
}

export function isWithinRetry({ takenAt }: Session, now: Date): boolean {
  return takenAt !== null && now.getTime() - takenAt.getTime() <= RETRY_WINDOW
}

/** What other services learn of a session. */
export function resultOf(session: Session, now: Date): ProofingResult {
  switch (session.status) {
    case 'open':
      return openOrExpired(session, now < session.expiresAt)
    case 'verifying':
      return openOrExpired(session, isWithinRetry(session, now))
    case 'refused':
    case 'indeterminate':
      return { status: session.status, reason: session.reason ?? 'UNKNOWN' }
    case 'passed':
      return passedResult(session)
    default:
      return session.status satisfies never
  }
}

function openOrExpired({ expiresAt }: Session, live: boolean): ProofingResult {
  return live ? { status: 'open', expiresAt } : { status: 'expired' }
}

function passedResult(session: Session): ProofingResult {
  const { proofingId, subjectRef, takenAt, purpose, keyUse, bindingHash } = session
  if (proofingId === null || subjectRef === null || takenAt === null) {
    throw new TypeError('a session that passed has a proofing')
  }
  return {
    status: 'passed',
    proofingId,
    subjectRef,
    purpose,
    keyUse,
    bindingHash,
    verifiedAt: takenAt,
  }
}
