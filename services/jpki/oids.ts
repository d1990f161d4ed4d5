/** Object identifiers that the verifier knows (RFC 5280 §4.2, RFC 6960, the JPKI arc 1.2.392.200149.8.5). */
export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  issuerAltName: '2.5.29.18',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  freshestCrl: '2.5.29.46',
  inhibitAnyPolicy: '2.5.29.54',
  expiredCertificates: '2.5.29.60',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
} as const

export const KEY_PURPOSE = {
  any: '2.5.29.37.0',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
  documentSigning: '1.3.6.1.5.5.7.3.36',
} as const

/** Types of content (RFC 5652 §4, §5.1; RFC 3161 §2.4.2). */
export const CONTENT_TYPE = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  timeStampInfo: '1.2.840.113549.1.9.16.1.4',
} as const

/** Attributes of a signer (RFC 5652 §11, RFC 5035 §3, RFC 3161 appendix A). */
export const SIGNER_ATTRIBUTE = {
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signatureTimeStamp: '1.2.840.113549.1.9.16.2.14',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const

export const ANY_POLICY = '2.5.29.32.0'

export const ACCESS_METHOD_OCSP = '1.3.6.1.5.5.7.48.1'
export const OCSP_BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1'
export const OCSP_NONCE = '1.3.6.1.5.5.7.48.1.2'
export const SHA1 = '1.3.14.3.2.26'
export const SHA256 = '2.16.840.1.101.3.4.2.1'

export const ATTRIBUTE_TYPE = {
  commonName: '2.5.4.3',
  country: '2.5.4.6',
  locality: '2.5.4.7',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  emailAddress: '1.2.840.113549.1.9.1',
} as const

/** otherName types of the 署名用 certificate: 基本4情報 and the flags of substituted characters. */
export const BASIC_FOUR = {
  name: '1.2.392.200149.8.5.5.1',
  nameSubstitution: '1.2.392.200149.8.5.5.2',
  sex: '1.2.392.200149.8.5.5.3',
  birthDate: '1.2.392.200149.8.5.5.4',
  address: '1.2.392.200149.8.5.5.5',
  addressSubstitution: '1.2.392.200149.8.5.5.6',
} as const
