import { isDigestOf } from '../../kernel/digest.ts'
import type { Certificate } from '../certificate.ts'
import { TAG, type DerReader } from '../der.ts'
import { readAlgorithm, readInteger } from '../der-values.ts'
import { MAX_GENERAL_NAMES, readGeneralName, type GeneralName } from '../general-name.ts'
import { sameName } from '../name.ts'
import { digestAlgorithm, type Digest } from '../signature.ts'

const MAX_REFERENCES = 16

/** ESSCertID or ESSCertIDv2: a certificate by its digest (RFC 5035 §3, §4). */
export interface CertificateReference {
  readonly digest: Digest
  readonly hash: Uint8Array
  readonly issuerSerial: {
    readonly issuer: readonly GeneralName[]
    readonly serial: Uint8Array
  } | null
}

/** SigningCertificateV2; its digest is SHA-256 unless it says otherwise. */
export function readSigningCertificateV2(reader: DerReader): CertificateReference[] {
  return readReferences(reader, (body) =>
    body.nextTag === TAG.sequence ? digestAlgorithm(readAlgorithm(body)).digest : 'sha256',
  )
}

/** SigningCertificate of RFC 2634 §5.4: SHA-1, which names a certificate here and signs nothing. */
export function readSigningCertificate(reader: DerReader): CertificateReference[] {
  return readReferences(reader, () => 'sha1')
}

function readReferences(
  reader: DerReader,
  readDigest: (body: DerReader) => Digest,
): CertificateReference[] {
  const body = reader.enter(TAG.sequence)
  const references = body.enter(TAG.sequence).list(MAX_REFERENCES, (list) => {
    const reference = list.enter(TAG.sequence)
    const digest = readDigest(reference)
    const hash = reference.read(TAG.octetString).contents
    const named = reference.optionalEnter(TAG.sequence)
    const issuerSerial = named === null ? null : readIssuerSerial(named)
    reference.finish()
    return { digest, hash, issuerSerial }
  })
  body.optional(TAG.sequence) // policies: shown to people, never decided on
  body.finish()
  return references
}

function readIssuerSerial(body: DerReader): CertificateReference['issuerSerial'] {
  const issuer = body.enter(TAG.sequence).list(MAX_GENERAL_NAMES, readGeneralName)
  const serial = readInteger(body)
  body.finish()
  return { issuer, serial }
}

/** Whether the reference means this certificate: by its digest, and by issuer and serial where they are given. */
export function refersTo(reference: CertificateReference, certificate: Certificate): boolean {
  const { digest, issuerSerial } = reference
  if (!isDigestOf(reference.hash, digest, certificate.der)) return false
  return (
    issuerSerial === null ||
    (Buffer.compare(issuerSerial.serial, certificate.serial) === 0 &&
      issuerSerial.issuer.some(
        (name) => name.kind === 'directoryName' && sameName(name.name, certificate.issuer),
      ))
  )
}
