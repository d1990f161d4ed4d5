import { describe, expect, test } from 'vitest'
import { sequence } from '../../../test/pki/encode.ts'
import {
  extension,
  issueAuthority,
  issueOcspResponse,
  issueResponder,
  type OcspOptions,
} from '../../../test/pki/issue.ts'
import {
  daysFromNow,
  distributionPoints,
  general,
  issue,
  issueList,
  USAGE,
  type Entity,
  type ListOptions,
  type NameParts,
  type PathCertificate,
} from '../../../test/pki/issue-path.ts'
import { testKey } from '../../../test/pki/keys.ts'
import { outcomeOf, pathRequest } from '../../../test/pki/path-request.ts'
import { STRICT_ALGORITHMS, type AlgorithmPolicy } from '../algorithm-policy.ts'
import { parseCertificate } from '../certificate.ts'
import { parseCrl } from '../crl.ts'
import { importPublicKey } from '../public-key.ts'
import type { PathRequest } from '../verify-path.ts'
import { isListSignedBy } from './revocation-evidence.ts'

const REVOKED = 'revocation-status REVOKED'
const UNKNOWN = 'revocation-status TRY_LATER'

const root = issue('Root', { authority: true })
const rootList = issueList({ issuer: root })
const authority = issue('Authority', { issuer: root, authority: true, serial: 2 })

/** Outcome for a target of the authority with serial 7, by these lists and that of the root. */
function byLists(
  lists: readonly Partial<ListOptions>[],
  target: PathCertificate = {},
  more: Partial<PathRequest> = {},
): string {
  const end = issue('Target', { issuer: authority, serial: 7, ...target })
  const crls = [rootList, ...lists.map((list) => issueList({ issuer: authority, ...list }))]
  return outcomeOf(pathRequest(end, [root], [authority], { crls, checkRevocation: true, ...more }))
}

// As in PKITS 4.4.
describe('every certificate below the anchor has to have a status', () => {
  const lists = (...options: readonly ListOptions[]) => options.map(issueList)
  const target = issue('Target', { issuer: authority, serial: 7 })
  const ask = (crls: readonly Uint8Array[], checkRevocation = true) =>
    outcomeOf(pathRequest(target, [root], [authority], { crls, checkRevocation }))

  test('good ones pass', () => {
    expect(ask(lists({ issuer: root }, { issuer: authority }))).toBe('PASSED')
  })

  test('without data it is TRY_LATER, unless revocation is left aside', () => {
    expect(ask([])).toBe(UNKNOWN)
    expect(ask(lists({ issuer: root }))).toBe(UNKNOWN)
    expect(ask(lists({ issuer: authority }))).toBe(UNKNOWN)
    expect(ask([], false)).toBe('PASSED')
  })

  test('one that is revoked is revoked, at the end or on the way', () => {
    expect(ask(lists({ issuer: root }, { issuer: authority, revoked: [{ serial: 7 }] }))).toBe(
      REVOKED,
    )
    expect(ask(lists({ issuer: root, revoked: [{ serial: 2 }] }, { issuer: authority }))).toBe(
      REVOKED,
    )
    expect(ask(lists({ issuer: root, revoked: [{ serial: 7 }] }, { issuer: authority }))).toBe(
      'PASSED',
    )
  })

  test('bytes that are no list say nothing, and take nothing away', () => {
    const good = lists({ issuer: root }, { issuer: authority })
    expect(ask([Uint8Array.of(0x30, 0), ...good])).toBe('PASSED')
    expect(ask(good.map((der) => der.subarray(0, -1)))).toBe(UNKNOWN)
  })

  test('more lists than are taken hide nothing: the status is unknown', () => {
    const many = Array.from({ length: 256 }, (_, number) => issueList({ issuer: root, number }))
    expect(ask([...many, ...lists({ issuer: authority })])).toBe(UNKNOWN)
  })
})

describe('a list', () => {
  const stranger = testKey('p256:stranger')
  const unknown = (critical: boolean) => extension('1.2.3', critical, sequence())
  test.each<[string, Partial<ListOptions>, string]>([
    ['that is good', {}, 'PASSED'],
    ['by another key', { signer: stranger }, UNKNOWN],
    ['by another key that revokes', { signer: stranger, revoked: [{ serial: 7 }] }, UNKNOWN],
    ['of another issuer', { issuer: root }, UNKNOWN],
    ['from tomorrow', { thisUpdate: daysFromNow(1) }, UNKNOWN],
    ['until yesterday', { nextUpdate: daysFromNow(-1) }, UNKNOWN],
    ['without an end', { nextUpdate: null }, UNKNOWN],
    ['without a number', { number: null }, UNKNOWN],
    ['with a number below 0', { number: -1 }, UNKNOWN],
    ['with the number 0', { number: 0 }, 'PASSED'],
    ['of version 1', { version: 1 }, UNKNOWN],
    ['without the key identifier of its issuer', { keyId: null }, 'PASSED'],
    ['that revokes', { revoked: [{ serial: 7 }] }, REVOKED],
    ['that suspends', { revoked: [{ serial: 7, reason: 6 }] }, REVOKED],
    ['that removes, which a delta alone may', { revoked: [{ serial: 7, reason: 8 }] }, UNKNOWN],
    ['that revokes another', { revoked: [{ serial: 8 }] }, 'PASSED'],
    ['with an unknown extension', { extensions: [unknown(false)] }, 'PASSED'],
    ['with an unknown critical extension', { extensions: [unknown(true)] }, UNKNOWN],
    [
      'with a critical extension in an entry',
      { revoked: [{ serial: 8, extensions: [unknown(true)] }] },
      UNKNOWN,
    ],
    ['signed with SHA-1', { digest: 'sha1' }, UNKNOWN],
    ['with another algorithm inside', { innerDigest: 'sha384' }, UNKNOWN],
  ])('%s', (_, list, outcome) => {
    expect(byLists([list])).toBe(outcome)
  })

  test('of the age that is asked for', () => {
    const old = { thisUpdate: daysFromNow(-5) }
    expect(byLists([old], {}, { maximumAgeDays: 6 })).toBe('PASSED')
    expect(byLists([old], {}, { maximumAgeDays: 4 })).toBe(UNKNOWN)
    expect(byLists([{ nextUpdate: null }], {}, { maximumAgeDays: 6 })).toBe('PASSED')
  })

  test('of version 1, or without a number, is taken under the profile for test files', () => {
    expect(byLists([{ version: 1 }], {}, { profile: 'vectors' })).toBe('PASSED')
    expect(byLists([{ number: null }], {}, { profile: 'vectors' })).toBe('PASSED')
  })
})

// As in PKITS 4.14.
describe('the scope of a list', () => {
  const uri = (text: string) => [general.uri(`http://crl.test/${text}`)]
  const at = (name: ReturnType<typeof uri>): PathCertificate => ({
    extensions: [distributionPoints({ name })],
  })
  const inAuthority = (...more: NameParts) => [general.directory([['CN', 'Authority'], ...more])]
  const someReasons = 0x6000 // keyCompromise and cACompromise
  const otherReasons = 0x1f80

  test.each<[string, readonly ListOptions['scope'][], PathCertificate, string]>([
    ['the point that the certificate names', [{ name: uri('a') }], at(uri('a')), 'PASSED'],
    ['another point', [{ name: uri('b') }], at(uri('a')), UNKNOWN],
    [
      'one of several names of the point',
      [{ name: [...uri('b'), ...uri('a')] }],
      at([...uri('c'), ...uri('a')]),
      'PASSED',
    ],
    ['a point, and the certificate names none', [{ name: uri('a') }], {}, UNKNOWN],
    [
      'the issuer as its own point, and the certificate names none',
      [{ name: inAuthority() }],
      {},
      'PASSED',
    ],
    ['no point, and the certificate names one', [{}], at(uri('a')), 'PASSED'],
    [
      'a host, written with other case',
      [{ name: [general.dns('CRL.test')] }],
      at([general.dns('crl.TEST')]),
      'PASSED',
    ],
    [
      'a mailbox of the same letters as a host',
      [{ name: [general.email('crl.test')] }],
      at([general.dns('crl.test')]),
      UNKNOWN,
    ],
    [
      'a name of a form that cannot be compared',
      [{ name: [general.registeredId()] }],
      at([general.registeredId()]),
      UNKNOWN,
    ],
    [
      'the point in the name of its issuer, and the certificate has no name for it',
      [{ name: inAuthority() }],
      { extensions: [distributionPoints({ crlIssuer: [['CN', 'Authority']] })] },
      UNKNOWN,
    ],
    [
      'a point below the issuer',
      [{ name: { relative: ['CN', 'Part'] } }],
      at(inAuthority(['CN', 'Part'])),
      'PASSED',
    ],
    [
      'another point below the issuer',
      [{ name: { relative: ['CN', 'Part'] } }],
      at(inAuthority(['CN', 'Other'])),
      UNKNOWN,
    ],
    [
      'a full name, where the certificate has it below the issuer',
      [{ name: inAuthority(['CN', 'Part']) }],
      { extensions: [distributionPoints({ name: { relative: ['CN', 'Part'] } })] },
      'PASSED',
    ],
    ['users only', [{ only: 'user' }], {}, 'PASSED'],
    [
      'users only, and the certificate is an authority',
      [{ only: 'user' }],
      { authority: true },
      UNKNOWN,
    ],
    ['authorities only', [{ only: 'authority' }], {}, UNKNOWN],
    [
      'authorities only, and the certificate is one',
      [{ only: 'authority' }],
      { authority: true },
      'PASSED',
    ],
    ['attribute certificates only', [{ only: 'attribute' }], {}, UNKNOWN],
    [
      'authorities in one list and users in another',
      [{ only: 'authority' }, { only: 'user' }],
      {},
      'PASSED',
    ],
    ['certificates of others as well', [{ indirect: true }], {}, UNKNOWN],
    ['some reasons only', [{ reasons: someReasons }], {}, UNKNOWN],
    [
      'all reasons, in two lists',
      [{ reasons: someReasons }, { reasons: otherReasons }],
      {},
      'PASSED',
    ],
    [
      'all reasons but one, in two lists',
      [{ reasons: someReasons }, { reasons: 0x1f00 }],
      {},
      UNKNOWN,
    ],
  ])('%s', (_, scopes, target, outcome) => {
    const lists = scopes.map((scope, i) => (scope === undefined ? {} : { scope, number: i + 1 }))
    expect(byLists(lists, target)).toBe(outcome)
  })

  test('a list for some reasons revokes for them', () => {
    const revoking = { scope: { reasons: someReasons }, revoked: [{ serial: 7, reason: 1 }] }
    expect(byLists([revoking])).toBe(REVOKED)
  })

  test('a certificate of several points needs lists for every reason at some of them', () => {
    const extensions = [
      distributionPoints(
        { name: uri('a'), reasons: someReasons },
        { name: uri('b'), reasons: otherReasons },
      ),
    ]
    const [a, b] = [{ scope: { name: uri('a') } }, { scope: { name: uri('b') }, number: 6 }]
    expect(byLists([a, b], { extensions })).toBe('PASSED')
    expect(byLists([a], { extensions })).toBe(UNKNOWN)
    expect(byLists([a, { ...b, revoked: [{ serial: 7 }] }], { extensions })).toBe(REVOKED)
  })

  test('a certificate that names another issuer of its list is not answered', () => {
    const crlIssuer: NameParts = [['CN', 'Elsewhere']]
    const extensions = [distributionPoints({ name: uri('a'), crlIssuer })]
    expect(byLists([{}], { extensions })).toBe(UNKNOWN)
  })
})

// As in PKITS 4.15.
describe('a delta list', () => {
  const delta = (more: Partial<ListOptions>): Partial<ListOptions> => ({
    base: 5,
    number: 6,
    ...more,
  })
  const [revoke, hold, remove] = [undefined, 6, 8].map((reason) => [
    { serial: 7, ...(reason === undefined ? {} : { reason }) },
  ])

  test.each<[string, readonly Partial<ListOptions>[], string]>([
    ['alone is no list', [delta({ base: 5 })], UNKNOWN],
    ['that changes nothing', [{}, delta({})], 'PASSED'],
    ['that revokes', [{}, delta({ revoked: revoke ?? [] })], REVOKED],
    ['that suspends', [{}, delta({ revoked: hold ?? [] })], REVOKED],
    [
      'that lifts a suspension',
      [{ revoked: hold ?? [] }, delta({ revoked: remove ?? [] })],
      'PASSED',
    ],
    ['that does not mention what is revoked', [{ revoked: revoke ?? [] }, delta({})], REVOKED],
    ['that is fresh beside an old list', [{ nextUpdate: daysFromNow(-1) }, delta({})], 'PASSED'],
    [
      'that is old beside an old list',
      [{ nextUpdate: daysFromNow(-1) }, delta({ nextUpdate: daysFromNow(-1) })],
      UNKNOWN,
    ],
    [
      'to a later base',
      [{ revoked: hold ?? [] }, delta({ base: 6, number: 7, revoked: remove ?? [] })],
      REVOKED,
    ],
    ['to an earlier base', [{ number: 5 }, delta({ base: 3, revoked: revoke ?? [] })], REVOKED],
    [
      'that is earlier than the list',
      [{ number: 9, revoked: hold ?? [] }, delta({ revoked: remove ?? [] })],
      REVOKED,
    ],
    [
      'by another key',
      [{ revoked: hold ?? [] }, delta({ signer: testKey('p256:stranger'), revoked: remove ?? [] })],
      REVOKED,
    ],
    [
      'that names another key',
      [
        { revoked: hold ?? [] },
        delta({ keyId: testKey('p256:stranger').keyId, revoked: remove ?? [] }),
      ],
      REVOKED,
    ],
    [
      'of another scope',
      [{ revoked: hold ?? [] }, delta({ scope: { only: 'user' }, revoked: remove ?? [] })],
      REVOKED,
    ],
    [
      'that is the newest, before an older one',
      [{}, delta({ number: 7, revoked: remove ?? [] }), delta({ revoked: revoke ?? [] })],
      'PASSED',
    ],
    [
      'of the number of the list itself',
      [{ number: 6, revoked: hold ?? [] }, delta({ revoked: remove ?? [] })],
      'PASSED',
    ],
    [
      'that names no key',
      [{ revoked: hold ?? [] }, delta({ keyId: null, revoked: remove ?? [] })],
      REVOKED,
    ],
    [
      'to a list that names no key',
      [{ keyId: null, revoked: hold ?? [] }, delta({ revoked: remove ?? [] })],
      REVOKED,
    ],
    [
      'and list that name no key, either of them',
      [{ keyId: null, revoked: hold ?? [] }, delta({ keyId: null, revoked: remove ?? [] })],
      REVOKED,
    ],
    [
      'that is not the newest',
      [{}, delta({ revoked: revoke ?? [] }), delta({ number: 7, revoked: remove ?? [] })],
      'PASSED',
    ],
  ])('%s', (_, lists, outcome) => {
    expect(byLists(lists)).toBe(outcome)
  })
})

// As in PKITS 4.4.19 to 4.4.21 and 4.5.6 to 4.5.8.
describe('a list by another key of its issuer', () => {
  const listKey = testKey('p256:list key')
  const signer = (options: PathCertificate = {}): Entity =>
    issue('Authority', {
      issuer: root,
      key: listKey,
      serial: 3,
      keyUsage: USAGE.crlSign,
      ...options,
    })
  const target = issue('Target', { issuer: authority, serial: 7 })
  const ask = (
    by: Entity | null,
    revoked: readonly { serial: number }[] = [],
    rootRevokes: readonly { serial: number }[] = [],
  ) =>
    outcomeOf(
      pathRequest(target, [root], by === null ? [authority] : [authority, by], {
        crls: [
          issueList({ issuer: root, revoked: rootRevokes }),
          issueList({ issuer: authority, signer: listKey, revoked }),
        ],
        checkRevocation: true,
      }),
    )

  test('counts when the anchor stands behind that key', () => {
    expect(ask(signer())).toBe('PASSED')
    expect(ask(signer(), [{ serial: 7 }])).toBe(REVOKED)
  })

  test('counts with a certificate for any use of its key', () => {
    expect(ask(signer({ keyUsage: null }))).toBe('PASSED')
  })

  test.each<[string, Entity | null]>([
    ['nobody knows the key', null],
    ['the key is of a kind that is not taken', signer({ key: testKey('rsa-1024:list key') })],
    ['the key may not sign lists', signer({ keyUsage: USAGE.digitalSignature })],
    ['its certificate has expired', signer({ notAfter: daysFromNow(-1) })],
    [
      'its certificate is of another issuer',
      signer({ issuer: issue('Stranger', { authority: true }) }),
    ],
    [
      'its certificate has another name',
      issue('Other', { issuer: root, key: listKey, serial: 3, keyUsage: USAGE.crlSign }),
    ],
  ])('does not count when %s', (_, by) => {
    expect(ask(by)).toBe(UNKNOWN)
  })

  test('does not count when the certificate of that key is revoked', () => {
    expect(ask(signer(), [], [{ serial: 3 }])).toBe(UNKNOWN)
  })

  test('does not count for the certificate of that key itself', () => {
    const own = issue('Root', { issuer: root, key: listKey, serial: 3, authority: true })
    const crls = [issueList({ issuer: root, signer: listKey })]
    const request = pathRequest(own, [root], [own], { crls, checkRevocation: true })
    expect(outcomeOf(request)).toBe(UNKNOWN)
  })

  test('does not count when two such keys vouch for each other', () => {
    const [a, b] = [testKey('p256:list a'), testKey('p256:list b')]
    const certificates = [a, b].map((key, i) =>
      issue('Root', { issuer: root, key, serial: i + 3, authority: true }),
    )
    const crls = [a, b].map((key) => issueList({ issuer: root, signer: key, number: 1 }))
    const end = issue('Target', { issuer: root, serial: 7 })
    expect(outcomeOf(pathRequest(end, [root], certificates, { crls, checkRevocation: true }))).toBe(
      UNKNOWN,
    )
    crls.push(issueList({ issuer: root, number: 2 }))
    expect(outcomeOf(pathRequest(end, [root], certificates, { crls, checkRevocation: true }))).toBe(
      'PASSED',
    )
  })
})

describe('OCSP answers', () => {
  const issuer = issueAuthority('signature')
  const { key, nameParts: name, certificate: der } = issuer
  const anchor: Entity = { key, name, der, serial: 1 }
  const target = issue('Target', { issuer: anchor, serial: 0x12 })
  const ask = (answers: readonly OcspOptions[], more: Partial<PathRequest> = {}) =>
    outcomeOf(
      pathRequest(target, [anchor], [], {
        checkRevocation: true,
        ocsp: answers.map((answer) =>
          issueOcspResponse(issuer, { serial: Uint8Array.of(0x12), ...answer }),
        ),
        ...more,
      }),
    )

  test.each<[string, readonly OcspOptions[], string]>([
    ['good', [{}], 'PASSED'],
    ['revoked', [{ status: {} }], REVOKED],
    ['unknown', [{ status: 'unknown' }], UNKNOWN],
    ['good and revoked', [{}, { status: {} }], REVOKED],
    ['about another certificate', [{ serial: Uint8Array.of(0x13) }], UNKNOWN],
    ['by a delegate', [{ delegate: issueResponder(issuer) }], 'PASSED'],
    [
      'by a delegate for something else',
      [{ delegate: issueResponder(issuer, { purpose: '1.3.6.1.5.5.7.3.2' }) }],
      UNKNOWN,
    ],
    ['with a broken signature', [{ spoil: (signature) => signature.fill(0) }], UNKNOWN],
    ['refused', [{ responseStatus: 6 }], UNKNOWN],
  ])('%s', (_, answers, outcome) => {
    expect(ask(answers)).toBe(outcome)
  })

  test('a list that revokes stands against a good answer', () => {
    const crls = [issueList({ issuer: anchor, revoked: [{ serial: 0x12 }] })]
    expect(ask([{}], { crls })).toBe(REVOKED)
  })

  test('a good answer whose signature was zeroed does not stand against a list that revokes', () => {
    const crls = [issueList({ issuer: anchor, revoked: [{ serial: 0x12 }] })]
    expect(ask([{ spoil: (signature) => signature.fill(0) }], { crls })).toBe(REVOKED)
  })
})

test('a fault of ours is not taken for a list that does not hold', () => {
  const faulty: AlgorithmPolicy = {
    ...STRICT_ALGORITHMS,
    get sha1(): boolean {
      throw new RangeError('a fault')
    },
  }
  const certificate = parseCertificate(root.der)
  const signer = { certificate, key: importPublicKey(certificate.spki) }
  const list = parseCrl(issueList({ issuer: root, signer: testKey('rsa list'), digest: 'sha1' }))
  expect(isListSignedBy(list, signer, STRICT_ALGORITHMS)).toBe(false)
  expect(() => isListSignedBy(list, signer, faulty)).toThrow(RangeError)
})
