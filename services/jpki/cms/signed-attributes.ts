import { TAG, inside, type DerElement, type DerReader } from '../der.ts'
import { readOid, readTime } from '../der-values.ts'
import { MalformedDer } from '../errors.ts'
import { SIGNER_ATTRIBUTE } from '../oids.ts'
import { readAttribute, readSoleValue, type Attribute } from './attribute.ts'
import {
  readSigningCertificate,
  readSigningCertificateV2,
  type CertificateReference,
} from './signing-certificate.ts'

const MAX_ATTRIBUTES = 32

/** The signed attributes that we know; the others are covered by the signature and say nothing here. */
export interface SignedAttributes {
  readonly contentType: string
  readonly messageDigest: Uint8Array
  /** A claim of the signer. */
  readonly signingTime: Date | null
  /** Per attribute that names it: the signer's certificate, then those that its path may use (RFC 5035 §3, §4). */
  readonly signingCertificates: readonly (readonly CertificateReference[])[]
}

/**
 * Reads the signed attributes, which are DER whatever the message is (RFC 5652 §5.3): in order, and each type once, so that no two
 * readers see different ones. contentType and messageDigest have to be there (§11.1, §11.2).
 */
export function readSignedAttributes(set: DerElement): SignedAttributes {
  const reader = inside(set)
  const attributes = reader.list(MAX_ATTRIBUTES, readAttribute)
  let before: DerElement | undefined
  for (const attribute of attributes) {
    checkOrder(before, attribute.whole)
    before = attribute.whole
    checkValues(attribute.values)
    if (ofType(attributes, attribute.type) !== attribute) reader.fail('each signed attribute once')
  }
  const optional = <T>(type: string, read: (reader: DerReader) => T): T | null => {
    const attribute = ofType(attributes, type)
    return attribute === undefined ? null : readSoleValue(attribute, read)
  }
  const contentType = optional(SIGNER_ATTRIBUTE.contentType, readOid)
  const messageDigest = optional(
    SIGNER_ATTRIBUTE.messageDigest,
    (value) => value.read(TAG.octetString).contents,
  )
  if (contentType === null) return reader.fail('the signed attribute contentType')
  if (messageDigest === null) return reader.fail('the signed attribute messageDigest')
  return {
    contentType,
    messageDigest,
    signingTime: optional(SIGNER_ATTRIBUTE.signingTime, readTime)?.at ?? null,
    signingCertificates: [
      optional(SIGNER_ATTRIBUTE.signingCertificateV2, readSigningCertificateV2),
      optional(SIGNER_ATTRIBUTE.signingCertificate, readSigningCertificate),
    ].filter((references) => references !== null),
  }
}

/** The first attribute of a type: there are a few, and a Map costs more than looking at each. */
function ofType(attributes: readonly Attribute[], wanted: string): Attribute | undefined {
  return attributes.find(({ type }) => type === wanted)
}

function checkValues(values: readonly DerElement[]): void {
  for (let i = 1; i < values.length; i++) {
    const value = values[i]
    if (value !== undefined) checkOrder(values[i - 1], value)
  }
}

/** X.690 §11.6: the elements of a SET OF ascend by their encoding. */
function checkOrder(before: DerElement | undefined, element: DerElement): void {
  if (before !== undefined && before.compareTo(element) >= 0) {
    throw new MalformedDer('elements of a set in their order', element.offset)
  }
}
