import { encode, sequence, set, text, type Asn1 } from '../pki/encode.ts'
import { octets, oid, raw } from '../pki/encode.ts'
import { extension } from '../pki/issue.ts'
import {
  basicConstraints,
  daysFromNow,
  distributionPoints,
  general,
  inhibitAnyPolicy,
  issue,
  issueList,
  keyUsage,
  nameConstraints,
  policies,
  policyConstraints,
  policyMappings,
  subjectAltNames,
  type Entity,
  type ListOptions,
  type NameParts,
  type PathCertificate,
} from '../pki/issue-path.ts'
import { testKey } from '../pki/keys.ts'

/** Everybody's key is RSA, whose signatures are the same in every run. */
const keyOf = (label: string) => testKey(`differential ${label}`)

export const root = issue('Differential root', { authority: true, key: keyOf('root') })

const NAME: NameParts = [
  ['C', 'JP'],
  ['O', 'Differential'],
  ['CN', 'Authority'],
]
const authorityOf = (more: PathCertificate = {}): Entity =>
  issue(NAME, { issuer: root, authority: true, key: keyOf('authority'), serial: 11, ...more })

/** Values of extensions, valid and odd, by which one may be replaced or that may be added. */
export const EXTENSIONS: readonly Asn1[] = [
  ...[0x80, 0x40, 0xc0, 0x20, 0x08, 0x04, 0x02, 0x06, 0x86].map(keyUsage),
  ...[true, false, 0, 1, 2].flatMap((ca) => [basicConstraints(ca), basicConstraints(ca, false)]),
  policies('1.2.3'),
  policies('1.2.3', '1.2.4'),
  policies('2.5.29.32.0'),
  policyMappings(['1.2.3', '1.2.4']),
  policyMappings(['2.5.29.32.0', '1.2.4']),
  ...[0, 1, 2].flatMap((n) => [
    policyConstraints({ requireExplicit: n }),
    policyConstraints({ requireExplicit: n }, false),
    policyConstraints({ inhibitMapping: n }),
    inhibitAnyPolicy(n),
    inhibitAnyPolicy(n, false),
  ]),
  ...[true, false].flatMap((critical) => [
    nameConstraints({ permitted: [general.dns('example.test')] }, critical),
    nameConstraints({ excluded: [general.dns('example.test')] }, critical),
  ]),
  nameConstraints({ permitted: [general.directory([['C', 'JP']])] }),
  nameConstraints({ excluded: [general.directory([['C', 'JP']])] }),
  nameConstraints({ permitted: [general.email('example.test'), general.uri('.example.test')] }),
  nameConstraints({ permitted: [general.ip(192, 0, 2, 0, 255, 255, 255, 0)] }),
  nameConstraints({ excluded: [general.ip(192, 0, 2, 0, 255, 255, 255, 0)] }),
  nameConstraints({ permitted: [general.other('1.2.3')] }),
  subjectAltNames(general.dns('www.example.test')),
  subjectAltNames(general.dns('www.other.test')),
  subjectAltNames(general.dns('*.example.test'), general.email('someone@example.test')),
  subjectAltNames(general.uri('https://host.example.test/'), general.ip(192, 0, 2, 7)),
  subjectAltNames(general.directory([['C', 'US']])),
  subjectAltNames(general.other('1.2.3'), general.registeredId()),
  ...['2.5.29.37.0', '1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.4', '1.3.6.1.5.5.7.3.9'].flatMap((use) =>
    [true, false].map((critical) => extension('2.5.29.37', critical, sequence(oid(use)))),
  ),
  distributionPoints({ name: [general.uri('http://crl.test/1')] }),
  distributionPoints({ name: [general.uri('http://crl.test/2')], reasons: 0x6000 }),
  distributionPoints({ crlIssuer: [['CN', 'Other']] }),
  extension('2.5.29.14', false, octets(Uint8Array.of(1, 2, 3))),
  extension('2.5.29.14', true, octets(Uint8Array.of(1, 2, 3))),
  extension('2.5.29.35', false, sequence()),
  extension('2.5.29.35', true, sequence()),
  extension('1.2.3.4', true, text('unknown')),
  extension('1.2.3.4', false, text('unknown')),
]

interface PathTemplate {
  readonly what: string
  readonly authority: Entity
  readonly target: Entity
}

/** Paths from the root by one authority; most of them hold. */
function pathTemplate(
  what: string,
  ofAuthority: PathCertificate,
  ofTarget: PathCertificate,
  subject: string | NameParts = [
    ['C', 'JP'],
    ['CN', 'Target'],
  ],
): PathTemplate {
  const authority = authorityOf(ofAuthority)
  const key = keyOf('target')
  const target = issue(subject, { issuer: authority, key, serial: 21, ...ofTarget })
  return { what, authority, target }
}

const WEB = subjectAltNames(general.dns('www.example.test'))

export const PATHS: readonly PathTemplate[] = [
  pathTemplate('a plain path', {}, {}),
  pathTemplate('an authority of length 0', { authority: 0 }, {}),
  pathTemplate(
    'names within constraints',
    { extensions: [nameConstraints({ permitted: [general.dns('example.test')] })] },
    { extensions: [WEB] },
  ),
  pathTemplate(
    'policies that are demanded',
    {
      extensions: [
        policies('1.2.3', '1.2.5'),
        policyMappings(['1.2.3', '1.2.4']),
        policyConstraints({ requireExplicit: 0 }),
      ],
    },
    { extensions: [policies('1.2.4')] },
  ),
  pathTemplate(
    'any policy',
    { extensions: [policies('2.5.29.32.0'), inhibitAnyPolicy(1)] },
    { extensions: [policies('1.2.3')] },
  ),
  pathTemplate(
    'a target with many extensions',
    {},
    {
      extensions: [
        WEB,
        policies('1.2.3'),
        distributionPoints({ name: [general.uri('http://crl.test/1')] }),
        extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.4'))),
      ],
    },
  ),
  pathTemplate(
    'a target without a subject',
    {},
    { extensions: [extension('2.5.29.17', true, sequence(general.dns('www.example.test')))] },
    [],
  ),
  pathTemplate('a target of many attributes', {}, {}, [
    ['C', 'JP'],
    ['O', 'Example  Ltd'],
    ['OU', '部署'],
    ['L', 'Tokyo'],
    ['CN', '山田　花子'],
  ]),
  pathTemplate('a target with an EC key', {}, { key: testKey('p256:differential') }),
  pathTemplate('a target that has ended', {}, { notAfter: daysFromNow(-1) }),
  pathTemplate('an authority that is none', { authority: false }, {}),
  pathTemplate('an authority that may not issue', { keyUsage: 0x80 }, {}),
]

export const rootList = issueList({ issuer: root })

/** Lists of an authority about the target with the serial 21. */
const LISTS: readonly [string, Omit<ListOptions, 'issuer'>][] = [
  ['a plain list', {}],
  ['a list of others', { revoked: [{ serial: 5 }, { serial: 6, reason: 1 }] }],
  ['a list that names the target', { revoked: [{ serial: 21, reason: 1 }] }],
  ['a list that suspends the target', { revoked: [{ serial: 5 }, { serial: 21, reason: 6 }] }],
  ['a list that frees the target', { revoked: [{ serial: 21, reason: 8 }] }],
  ['a list about users', { scope: { only: 'user' } }],
  ['a list about authorities', { scope: { only: 'authority' } }],
  ['a list about attributes', { scope: { only: 'attribute' } }],
  ['a list for one point', { scope: { name: [general.uri('http://crl.test/1')] } }],
  ['a list for another point', { scope: { name: [general.uri('http://crl.test/9')] } }],
  ['a list for some reasons', { scope: { reasons: 0x6000 } }],
  ['an indirect list', { scope: { indirect: true } }],
  ['a delta list', { number: 7, base: 5 }],
  ['a list without an end', { nextUpdate: null }],
  ['a list that has ended', { thisUpdate: daysFromNow(-9), nextUpdate: daysFromNow(-1) }],
  ['a list of tomorrow', { thisUpdate: daysFromNow(1) }],
  ['a list without a number', { number: null }],
  ['a list that names no key', { keyId: null }],
  ['a list of version 1', { version: 1 }],
]

export function listsOf(issuer: Entity): { readonly what: string; readonly der: Uint8Array }[] {
  return LISTS.map(([what, options]) => ({ what, der: issueList({ issuer, ...options }) }))
}

/** Extensions of a list. */
export const LIST_EXTENSIONS: readonly Asn1[] = [
  extension('2.5.29.20', false, raw(Uint8Array.of(2, 1, 9))),
  extension('2.5.29.20', true, raw(Uint8Array.of(2, 1, 9))),
  extension('2.5.29.27', true, raw(Uint8Array.of(2, 1, 3))),
  extension('2.5.29.28', true, sequence()),
  extension('2.5.29.28', false, sequence(raw(Uint8Array.of(0x81, 1, 0xff)))),
  extension('2.5.29.28', true, sequence(raw(Uint8Array.of(0x82, 1, 0xff)))),
  extension('2.5.29.28', true, sequence(raw(Uint8Array.of(0x84, 1, 0xff)))),
  extension('2.5.29.35', false, sequence()),
  extension('1.2.3.4', true, text('unknown')),
  extension('1.2.3.4', false, text('unknown')),
  extension('2.5.29.21', false, raw(Uint8Array.of(0x0a, 1, 1))),
  extension('2.5.29.21', false, raw(Uint8Array.of(0x0a, 1, 6))),
  extension('2.5.29.29', true, sequence(general.directory([['CN', 'Other']]))),
]

/** Attributes of a signer that may be added. */
export const ATTRIBUTES: readonly Uint8Array[] = [
  sequence(oid('1.2.3.4'), set(text('unknown'))),
  sequence(oid('1.2.840.113549.1.9.3'), set(oid('1.2.840.113549.1.7.1'))),
  sequence(oid('1.2.840.113549.1.9.3'), set(oid('1.2.3.4'))),
  sequence(oid('1.2.840.113549.1.9.4'), set(octets(new Uint8Array(32)))),
].map(encode)
