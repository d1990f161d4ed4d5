import { STRICT_ALGORITHMS } from '../../services/jpki/algorithm-policy.ts'
import {
  verifyCms,
  type CmsQuestion,
  type VerifiedDocument,
} from '../../services/jpki/cms/verify-cms.ts'
import { parseCrl, type CertificateRevocationList } from '../../services/jpki/crl.ts'
import type { Outcome } from '../../services/jpki/verification-steps.ts'
import { issueStamper, issueStampingAuthority, type StampingAuthority } from './cms.ts'
import { issueAuthority, issueCertificate, issueCrl, NOW, type CrlOptions } from './issue.ts'

/** A card that signs documents and a unit that stamps them, with what a verifier knows of both. */
export const authority = issueAuthority('signature')
export const card = issueCertificate(authority)
export const tsa = issueStampingAuthority()
export const stamper = issueStamper(tsa)
export const JPKI = { name: 'jpki', environments: ['simulator'] } as const
export const RFC5280 = { name: 'rfc5280' } as const
export const RULES = {
  algorithms: STRICT_ALGORITHMS,
  unnumbered: false,
  freshness: { maximumAge: 26 * 3_600_000, clockSkew: 300_000 },
}

export function list(options: CrlOptions = {}): CertificateRevocationList {
  return parseCrl(issueCrl(authority, options))
}

/** The list of an authority of time-stamps, as of a time. */
export function stampingList(
  at: Date,
  options: CrlOptions = {},
  { key, nameParts }: StampingAuthority = tsa,
): CertificateRevocationList {
  const issuer = { ...authority, key, nameParts }
  const times = { thisUpdate: hoursAfter(at, -1), nextUpdate: hoursAfter(at, 20) }
  return parseCrl(issueCrl(issuer, { town: null, ...times, ...options }))
}

export function hoursAfter(at: Date, hours: number): Date {
  return new Date(at.getTime() + hours * 3_600_000)
}

export function verify(
  cms: Uint8Array,
  bent: Partial<CmsQuestion> = {},
): Outcome<VerifiedDocument> {
  const { at = NOW } = bent
  return verifyCms({
    cms,
    anchors: [authority.anchor],
    tsaAnchors: [tsa.anchor],
    intermediates: [],
    revocation: bent.revocation ?? { crls: [list(), stampingList(at)], responses: [] },
    rules: RULES,
    profile: JPKI,
    at,
    ...bent,
  })
}

/** Indication, sub-indication and the check that decided. */
export function ending({ verdict, verified }: Outcome<unknown>): unknown {
  if ((verified === null) === (verdict.indication === 'PASSED')) {
    throw new Error('something is verified when and only when the verdict is PASSED')
  }
  return verdict.sub === null
    ? verdict.indication
    : [verdict.indication, verdict.sub, verdict.checks.at(-1)?.id]
}
