import { toBase64, fromBase64, lengthPrefixed, utf8, constantTimeEqual } from '../kernel/bytes.ts'
import { decryptBytes, encryptBytes } from '../kernel/aead.ts'
import { sha256 } from '../kernel/digest.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import { RecordSealed, type ProofingKeys } from './certificate-record.ts'
import type {
  IssuedSignature,
  RequestSignature,
  SignatureDocument,
  SignatureResult,
  SignatureWithdrawal,
} from './ports.ts'
import type { Reason } from './reasons.ts'
import type { SessionStatus } from './session.ts'

/** `requested` = the person has not agreed yet, so there is no ticket; from then on as a proofing session. */
export type SignatureStatus = 'requested' | SessionStatus

export type SignatureReason = Reason | SignatureWithdrawal

/** One signature that a relying party asks for, as stored. */
export interface SignatureRow {
  readonly signatureId: string
  readonly rpId: string
  readonly onlyBy: string | null
  readonly document: Uint8Array
  readonly requestedAt: Date
  readonly expiresAt: Date
  readonly status: SignatureStatus
  readonly reason: SignatureReason | null
  /** Who is logged in and has agreed. */
  readonly subjectRef: string | null
  /** SHA-256 of the ticket, hexadecimal. */
  readonly ticketHash: string | null
  readonly returnPath: string | null
  /** When the person agreed, by our clock: the signing time that the card signs. */
  readonly signingTime: Date | null
  readonly evidenceDigest: string | null
  readonly takenAt: Date | null
  readonly result: Uint8Array | null
}

/** A request that the card agent was sent to. */
export type OpenSignature = SignatureRow & {
  readonly status: SessionStatus
  readonly subjectRef: string
  readonly returnPath: string
  readonly signingTime: Date
}

/** How long the person has. */
export const SIGNATURE_LIFETIME = 10 * 60_000
/** How long after the request a signature is handed over; the promise is an hour, and the sweep comes a little later. */
export const SIGNATURE_KEPT = 55 * 60_000
/** How many signatures one relying party may wait for. */
export const MAX_WAITING = 1000
/** Longest text that is shown, in bytes. */
export const MAX_TEXT = 16 * 1024
const MAX_TITLE = 200

/** Narrows a row that the card agent was sent to. */
export function opened(row: SignatureRow): OpenSignature {
  const { status, subjectRef, returnPath, signingTime } = row
  if (status === 'requested' || subjectRef === null || returnPath === null || !signingTime) {
    throw new TypeError('a signature that the person agreed to')
  }
  return { ...row, status, subjectRef, returnPath, signingTime }
}

/** What other services learn of a signature. */
export function signatureResult({ status, reason, subjectRef }: SignatureRow): SignatureResult {
  switch (status) {
    case 'requested':
    case 'open':
    case 'verifying':
      return { status: 'waiting' }
    case 'passed':
      return { status: 'signed', subjectRef: subjectRef ?? '' }
    case 'refused':
    case 'indeterminate':
      return { status, reason: reason ?? 'UNKNOWN' }
    default:
      return status satisfies never
  }
}

/**
 * Checks what a relying party asks to have signed; `InvalidInput` names the member as the public contract does. The person
 * reads title and text, so nothing in them may be unseen or turn the order of what is seen.
 */
export function checkDocument(unverified: RequestSignature['document']): SignatureDocument {
  const { title, mediaType, digest } = unverified
  if (digest.length !== 32) throw new InvalidInput('digest', 'a SHA-256 digest (32 bytes)')
  if (
    title.trim() !== title ||
    title === '' ||
    Array.from(title).length > MAX_TITLE ||
    !title.isWellFormed() ||
    UNSEEN.test(title)
  ) {
    throw new InvalidInput('title', `1 to ${MAX_TITLE} visible characters`)
  }
  if (mediaType.length > 100 || !MEDIA_TYPE.test(mediaType)) {
    throw new InvalidInput('media_type', 'a media type such as `application/pdf`')
  }
  return { title, mediaType, digest, text: checkText(unverified) }
}

/** Control and format characters, such as those that turn the direction, and separators that some readers take for a line's end. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u
/** RFC 6838 §4.2, in lower case and without parameters. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/

function checkText({ text, mediaType, digest }: RequestSignature['document']): string | null {
  if (text === null) return null
  if (mediaType !== 'text/plain') {
    throw new InvalidInput('content', 'nothing, unless the media type is `text/plain`')
  }
  if (text.length > MAX_TEXT) throw new InvalidInput('content', `at most ${MAX_TEXT} bytes`)
  if (!constantTimeEqual(sha256(text), digest)) {
    throw new InvalidInput('content', 'the document that the digest is of')
  }
  const decoded = decodeUtf8(text)
  if (UNSEEN.test(decoded.replaceAll(/\r?\n|\t/g, ''))) {
    throw new InvalidInput('content', 'visible characters, line ends and tabs')
  }
  return decoded
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new InvalidInput('content', 'text in UTF-8', { cause })
  }
}

/** Seals what is to be signed, bound to its row. */
export function sealDocument(
  keys: ProofingKeys,
  signatureId: string,
  { title, mediaType, digest, text }: SignatureDocument,
  random: Random,
): Uint8Array {
  const plain = JSON.stringify({ title, mediaType, digest: toBase64(digest), text })
  return seal(keys, placeOf('document', signatureId), plain, random)
}

export function openDocument(
  keys: ProofingKeys,
  { signatureId, document }: Pick<SignatureRow, 'signatureId' | 'document'>,
): SignatureDocument {
  const plain = unseal(keys, placeOf('document', signatureId), document)
  const { digest, ...rest } = plain as Omit<SignatureDocument, 'digest'> & { digest: string } // sealed by us
  return { ...rest, digest: fromBase64(digest) }
}

/** Seals what the relying party will get, bound to its row. */
export function sealSignature(
  keys: ProofingKeys,
  signatureId: string,
  { cms, certificate, report }: IssuedSignature,
  random: Random,
): Uint8Array {
  const plain = { cms: toBase64(cms), certificate: toBase64(certificate), report }
  return seal(keys, placeOf('signature', signatureId), JSON.stringify(plain), random)
}

export function openSignature(
  keys: ProofingKeys,
  signatureId: string,
  sealed: Uint8Array,
): IssuedSignature {
  const plain = unseal(keys, placeOf('signature', signatureId), sealed)
  const { cms, certificate, report } = plain as StoredSignature // sealed by us
  const { thisUpdate, nextUpdate } = report.revocation
  return {
    cms: fromBase64(cms),
    certificate: fromBase64(certificate),
    report: {
      ...report,
      validatedAt: new Date(report.validatedAt),
      revocation: {
        ...report.revocation,
        thisUpdate: new Date(thisUpdate),
        nextUpdate: nextUpdate === null ? null : new Date(nextUpdate),
      },
    },
  }
}

interface StoredSignature {
  readonly cms: string
  readonly certificate: string
  readonly report: IssuedSignature['report']
}

function seal(keys: ProofingKeys, place: Uint8Array, plain: string, random: Random): Uint8Array {
  return encryptBytes(keys.sealing.reveal(), utf8(plain), place, random)
}

function unseal(keys: ProofingKeys, place: Uint8Array, sealed: Uint8Array): unknown {
  try {
    const plain = decryptBytes(keys.sealing.reveal(), sealed, place)
    return JSON.parse(new TextDecoder().decode(plain)) as unknown
  } catch (cause) {
    throw new RecordSealed('expected a record under this key', { cause })
  }
}

function placeOf(part: 'document' | 'signature', signatureId: string): Uint8Array {
  return lengthPrefixed(`signature/${part}`, signatureId)
}
