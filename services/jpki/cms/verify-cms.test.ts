import { describe, expect, test } from 'vitest'
import { fromHex, utf8 } from '../../kernel/bytes.ts'
import { sha256 } from '../../kernel/digest.ts'
import {
  attribute,
  buildCms,
  contentType,
  DOCUMENT,
  messageDigest,
  signedAttributesOf,
  signingCertificate,
  type CmsOptions,
} from '../../../test/pki/cms.ts'
import {
  authority,
  card,
  ending,
  JPKI,
  list,
  RFC5280,
  verify,
} from '../../../test/pki/documents.ts'
import {
  encode,
  integer,
  name,
  octets,
  oid,
  raw,
  sequence,
  set,
  tagged,
  text,
  time,
} from '../../../test/pki/encode.ts'
import {
  extension,
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  issueCrl,
  issueOcspResponse,
  NOW,
  type CertificateOptions,
} from '../../../test/pki/issue.ts'
import { parseCertificate } from '../certificate.ts'
import { parseOcspResponse } from '../ocsp-response.ts'
import type { CmsQuestion } from './verify-cms.ts'

function endingOf(options: CmsOptions, bent: Partial<CmsQuestion> = {}): unknown {
  return ending(verify(buildCms(card, options), bent))
}

const DIGEST = { sha256: sha256(DOCUMENT) }

const FORMAT = ['FAILED', 'FORMAT_FAILURE', 'cms-format']
const NO_SIGNER = ['INDETERMINATE', 'NO_SIGNING_CERTIFICATE_FOUND', 'signing-certificate']

describe('a document that a card signed', () => {
  test('is left as it was, in a Buffer too, and passes again', () => {
    const cms = Buffer.from(buildCms(card))
    expect(ending(verify(cms))).toBe('PASSED')
    expect(new Uint8Array(cms)).toEqual(buildCms(card))
    expect(ending(verify(cms))).toBe('PASSED')
  })

  test('passes, and is given with its signer and its claims', () => {
    const { verdict, verified } = verify(buildCms(card))
    expect(verdict).toMatchObject({ indication: 'PASSED', sub: null, at: NOW })
    expect(verdict.checks.map(({ id }) => id)).toEqual([
      'cms-format',
      'signature-algorithm',
      'message-digest',
      'signing-certificate',
      'cms-signature',
      'certification-path',
      'issuer-validity',
      'certificate-validity',
      'path-constraints',
      'certificate-policies',
      'certificate-profile',
      'revocation-status',
      'subject-attributes',
    ])
    expect(verified?.content).toEqual(DOCUMENT)
    expect(verified?.signer.der).toEqual(card.der)
    expect(verified?.claimedSigningTime).toEqual(NOW)
    expect(verified?.attributes?.name.text).toBe('黒桐　幹也')
    expect(verified?.timeStamp).toBeNull()
  })

  test.each<[string, CmsOptions, Partial<CmsQuestion>]>([
    ['with the content apart', { detached: true }, { content: DOCUMENT }],
    ['with the content inside and at hand', {}, { content: DOCUMENT }],
    [
      'with its certificate known',
      { certificates: [] },
      { intermediates: [parseCertificate(card.der)] },
    ],
    ['that names its certificate by key', { byKeyId: true }, {}],
    ['without a signing time', { signingTime: null }, {}],
    ['with SHA-384', { digest: 'sha384' }, {}],
    ['with SHA-512', { digest: 'sha512' }, {}],
    ['with an empty content', { content: new Uint8Array() }, {}],
    [
      'with signing certificates of both kinds',
      {
        bend: (own) => [
          ...own,
          signingCertificate([card.der]),
          signingCertificate([card.der], 'sha1'),
        ],
      },
      {},
    ],
    [
      'with a signing certificate by issuer and serial',
      {
        bend: (own) => [
          ...own,
          signingCertificate([card.der], 'sha512', [issuerSerial(card.serial)]),
        ],
      },
      {},
    ],
    [
      'with an attribute that we do not know',
      { bend: (own) => [...own, attribute('1.2.3.4', text('a'), text('b'))] },
      {},
    ],
    ['with another digest announced beside', { announced: ['sha512', 'sha256'] }, {}],
    ['that nobody asks the status of', {}, { revocation: 'not-checked' }],
    ['under RFC 5280', {}, { profile: RFC5280 }],
    ['with the digest of the content alone', { detached: true }, { content: DIGEST }],
  ])('passes %s', (_, options, bent) => {
    expect(endingOf(options, bent)).toBe('PASSED')
  })

  test.each<[string, CmsOptions]>([
    ['of another digest', { detached: true, digest: 'sha512' }],
    ['of another content', { detached: true, content: utf8('something else') }],
  ])('does not pass by a digest that says nothing %s', (_, options) => {
    const refused = ['FAILED', 'HASH_FAILURE', 'message-digest']
    expect(endingOf(options, { content: DIGEST })).toEqual(refused)
  })

  test('passes by an answer instead of a list', () => {
    const responses = [parseOcspResponse(issueOcspResponse(authority, {}))]
    expect(endingOf({}, { revocation: { crls: [], responses } })).toBe('PASSED')
  })
})

function issuerSerial(
  serial: Uint8Array,
  parts = authority.nameParts,
): ReturnType<typeof sequence> {
  return sequence(sequence(tagged(4, name(parts))), integer(serial))
}

describe('the content', () => {
  test.each<[string, CmsOptions, Partial<CmsQuestion>, unknown]>([
    [
      'is asked for when it is not there',
      { detached: true },
      {},
      ['INDETERMINATE', 'SIGNED_DATA_NOT_FOUND', 'message-digest'],
    ],
    [
      'is refused when it is another',
      { detached: true },
      { content: Uint8Array.of(1) },
      ['FAILED', 'HASH_FAILURE', 'message-digest'],
    ],
    [
      'is refused when another is inside',
      {},
      { content: Uint8Array.of(1) },
      ['FAILED', 'HASH_FAILURE', 'cms-format'],
    ],
    [
      'is refused when the digest is of another',
      { bend: (own) => [...own.slice(0, -1), messageDigest(Uint8Array.of(1))] },
      {},
      ['FAILED', 'HASH_FAILURE', 'message-digest'],
    ],
    [
      'is not longer than agreed',
      { content: new Uint8Array(2000) },
      { maximumContent: 1999 },
      'PASSED',
    ],
  ])('%s', (_, options, bent, expected) => {
    expect(endingOf(options, bent)).toEqual(expected)
  })

  test('may be as long as the caller takes, and not longer with the message', () => {
    const content = new Uint8Array(200_000)
    const cms = buildCms(card, { content })
    expect(ending(verify(cms, { maximumContent: 200_000 }))).toBe('PASSED')
    expect(ending(verify(cms))).toEqual(FORMAT)
  })

  test('does not make room for a longer message', () => {
    const cms = buildCms(card, { revocation: [octets(new Uint8Array(70_000))] })
    expect(ending(verify(cms, { maximumContent: 200_000 }))).toEqual(FORMAT)
  })
})

describe('a message that is not one signed document', () => {
  const bent: Record<string, CmsOptions> = {
    'has no signed attributes': { withoutAttributes: true },
    'presents signed attributes as its content': {
      content: signedAttributesOf({}),
      withoutAttributes: true,
    },
    'has a content of another type': { contentType: '1.2.840.113549.1.9.16.1.4' },
    'says another type among its attributes': {
      bend: ([, ...own]) => [contentType('1.2.840.113549.1.7.5'), ...own],
    },
    'has no contentType': { bend: ([, ...own]) => own },
    'has two contentTypes': { bend: (own) => [...own, contentType('1.2.840.113549.1.7.5')] },
    'has a contentType of two values': {
      bend: ([, ...own]) => [
        ...own,
        attribute('1.2.840.113549.1.9.3', oid('1.2.840.113549.1.7.1'), oid('1.2.840.113549.1.7.5')),
      ],
    },
    'has no messageDigest': { bend: (own) => own.slice(0, -1) },
    'has two messageDigests': { bend: (own) => [...own, messageDigest(Uint8Array.of(1))] },
    'has two values of messageDigest': {
      bend: (own) => [
        ...own.slice(0, -1),
        attribute('1.2.840.113549.1.9.4', octets(new Uint8Array(32)), octets(new Uint8Array(31))),
      ],
    },
    'has two signing times': {
      bend: (own) => [...own, attribute('1.2.840.113549.1.9.5', time(hoursFromNow(1)))],
    },
    'has a signing time that is none': {
      signingTime: null,
      bend: (own) => [...own, attribute('1.2.840.113549.1.9.5', text('today'))],
    },
    'has its attributes out of order': { bend: (own) => own.toReversed(), unordered: true },
    'has the values of an attribute out of order': {
      bend: (own) => [...own, sequence(oid('1.2.3.4'), raw(fromHex('3106' + '0c0162' + '0c0161')))],
    },
    'has an attribute without a value': {
      bend: (own) => [...own, sequence(oid('1.2.3.4'), set())],
    },
    'has two signers': { signers: 2 },
    'has no signer': { signers: 0 },
    'has a signer of a version for the other identifier': { signerVersion: 3 },
    'has a version that is not defined': { version: 2 },
    'does not announce its digest': { announced: ['sha512'] },
    'has a signing certificate that refers to none': {
      bend: (own) => [...own, attribute('1.2.840.113549.1.9.16.2.47', sequence(sequence()))],
    },
  }
  test.each(Object.entries(bent))('is refused when it %s', (_, options) => {
    expect(endingOf(options)).toEqual(FORMAT)
  })

  test('is refused with bytes after it', () => {
    const cms = buildCms(card)
    expect(ending(verify(Uint8Array.of(...cms, 0)))).toEqual(FORMAT)
    expect(ending(verify(cms.subarray(0, -1)))).toEqual(FORMAT)
  })

  test('is refused when it is of another type', () => {
    const data = encode(sequence(oid('1.2.840.113549.1.7.1'), tagged(0, octets(DOCUMENT))))
    expect(ending(verify(data))).toEqual(FORMAT)
  })
})

describe('the signature', () => {
  const ECDSA = sequence(oid('1.2.840.10045.4.3.2'))
  const rsaWith = (n: number): ReturnType<typeof sequence> =>
    sequence(oid(`1.2.840.113549.1.1.${n}`), raw(Uint8Array.of(5, 0)))
  const ALGORITHM = ['INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE', 'signature-algorithm']
  const BROKEN = ['FAILED', 'SIG_CRYPTO_FAILURE', 'cms-signature']

  test.each<[string, CmsOptions, unknown]>([
    ['passes when it names the hash as well', { signatureAlgorithm: rsaWith(11) }, 'PASSED'],
    [
      'passes when it does so without NULL',
      { signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.11')) },
      'PASSED',
    ],
    [
      'is refused with parameters that are not NULL',
      { signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.11'), octets(new Uint8Array())) },
      ALGORITHM,
    ],
    [
      'is refused when its hash is not that of the digest',
      { signatureAlgorithm: rsaWith(13) },
      ['FAILED', 'FORMAT_FAILURE', 'signature-algorithm'],
    ],
    ['is refused with SHA-1', { digest: 'sha1' }, ALGORITHM],
    ['is refused with SHA-1 under a better digest', { signatureAlgorithm: rsaWith(5) }, ALGORITHM],
    [
      'is refused when the key is named without NULL',
      { signatureAlgorithm: sequence(oid('1.2.840.113549.1.1.1')) },
      ALGORITHM,
    ],
    ['is refused when its key is of another kind', { signatureAlgorithm: ECDSA }, BROKEN],
    [
      'is refused when it was changed',
      { spoil: (made) => made.with(7, (made[7] ?? 0) ^ 1) },
      BROKEN,
    ],
    ['is refused when it is cut', { spoil: (made) => made.subarray(1) }, BROKEN],
  ])('%s', (_, options, expected) => {
    expect(endingOf(options)).toEqual(expected)
  })

  test('is refused by another key', () => {
    const other = issueCertificate(authority, { keyLabel: 'other' })
    expect(ending(verify(buildCms({ ...card, key: other.key })))).toEqual(BROKEN)
  })
})

describe('the signer’s certificate', () => {
  const second = issueCertificate(authority, { serial: Uint8Array.of(2), keyLabel: 'other' })
  const twin = issueCertificate(authority, { town: 'Higashikurume-shi' })

  test.each<[string, CmsOptions, unknown]>([
    ['is asked for when it is not there', { certificates: [] }, NO_SIGNER],
    ['is asked for when another is there', { certificates: [second.der] }, NO_SIGNER],
    [
      'is found among others',
      { certificates: [second.der, authority.certificate, card.der] },
      'PASSED',
    ],
    [
      'is not confused with one of the same issuer and serial',
      { certificates: [issueCertificate(authority, { keyLabel: 'other' }).der, card.der] },
      'PASSED',
    ],
    [
      'must be the one whose digest was signed',
      { certificates: [twin.der], bend: (own) => [...own, signingCertificate([card.der])] },
      NO_SIGNER,
    ],
    [
      'must be the one whose SHA-1 was signed',
      { bend: (own) => [...own, signingCertificate([twin.der], 'sha1')] },
      NO_SIGNER,
    ],
    [
      'must have the serial that was signed',
      {
        bend: (own) => [
          ...own,
          signingCertificate([card.der], 'sha256', [issuerSerial(Uint8Array.of(9))]),
        ],
      },
      NO_SIGNER,
    ],
    [
      'must have the issuer that was signed',
      {
        bend: (own) => [
          ...own,
          signingCertificate([card.der], 'sha256', [issuerSerial(card.serial, [['C', 'US']])]),
        ],
      },
      NO_SIGNER,
    ],
    [
      'may be one of several that were signed',
      { bend: (own) => [...own, signingCertificate([card.der, second.der])] },
      'PASSED',
    ],
    [
      'may stand beside other formats',
      { certificates: [fromHex('a303020101'), card.der] },
      'PASSED',
    ],
    ['may not stand beside what is none', { certificates: [fromHex('020101'), card.der] }, FORMAT],
  ])('%s', (_, options, expected) => {
    expect(endingOf(options)).toEqual(expected)
  })

  test('leads to an anchor of ours', () => {
    const NO_CHAIN = ['INDETERMINATE', 'NO_CERTIFICATE_CHAIN_FOUND', 'certification-path']
    const own = issueAuthority('signature', { generation: 66 })
    const forged = issueCertificate(own)
    const cms = buildCms(forged, { certificates: [forged.der, own.certificate] })
    expect(ending(verify(cms))).toEqual(NO_CHAIN)
    expect(endingOf({}, { anchors: [] })).toEqual(NO_CHAIN)
  })

  test('leads to an anchor that has not ended', () => {
    const signedBy = (notBefore: Date, notAfter: Date): unknown => {
      const root = issueAuthority('signature', { generation: 7, notBefore, notAfter })
      const bent = { anchors: [root.anchor], revocation: 'not-checked' } as const
      return ending(verify(buildCms(issueCertificate(root)), bent))
    }
    const [before, after] = [hoursFromNow(-1), hoursFromNow(1)]
    expect(signedBy(hoursFromNow(-2), after)).toBe('PASSED')
    expect(signedBy(hoursFromNow(-2), before)).toEqual([
      'INDETERMINATE',
      'OUT_OF_BOUNDS_NO_POE',
      'issuer-validity',
    ])
    expect(signedBy(after, hoursFromNow(2))).toEqual(['FAILED', 'NOT_YET_VALID', 'issuer-validity'])
  })

  test('is issued by a root of JPKI itself, whatever authority the message brings', () => {
    const between = issueAuthority('signature', { generation: 8 })
    const link = issueCertificate(authority, {
      keyLabel: 'ca:signature:simulator:8',
      subject: name(authority.nameParts),
      extensions: {
        '2.5.29.15': extension('2.5.29.15', true, raw(fromHex('03020106'))),
        '2.5.29.19': extension('2.5.29.19', true, raw(fromHex('30030101ff'))),
      },
    })
    const person = issueCertificate(between)
    const cms = buildCms(person, { certificates: [person.der, link.der] })
    const bent = { revocation: 'not-checked' } as const
    expect(ending(verify(cms, bent))).toEqual([
      'INDETERMINATE',
      'NO_CERTIFICATE_CHAIN_FOUND',
      'certification-path',
    ])
    const known = { ...bent, intermediates: [parseCertificate(link.der)] }
    expect(ending(verify(cms, known))).toBe('PASSED')
    expect(ending(verify(cms, { ...bent, profile: RFC5280 }))).toBe('PASSED')
  })

  const login = issueAuthority('authentication')
  const CONSTRAINT = ['FAILED', 'CHAIN_CONSTRAINTS_FAILURE', 'certificate-profile']

  test('is not one for logins', () => {
    const cms = buildCms(issueCertificate(login))
    const bent = { anchors: [login.anchor], revocation: 'not-checked' } as const
    expect(ending(verify(cms, bent))).toEqual(CONSTRAINT)
    expect(ending(verify(cms, { ...bent, profile: RFC5280 }))).toEqual(CONSTRAINT)
  })

  test.each<[string, CertificateOptions, CmsQuestion['profile'], unknown]>([
    [
      'has the key usage of its kind',
      { extensions: { '2.5.29.15': extension('2.5.29.15', true, raw(fromHex('03020780'))) } },
      JPKI,
      CONSTRAINT,
    ],
    [
      'has a key usage for signatures',
      { extensions: { '2.5.29.15': extension('2.5.29.15', true, raw(fromHex('03020520'))) } },
      RFC5280,
      CONSTRAINT,
    ],
    [
      'may have no key usage under RFC 5280',
      { extensions: { '2.5.29.15': null } },
      RFC5280,
      'PASSED',
    ],
    [
      'may be for mail under RFC 5280',
      {
        extensions: {
          '2.5.29.37': extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.4'))),
        },
      },
      RFC5280,
      'PASSED',
    ],
    [
      'is of an environment that is taken',
      { policy: '1.2.392.200149.8.5.1.1.20' },
      JPKI,
      CONSTRAINT,
    ],
    [
      'has the attributes of a person',
      { basicFour: { 4: '300000230' } },
      JPKI,
      ['FAILED', 'FORMAT_FAILURE', 'subject-attributes'],
    ],
    [
      'has a key of its profile',
      { keyLabel: 'rsa-1024:document' },
      JPKI,
      ['INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE', 'cms-signature'],
    ],
  ])('%s', (_, options, profile, expected) => {
    expect(ending(verify(buildCms(issueCertificate(authority, options)), { profile }))).toEqual(
      expected,
    )
  })

  test('is of any environment that is taken', () => {
    const production = { name: 'jpki', environments: ['production', 'simulator'] } as const
    expect(endingOf({}, { profile: production })).toBe('PASSED')
  })
})

describe('the status of the signer', () => {
  const revoked = [{ serial: card.serial, reason: 1, at: hoursFromNow(-5) }]
  const UNKNOWN = ['INDETERMINATE', 'TRY_LATER', 'revocation-status']
  const REVOKED = ['INDETERMINATE', 'REVOKED_NO_POE', 'revocation-status']

  test('is unknown without data, and revoked without proof of when it signed', () => {
    expect(endingOf({}, { revocation: { crls: [], responses: [] } })).toEqual(UNKNOWN)
    expect(endingOf({}, { revocation: { crls: [list({ revoked })], responses: [] } })).toEqual(
      REVOKED,
    )
    const responses = [parseOcspResponse(issueOcspResponse(authority, { status: {} }))]
    expect(endingOf({}, { revocation: { crls: [list()], responses } })).toEqual(REVOKED)
  })

  test('is not told by what the message encloses', () => {
    const good = issueOcspResponse(authority, { spoil: (made) => made.fill(0) })
    const forged = tagged(1, oid('1.3.6.1.5.5.7.16.2'), raw(good))
    const clean = raw(issueCrl(authority))
    const options = { version: 5, revocation: [clean, forged] }
    expect(endingOf(options)).toBe('PASSED')
    expect(endingOf(options, { revocation: { crls: [], responses: [] } })).toEqual(UNKNOWN)
    expect(endingOf(options, { revocation: { crls: [list({ revoked })], responses: [] } })).toEqual(
      REVOKED,
    )
  })

  test('is not told by the time that the signer claims', () => {
    const late = new Date('2031-01-01T00:00:00Z')
    const bent = { at: late, revocation: 'not-checked' } as const
    expect(endingOf({ signingTime: NOW }, bent)).toEqual([
      'INDETERMINATE',
      'OUT_OF_BOUNDS_NO_POE',
      'certificate-validity',
    ])
    const early = { at: new Date('2025-01-01T00:00:00Z'), revocation: 'not-checked' } as const
    expect(endingOf({}, early)).toEqual(['FAILED', 'NOT_YET_VALID', 'certificate-validity'])
  })
})

test('a profile without an environment is a mistake of the caller, and no verdict', () => {
  expect(() => verify(buildCms(card), { profile: { name: 'jpki', environments: [] } })).toThrow(
    TypeError,
  )
})

test('of two certificates of one key the one that holds stands behind the signature, in any order', () => {
  const ended = issueCertificate(authority, {
    serial: Uint8Array.of(0x11),
    notAfter: hoursFromNow(-1),
  })
  for (const certificates of [
    [ended.der, card.der],
    [card.der, ended.der],
  ]) {
    const { verified } = verify(buildCms(card, { byKeyId: true, certificates }))
    expect(verified?.signer.der).toEqual(card.der)
  }
  expect(endingOf({ byKeyId: true, certificates: [ended.der, ended.der] })).toEqual([
    'INDETERMINATE',
    'OUT_OF_BOUNDS_NO_POE',
    'certificate-validity',
  ])
})
