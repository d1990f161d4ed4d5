import { issueAuthority, issueCertificate } from '../pki/issue.ts'
import {
  distributionPoints,
  general,
  inhibitAnyPolicy,
  issue,
  nameConstraints,
  policies,
  policyConstraints,
  policyMappings,
  subjectAltNames,
} from '../pki/issue-path.ts'
import { publicFiles } from './public-files.ts'

export const signing = issueAuthority('signature')
export const logging = issueAuthority('authentication')
export const card = issueCertificate(signing)
export const login = issueCertificate(logging)

export const root = issue('Root', { authority: true })
export const authority = issue('Authority', {
  issuer: root,
  authority: 2,
  extensions: [
    nameConstraints({
      permitted: [general.dns('example.test'), general.directory([['CN', 'Target']])],
      excluded: [general.ip(10, 0, 0, 0, 255, 0, 0, 0), general.email('bad.test')],
    }),
    policies('1.2.3', '2.5.29.32.0'),
    policyMappings(['1.2.3', '1.2.4']),
    policyConstraints({ requireExplicit: 3, inhibitMapping: 2 }),
    inhibitAnyPolicy(4),
  ],
})
export const target = issue('Target', {
  issuer: authority,
  serial: 7,
  extensions: [
    policies('1.2.4'),
    subjectAltNames(
      general.dns('www.example.test'),
      general.ip(192, 0, 2, 1),
      general.other('1.2'),
    ),
    distributionPoints(
      { name: [general.uri('http://crl.test/1')] },
      { reasons: 0x60, name: [general.directory([['CN', 'List']])] },
    ),
  ],
})
/** Signed with RSA by an authority that has no constraints. */
export const plain = issue('Plain', { issuer: root, serial: 9 })

/** Certificates of every kind that there is here, and public ones where they are at hand. */
export function certificates(): Uint8Array[] {
  return [
    ...[signing.certificate, logging.certificate, card.der, login.der],
    ...publicFiles('jpki-ca', '.cer'),
    ...publicFiles('suites/pkits/certs', '.crt'),
    ...[root, authority, target, plain].map(({ der }) => der),
  ]
}
