import * as asn1js from 'asn1js'
import { CertificateRevocationList, Extensions, RevokedCertificate } from 'pkijs'
import { authorityKeyIdentifier, distributionPoint, type Issuer } from './certificate.ts'
import { extension, pkijsName, sequence, signatureAlgorithm, time, toDer } from './der.ts'
import { signatureBits } from './keys.ts'
import { authorityName, type DistinguishedName } from './profile.ts'
import { REVOCATION_REASONS, type RevocationReason } from './state.ts'

interface RevokedEntry {
  readonly serial: number
  readonly reason: RevocationReason
  readonly at: Date
}

export interface RevocationList {
  readonly number: number
  readonly thisUpdate: Date
  readonly nextUpdate: Date
  /** The municipality's distribution point; absent in the full list. */
  readonly scope?: DistinguishedName
  readonly entries: readonly RevokedEntry[]
}

/** A CRL v2 of the issuer (RFC 5280 §5), with a critical issuingDistributionPoint when it covers one municipality. */
export function revocationList(issuer: Issuer, list: RevocationList): Uint8Array {
  const crl = new CertificateRevocationList({
    version: 1,
    signature: signatureAlgorithm(issuer.privateKey),
    issuer: pkijsName(authorityName(issuer.family)),
    thisUpdate: time(list.thisUpdate),
    nextUpdate: time(list.nextUpdate),
    crlExtensions: new Extensions({
      extensions: [
        extension('2.5.29.35', false, authorityKeyIdentifier(issuer)),
        extension('2.5.29.20', false, new asn1js.Integer({ value: list.number })),
        ...(list.scope
          ? [extension('2.5.29.28', true, sequence(distributionPoint(list.scope)))]
          : []),
      ],
    }),
    signatureAlgorithm: signatureAlgorithm(issuer.privateKey),
  })
  // RFC 5280 §5.1.2.6: the list is left out when it would be empty.
  if (list.entries.length > 0) crl.revokedCertificates = list.entries.map(revokedCertificate)
  const [toBeSigned] = (crl.toSchema(true) as asn1js.Sequence).valueBlock.value
  if (!toBeSigned) throw new TypeError('a CRL without a body')
  crl.signatureValue = signatureBits(issuer.privateKey, toDer(toBeSigned))
  return toDer(crl.toSchema(true) as asn1js.Sequence)
}

function revokedCertificate(entry: RevokedEntry): RevokedCertificate {
  const revoked = new RevokedCertificate({
    userCertificate: new asn1js.Integer({ value: entry.serial }),
    revocationDate: time(entry.at),
  })
  // RFC 5280 §5.3.1: `unspecified` is said by leaving the extension out.
  if (entry.reason !== 'unspecified') {
    const reason = new asn1js.Enumerated({ value: REVOCATION_REASONS[entry.reason] })
    revoked.crlEntryExtensions = new Extensions({
      extensions: [extension('2.5.29.21', false, reason)],
    })
  }
  return revoked
}
