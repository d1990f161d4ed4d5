import type { Certificate } from './certificate.ts'
import { crlStatus, verifyCrl } from './crl.ts'
import { ocspStatus } from './ocsp.ts'
import { crlFreshness, ocspFreshness, type UnverifiedRevocation } from './revocation-material.ts'
import { combineRevocation, type RevocationStatus } from './revocation.ts'
import type { TrustAnchor } from './trust-anchor.ts'

export interface JpkiStatusQuestion extends UnverifiedRevocation {
  readonly certificate: Certificate
  readonly issuer: TrustAnchor
  readonly at: Date
  readonly maximumAgeDays: number
}

/** Status of a person's certificate by lists and answers in JPKI's own profile. */
export function jpkiStatus(question: JpkiStatusQuestion): RevocationStatus {
  const { certificate, issuer, at, maximumAgeDays } = question
  const byList = question.crls.map((der): RevocationStatus => {
    const crl = verifyCrl(der, issuer)
    if (typeof crl === 'string') return { status: 'unknown', source: 'crl', cause: crl }
    return crlStatus(crl, { certificate, issuer, at, freshness: crlFreshness(maximumAgeDays) })
  })
  const freshness = ocspFreshness(maximumAgeDays)
  const byAnswer = question.ocsp.map((response) =>
    ocspStatus(response, { certificate, issuer, nonce: null, at, freshness }),
  )
  return combineRevocation([...byList, ...byAnswer])
}
