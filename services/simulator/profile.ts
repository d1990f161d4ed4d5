import type { CardGeneration } from './generation.ts'

/** The two kinds of certificate of one person, each with a CA of its own. */
export const CERTIFICATE_FAMILIES = ['signature', 'authentication'] as const
/** 署名用 (`signature`) or 利用者証明用 (`authentication`). */
export type CertificateFamily = (typeof CERTIFICATE_FAMILIES)[number]

/** RDNs in order; each is single-valued. `C` is a PrintableString, the others are UTF8String. */
export type DistinguishedName = readonly (readonly [
  attribute: 'C' | 'O' | 'OU' | 'L' | 'CN',
  value: string,
])[]

/**
 * What sets JPKI-SIM apart from JPKI: organisation, names of the CA, policy OIDs. Everything else is the real profile.
 * The policy OIDs stand under 1.3.6.1.4.1.32473, the enterprise number that RFC 5612 reserves for examples, so that no
 * verifier set up for JPKI or its test hierarchy can ever take one of these certificates.
 */
export const SIMULATOR_PROFILE = {
  organisation: 'JPKI-SIM',
  policyOids: {
    signature: '1.3.6.1.4.1.32473.8.5.1.1.20',
    authentication: '1.3.6.1.4.1.32473.8.5.1.3.30',
  },
  /** Attributes of the person keep JPKI's own OIDs: that is the profile under test. */
  attributeOidArc: '1.2.392.200149.8.5.5',
  cpsUri: 'http://jpki-sim.test/cps.html',
  /** As in real certificates the name is fixed; a verifier maps it to where the service is. */
  ocspUri: 'http://ocspauth.jpki-sim.test',
} as const

const OPERATOR_UNIT = 'Japan Agency for Local Authority Information Systems'
const FAMILY_UNIT = {
  signature: 'JPKI for digital signature',
  authentication: 'JPKI for user authentication',
} as const satisfies Record<CertificateFamily, string>

/** Subject of the family's CA, which is the issuer of its certificates. */
export function authorityName(family: CertificateFamily): DistinguishedName {
  return [
    ['C', 'JP'],
    ['O', SIMULATOR_PROFILE.organisation],
    ['OU', FAMILY_UNIT[family]],
    ['OU', OPERATOR_UNIT],
  ]
}

/** The CA's name in Japanese: its subjectAltName and its certificates' issuerAltName. */
export function authorityAlternativeName(family: CertificateFamily): DistinguishedName {
  const unit = family === 'signature' ? '署名用' : '利用者証明用'
  return [
    ['C', 'JP'],
    ['O', '公的個人認証サービス（模擬）'],
    ['OU', `公的個人認証サービス${unit}（模擬）`],
    ['OU', '地方公共団体情報システム機構（模擬）'],
  ]
}

/** Name of a municipality's CRL: `cRLDistributionPoints` of the certificate, `issuingDistributionPoint` of the CRL. */
export function distributionPointName(
  family: CertificateFamily,
  town: { readonly prefecture: string; readonly city: string },
  generation: CardGeneration,
): DistinguishedName {
  return [
    ['C', 'JP'],
    ['O', SIMULATOR_PROFILE.organisation],
    ['OU', FAMILY_UNIT[family]],
    ['OU', 'CRL Distribution Points'],
    ['OU', town.prefecture],
    // A list is signed by who signed the certificates on it. How JPKI will tell generations apart is not known.
    ['CN', `${town.city} ${generation === 'next' ? 'Next Card ' : ''}CRLDP`],
  ]
}

/** Under which a root is served. */
export function anchorFile(family: CertificateFamily, generation: CardGeneration): string {
  return `${family}${generation === 'next' ? '-next' : ''}.cer`
}
