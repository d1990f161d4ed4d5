import { type KeyObject, verify } from 'node:crypto'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { CardError } from './card-error.ts'
import type { TextEvidence } from './text-card.ts'
import {
  type AttributesFile,
  readAttributesFile,
  readCardVerifiableCertificate,
  readIntegrityFile,
  readSignedKeyFile,
  type Signed,
  type TextAttributes,
} from './text-format.ts'
import type { TextRoot } from './text-roots.ts'

/**
 * How far data of 券面事項入力補助AP is proven, each rung on top of those before: of the documented form; digest and signature of
 * EF 0003 right under EF 0004; EF 0004 issued by a pinned root; the card itself signed our challenge.
 */
export const TEXT_RUNGS = ['WELL_FORMED', 'SIGNED', 'ANCHORED', 'PRESENT'] as const
export type TextRung = (typeof TEXT_RUNGS)[number]

/** Why the next rung was not reached. */
export type TextShortfall =
  | 'MALFORMED'
  | 'ATTRIBUTES_DIGEST_WRONG'
  | 'RECORD_SIGNATURE_WRONG'
  | 'UNKNOWN_ROOT'
  | 'CERTIFICATE_SIGNATURE_WRONG'
  | 'NO_CHALLENGE'
  | 'CARD_KEY_SIGNATURE_WRONG'
  | 'CHALLENGE_SIGNATURE_WRONG'

export type TextVerdict =
  | { readonly rung: null; readonly shortfall: 'MALFORMED' }
  | {
      readonly rung: TextRung
      readonly attributes: TextAttributes
      readonly shortfall?: TextShortfall
    }

export interface TextVerification {
  /** Roots of one trust environment; those of several are never mixed. */
  readonly roots: readonly TextRoot[]
  /** The challenge that we made for this card and what it signed. */
  readonly presence?: { readonly challenge: Uint8Array; readonly signature: Uint8Array }
}

/**
 * Climbs the ladder as far as the evidence carries. Whoever uses the attributes says which rung they need: below `ANCHORED` anybody
 * can have made them, below `PRESENT` they may be a copy.
 */
export function verifyText(evidence: TextEvidence, checks: TextVerification): TextVerdict {
  const read = parse(evidence)
  if (!read) return { rung: null, shortfall: 'MALFORMED' }
  const { attributes, integrity, certificate, signedKey } = read
  const reached = (rung: TextRung, shortfall?: TextShortfall): TextVerdict => ({
    rung,
    attributes: attributes.attributes,
    ...(shortfall && { shortfall }),
  })
  if (toHex(sha256(attributes.covered)) !== toHex(integrity.attributesDigest)) {
    return reached('WELL_FORMED', 'ATTRIBUTES_DIGEST_WRONG')
  }
  if (!isSigned(integrity, certificate.publicKey)) {
    return reached('WELL_FORMED', 'RECORD_SIGNATURE_WRONG')
  }
  // The whole identifier: hierarchies differ in one digit of it.
  const root = checks.roots.find(({ keyId }) => keyId === certificate.issuerKeyId)
  if (!root) return reached('SIGNED', 'UNKNOWN_ROOT')
  if (!isSigned(certificate, root.publicKey)) {
    return reached('SIGNED', 'CERTIFICATE_SIGNATURE_WRONG')
  }
  if (!checks.presence) return reached('ANCHORED', 'NO_CHALLENGE')
  if (!isSigned(signedKey, certificate.publicKey)) {
    return reached('ANCHORED', 'CARD_KEY_SIGNATURE_WRONG')
  }
  const { challenge, signature } = checks.presence
  if (!isSigned({ covered: challenge, signature }, signedKey.publicKey)) {
    return reached('ANCHORED', 'CHALLENGE_SIGNATURE_WRONG')
  }
  return reached('PRESENT')
}

interface Parsed {
  readonly attributes: AttributesFile
  readonly integrity: ReturnType<typeof readIntegrityFile>
  readonly certificate: ReturnType<typeof readCardVerifiableCertificate>
  readonly signedKey: ReturnType<typeof readSignedKeyFile>
}

function parse(evidence: TextEvidence): Parsed | undefined {
  try {
    return {
      attributes: readAttributesFile(evidence.attributes),
      integrity: readIntegrityFile(evidence.integrity),
      certificate: readCardVerifiableCertificate(evidence.certificate),
      signedKey: readSignedKeyFile(evidence.signedKey),
    }
  } catch (error) {
    if (!(error instanceof CardError)) throw error
    return undefined
  }
}

/** sha256WithRSAEncryption, PKCS #1 v1.5. */
function isSigned({ covered, signature }: Signed, key: KeyObject): boolean {
  return verify('sha256', covered, key, signature)
}
