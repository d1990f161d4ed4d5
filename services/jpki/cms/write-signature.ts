import { sha256 } from '../../kernel/digest.ts'
import { parseCertificate } from '../certificate.ts'
import { contextConstructed, TAG } from '../der.ts'
import { der, derOid } from '../der-writer.ts'
import { CONTENT_TYPE, SHA256, SIGNER_ATTRIBUTE } from '../oids.ts'
import { RSA_ENCRYPTION } from '../public-key.ts'

/** What a detached signature says of a document and its signer. */
export interface SignatureFields {
  /** Certificate of the signer, in DER. */
  readonly certificate: Uint8Array
  /** SHA-256 of the document. */
  readonly digest: Uint8Array
  /** When it is signed, as the signer claims; whole seconds count. */
  readonly signingTime: Date
}

/**
 * The signed attributes of a CAdES-B-B signature (ETSI EN 319 122-1 §5.2): contentType, messageDigest, signingTime,
 * signingCertificateV2. They are what the card signs.
 * INVARIANT: the octets are a SET in DER, so they begin with 0x31 whatever digest is asked for. Another message whose first
 * octet is not 0x31 can never be one of these.
 */
export function signedAttributes(fields: SignatureFields): Uint8Array {
  const attributes = [
    attribute(SIGNER_ATTRIBUTE.contentType, derOid(CONTENT_TYPE.data)),
    attribute(SIGNER_ATTRIBUTE.signingTime, derTime(fields.signingTime)),
    attribute(SIGNER_ATTRIBUTE.messageDigest, der(TAG.octetString, fields.digest)),
    attribute(SIGNER_ATTRIBUTE.signingCertificateV2, certificateReference(fields.certificate)),
  ]
  return der(TAG.set, ...attributes.sort((a, b) => Buffer.compare(a, b))) // X.690 §11.6
}

/** The whole message (RFC 5652 §5.1), detached, with the certificate of its signer; `signature` is over `signedAttributes`. */
export function detachedSignature(fields: SignatureFields, signature: Uint8Array): Uint8Array {
  const digestAlgorithm = der(TAG.sequence, derOid(SHA256))
  const { issuer, serial } = parseCertificate(fields.certificate)
  const attributes = signedAttributes(fields)
  attributes[0] = contextConstructed(0) // [0] IMPLICIT of the same SET, RFC 5652 §5.4
  const signerInfo = der(
    TAG.sequence,
    VERSION_1,
    der(TAG.sequence, issuer.encoding, der(TAG.integer, serial)),
    digestAlgorithm,
    attributes,
    der(TAG.sequence, derOid(RSA_ENCRYPTION), der(TAG.null)), // RFC 3370 §3.2
    der(TAG.octetString, signature),
  )
  const signedData = der(
    TAG.sequence,
    VERSION_1,
    der(TAG.set, digestAlgorithm),
    der(TAG.sequence, derOid(CONTENT_TYPE.data)),
    der(contextConstructed(0), fields.certificate),
    der(TAG.set, signerInfo),
  )
  return der(TAG.sequence, derOid(CONTENT_TYPE.signedData), der(contextConstructed(0), signedData))
}

const VERSION_1 = der(TAG.integer, Uint8Array.of(1))

function attribute(type: string, value: Uint8Array): Uint8Array {
  return der(TAG.sequence, derOid(type), der(TAG.set, value))
}

/** SigningCertificateV2 with one ESSCertIDv2 by SHA-256, which is its default and therefore not written (RFC 5035 §3). */
function certificateReference(certificate: Uint8Array): Uint8Array {
  const reference = der(TAG.sequence, der(TAG.octetString, sha256(certificate)))
  return der(TAG.sequence, der(TAG.sequence, reference))
}

/** UTCTime through 2049, GeneralizedTime from then on (RFC 5652 §11.3). */
function derTime(at: Date): Uint8Array {
  const digits = at.toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '')
  const year = at.getUTCFullYear()
  return year >= 1950 && year < 2050
    ? der(TAG.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : der(TAG.generalizedTime, Buffer.from(digits, 'ascii'))
}
