import { describe, expect, test } from 'vitest'
import {
  buildCms,
  buildToken,
  DOCUMENT,
  issueStamper,
  issueStampingAuthority,
  signingCertificate,
  STAMPER,
  type TestSigner,
  type TokenOptions,
} from '../../../test/pki/cms.ts'
import {
  authority,
  card,
  ending,
  hoursAfter,
  list,
  RULES,
  stamper,
  stampingList,
  tsa,
  verify,
} from '../../../test/pki/documents.ts'
import {
  name,
  oid,
  raw,
  sequence,
  tagged,
  taggedBytes,
  text,
  whole,
  type Asn1,
} from '../../../test/pki/encode.ts'
import {
  extension,
  hoursFromNow,
  issueOcspResponse,
  issueResponder,
  NOW,
} from '../../../test/pki/issue.ts'
import { general, subjectAltNames } from '../../../test/pki/issue-path.ts'
import { parseCertificate } from '../certificate.ts'
import { parseOcspResponse } from '../ocsp-response.ts'
import type { Outcome } from '../verification-steps.ts'
import type { CmsQuestion } from './verify-cms.ts'
import { verifyTimeStamp, type TimeStamp, type TimeStampQuestion } from './verify-time-stamp.ts'

const STAMPED = Buffer.from('what existed')

function check(token: Uint8Array, bent: Partial<TimeStampQuestion> = {}): Outcome<TimeStamp> {
  return verifyTimeStamp({
    token,
    stamped: STAMPED,
    anchors: [tsa.anchor],
    intermediates: [],
    revocation: { crls: [stampingList(NOW)], responses: [] },
    rules: RULES,
    at: NOW,
    ...bent,
  })
}

function endingOf(
  options: TokenOptions,
  bent: Partial<TimeStampQuestion> = {},
  signer: TestSigner = stamper,
): unknown {
  return ending(check(buildToken(signer, STAMPED, options), bent))
}

const FORMAT = ['FAILED', 'FORMAT_FAILURE', 'cms-format']
const CONTENT = ['FAILED', 'FORMAT_FAILURE', 'time-stamp-content']
const REFUSED = ['INDETERMINATE', 'SIG_CONSTRAINTS_FAILURE', 'time-stamp-content']
const NOT_STAMPING = ['FAILED', 'CHAIN_CONSTRAINTS_FAILURE', 'certificate-profile']
const stampingTime = (written: string): ReturnType<typeof raw> =>
  raw(Uint8Array.of(0x18, written.length, ...Buffer.from(written)))

describe('a time-stamp token', () => {
  test('passes, and tells when what it stamped existed', () => {
    const accuracy = sequence(
      whole(2),
      taggedBytes(0, Uint8Array.of(5)),
      taggedBytes(1, Uint8Array.of(1)),
    )
    const { verdict, verified } = check(
      buildToken(stamper, STAMPED, { genTime: hoursFromNow(-3), accuracy }),
    )
    expect(verdict.indication).toBe('PASSED')
    expect(verified?.genTime).toEqual(hoursFromNow(-3))
    expect(verified?.latest.getTime()).toBe(hoursFromNow(-3).getTime() + 2006)
    expect(verified?.policy).toBe('1.3.6.1.4.1.32473.3161')
    expect(verified?.authority.der).toEqual(stamper.der)
  })

  test('may tell fractions of a second', () => {
    const token = buildToken(stamper, STAMPED, { rawTime: stampingTime('20260601025959.4567Z') })
    expect(check(token).verified?.genTime.toISOString()).toBe('2026-06-01T02:59:59.456Z')
  })

  test.each<[string, TokenOptions, Partial<TimeStampQuestion>, unknown]>([
    ['passes with SHA-384', { imprintDigest: 'sha384' }, {}, 'PASSED'],
    [
      'passes with SHA-512',
      {
        imprintDigest: 'sha512',
        cms: { digest: 'sha512', bend: (own) => [...own, signingCertificate([stamper.der])] },
      },
      {},
      'PASSED',
    ],
    [
      'passes with the SHA-1 name of its authority',
      { cms: { bend: (own) => [...own, signingCertificate([stamper.der], 'sha1')] } },
      {},
      'PASSED',
    ],
    ['passes with the nonce that was sent', { nonce: 77 }, { nonce: 77n }, 'PASSED'],
    ['passes with a nonce that somebody else sent', { nonce: 77 }, {}, 'PASSED'],
    [
      'passes with a policy that is taken',
      {},
      { policies: new Set(['1.3.6.1.4.1.32473.3161']) },
      'PASSED',
    ],
    [
      'passes with the name of its authority',
      { authority: tagged(4, name(STAMPER)) },
      {},
      'PASSED',
    ],
    [
      'passes by a clock a little ahead',
      { genTime: new Date(NOW.getTime() + 60_000) },
      {},
      'PASSED',
    ],
    [
      'passes with a plain extension',
      { extensions: [extension('1.2.3.4', false, text('a'))] },
      {},
      'PASSED',
    ],
    ['passes when nobody asks its status', {}, { revocation: 'not-checked' }, 'PASSED'],
    [
      'is refused over other bytes',
      {},
      { stamped: Uint8Array.of(1) },
      ['FAILED', 'HASH_FAILURE', 'time-stamp-content'],
    ],
    [
      'is refused with a short imprint',
      { imprint: new Uint8Array(31) },
      {},
      ['FAILED', 'HASH_FAILURE', 'time-stamp-content'],
    ],
    [
      'is refused with SHA-1',
      { imprintDigest: 'sha1' },
      {},
      ['INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE', 'time-stamp-content'],
    ],
    ['is refused without the nonce that was sent', {}, { nonce: 77n }, REFUSED],
    ['is refused with another nonce', { nonce: 78 }, { nonce: 77n }, REFUSED],
    ['is refused under another policy', {}, { policies: new Set(['1.2.3']) }, REFUSED],
    ['is refused from the future', { genTime: hoursFromNow(1) }, {}, REFUSED],
    [
      'is refused with an unknown critical extension',
      { extensions: [extension('1.2.3.4', true, text('a'))] },
      {},
      REFUSED,
    ],
    [
      'is refused with the name of another',
      { authority: tagged(4, name([['CN', 'x']])) },
      {},
      NOT_STAMPING,
    ],
    [
      'is refused with a name of another form',
      { authority: taggedBytes(2, Buffer.from('tsa.test')) },
      {},
      NOT_STAMPING,
    ],
    [
      'is refused without naming its certificate',
      { cms: { bend: (own) => own } },
      {},
      NOT_STAMPING,
    ],
    ['is refused as a document', { cms: { contentType: '1.2.840.113549.1.7.1' } }, {}, FORMAT],
    [
      'is refused without its content',
      { cms: { detached: true } },
      {},
      ['INDETERMINATE', 'SIGNED_DATA_NOT_FOUND', 'message-digest'],
    ],
    ['is refused with bytes after its content', { trailing: [text('a')] }, {}, CONTENT],
    ['is refused in another version', { version: 2 }, {}, CONTENT],
    ['is refused with a content that is none', { info: Uint8Array.of(5, 0) }, {}, CONTENT],
    [
      'is refused with an accuracy beyond its unit',
      { accuracy: sequence(taggedBytes(0, Uint8Array.of(3, 0xe8))) },
      {},
      CONTENT,
    ],
    [
      'is refused with no thousandths',
      { accuracy: sequence(taggedBytes(0, Uint8Array.of(0))) },
      {},
      CONTENT,
    ],
    [
      'is refused with a trailing zero in its time',
      { rawTime: stampingTime('20260601025959.50Z') },
      {},
      CONTENT,
    ],
    [
      'is refused with a day that does not exist',
      { rawTime: stampingTime('20260231025959Z') },
      {},
      CONTENT,
    ],
    ['is refused in local time', { rawTime: stampingTime('20260601025959') }, {}, CONTENT],
    [
      'is refused without status',
      {},
      { revocation: { crls: [], responses: [] } },
      ['INDETERMINATE', 'TRY_LATER', 'revocation-status'],
    ],
    [
      'is refused without an anchor',
      {},
      { anchors: [authority.anchor] },
      ['INDETERMINATE', 'NO_CERTIFICATE_CHAIN_FOUND', 'certification-path'],
    ],
    [
      'is refused when its authority has ended',
      {},
      { at: new Date('2034-06-01T00:00:00Z'), revocation: 'not-checked' },
      ['INDETERMINATE', 'OUT_OF_BOUNDS_NO_POE', 'certificate-validity'],
    ],
    [
      'is refused with a time before its authority',
      { genTime: new Date('2023-12-31T23:59:59Z') },
      {},
      ['INDETERMINATE', 'SIG_CONSTRAINTS_FAILURE', 'time-stamp-time'],
    ],
  ])('%s', (_, options, bent, expected) => {
    expect(endingOf(options, bent)).toEqual(expected)
  })

  test('is refused of more than 64 kB', () => {
    expect(ending(check(new Uint8Array(65 * 1024)))).toEqual(FORMAT)
  })
})

describe('a time-stamping authority', () => {
  const purpose = (critical: boolean, ...oids: string[]): ReturnType<typeof extension> =>
    extension('2.5.29.37', critical, sequence(...oids.map(oid)))
  const STAMPING = '1.3.6.1.5.5.7.3.8'

  test.each([
    ['has a purpose', { '2.5.29.37': null }],
    ['has the purpose of time-stamping', { '2.5.29.37': purpose(true, '1.3.6.1.5.5.7.3.4') }],
    ['has no other purpose', { '2.5.29.37': purpose(true, STAMPING, '1.3.6.1.5.5.7.3.4') }],
    ['may not do all', { '2.5.29.37': purpose(true, '2.5.29.37.0') }],
    ['has its purpose critical', { '2.5.29.37': purpose(false, STAMPING) }],
    [
      'is no authority for certificates',
      { '2.5.29.19': extension('2.5.29.19', true, raw(Uint8Array.of(0x30, 3, 1, 1, 0xff))) },
    ],
    [
      'has a key for signatures',
      { '2.5.29.15': extension('2.5.29.15', true, raw(Uint8Array.of(3, 2, 5, 0xa0))) },
    ],
  ])('%s', (_, extensions) => {
    expect(endingOf({}, {}, issueStamper(tsa, { extensions }))).toEqual(NOT_STAMPING)
  })

  test.each([
    ['a host', general.dns('tsa.test')],
    ['a mailbox', general.email('clock@tsa.test')],
    ['an address on the web', general.uri('https://tsa.test')],
  ])('may be known by %s beside its subject', (_, own) => {
    const extensions = { '2.5.29.17': subjectAltNames(own) }
    const named = issueStamper(tsa, { extensions })
    expect(endingOf({ authority: own }, {}, named)).toBe('PASSED')
    for (const other of [general.dns('b.test'), general.email('tsa.test'), general.uri('b:')]) {
      expect(endingOf({ authority: other }, {}, named)).toEqual(NOT_STAMPING)
    }
  })

  test.each([
    ['keeps what it stamped before its key was retired', 5, -1, 'PASSED'],
    ['does not keep what it stamped after that', 5, -3, 'REVOKED_NO_POE'],
    ['keeps nothing when its key was at risk', 1, -1, 'REVOKED_NO_POE'],
    ['keeps nothing when no reason is told', undefined, -1, 'REVOKED_NO_POE'],
  ])('%s', (_, reason, hours, expected) => {
    const entry = { serial: Uint8Array.of(0x21), at: hoursFromNow(hours) }
    const revoked = [reason === undefined ? entry : { ...entry, reason }]
    const crls = [stampingList(NOW, { revoked })]
    const token = buildToken(stamper, STAMPED, { genTime: hoursFromNow(-2) })
    const { verdict } = check(token, { revocation: { crls, responses: [] } })
    expect(verdict.sub ?? verdict.indication).toBe(expected)
  })
})

describe('a document with a time-stamp over its signature', () => {
  const SIGNED = hoursFromNow(-2)
  const ENDED = new Date('2031-01-01T00:00:00Z') // after the certificate of the card
  const stampedAt =
    (genTime: Date, options: TokenOptions = {}) =>
    (signature: Uint8Array): Uint8Array[] => [
      buildToken(stamper, signature, { genTime, ...options }),
    ]
  const document = buildCms(card, { timeStamps: stampedAt(SIGNED) })
  const revokedAt = (
    hours: number,
  ): { revoked: { serial: Uint8Array; reason: number; at: Date }[] } => ({
    revoked: [{ serial: card.serial, reason: 1, at: hoursFromNow(hours) }],
  })
  const known = (at: Date, ...crls: ReturnType<typeof list>[]): Partial<CmsQuestion> => ({
    at,
    revocation: { crls: [...crls, stampingList(at)], responses: [] },
  })
  const NOT_PROVEN = ['INDETERMINATE', 'REVOKED_NO_POE', 'revocation-status']

  test('is verified as of that time', () => {
    const { verdict, verified } = verify(document)
    expect(verdict.indication).toBe('PASSED')
    expect(verdict.at).toEqual(SIGNED)
    expect(verdict.checks).toContainEqual({ id: 'time-stamp', outcome: 'passed' })
    expect(verified?.timeStamp?.genTime).toEqual(SIGNED)
  })

  test('outlives a revocation that came later, and none that came before', () => {
    expect(ending(verify(document, known(NOW, list(revokedAt(-1)))))).toBe('PASSED')
    expect(ending(verify(document, known(NOW, list(revokedAt(-3)))))).toEqual(NOT_PROVEN)
    const bare = buildCms(card)
    expect(ending(verify(bare, known(NOW, list(revokedAt(-1)))))).toEqual(NOT_PROVEN)
  })

  test('outlives a revocation that an answer tells', () => {
    const answered = (hours: number): unknown => {
      const responses = [
        parseOcspResponse(
          issueOcspResponse(authority, { status: { revokedAt: hoursFromNow(hours) } }),
        ),
      ]
      return ending(verify(document, { revocation: { crls: [stampingList(NOW)], responses } }))
    }
    expect(answered(-1)).toBe('PASSED')
    expect(answered(-3)).toEqual(NOT_PROVEN)
  })

  test('counts the inaccuracy of the clock against the signer', () => {
    const vague = { accuracy: sequence(whole(5400)) }
    const cms = buildCms(card, { timeStamps: stampedAt(SIGNED, vague) })
    expect(ending(verify(cms, known(NOW, list(revokedAt(-0.4)))))).toBe('PASSED')
    expect(ending(verify(cms, known(NOW, list(revokedAt(-0.6)))))).toEqual(NOT_PROVEN)
  })

  test('outlives its certificate, by data of its own time', () => {
    const fresh = list() // as of some hours before it was signed
    const since = list({ thisUpdate: hoursFromNow(-1), nextUpdate: hoursFromNow(2) })
    expect(ending(verify(document, known(ENDED, fresh)))).toBe('PASSED')
    expect(ending(verify(document, known(ENDED, since)))).toBe('PASSED')
    const bare = ['INDETERMINATE', 'OUT_OF_BOUNDS_NO_POE', 'certificate-validity']
    expect(ending(verify(buildCms(card), known(ENDED, fresh)))).toEqual(bare)
  })

  test('is not vouched for by a list that may have forgotten the certificate', () => {
    const late = { thisUpdate: hoursAfter(ENDED, -1), nextUpdate: hoursAfter(ENDED, 20) }
    const forgetful = known(ENDED, list(late))
    expect(ending(verify(document, forgetful))).toEqual([
      'INDETERMINATE',
      'TRY_LATER',
      'revocation-status',
    ])
    const keeping = (since: string): Partial<CmsQuestion> => {
      const kept = extension('2.5.29.60', false, stampingTime(since))
      return known(ENDED, list({ ...late, extra: [kept] }))
    }
    expect(ending(verify(document, keeping('20300101000000Z')))).toBe('PASSED')
    expect(ending(verify(document, keeping('20301231000000Z')))).toEqual([
      'INDETERMINATE',
      'TRY_LATER',
      'revocation-status',
    ])
    // What it does tell counts all the same.
    expect(ending(verify(document, known(ENDED, list({ ...late, ...revokedAt(-3) }))))).toEqual(
      NOT_PROVEN,
    )
  })

  test('is vouched for by an answer of its time, though the responder has ended since', () => {
    const delegate = issueResponder(authority)
    const answer = (thisUpdate: Date): Partial<CmsQuestion> => {
      const nextUpdate = hoursAfter(thisUpdate, 2)
      const times = { thisUpdate, nextUpdate, producedAt: thisUpdate }
      const responses = [parseOcspResponse(issueOcspResponse(authority, { delegate, ...times }))]
      return { at: ENDED, revocation: { crls: [stampingList(ENDED)], responses } }
    }
    expect(ending(verify(document, answer(hoursFromNow(-1))))).toBe('PASSED')
    const unknown = ['INDETERMINATE', 'TRY_LATER', 'revocation-status']
    expect(ending(verify(document, answer(hoursFromNow(-9))))).toEqual(unknown)
    expect(ending(verify(document, answer(hoursAfter(ENDED, -1))))).toEqual(unknown)
  })

  test('is not of before its certificate', () => {
    const early = new Date('2025-01-01T00:00:00Z')
    const cms = buildCms(card, { timeStamps: stampedAt(early) })
    expect(ending(verify(cms))).toEqual(['FAILED', 'NOT_YET_VALID', 'certificate-validity'])
  })

  test('takes the earliest of several', () => {
    const cms = buildCms(card, {
      timeStamps: (signature) =>
        [-1, -2, -1.5].map((hours) =>
          buildToken(stamper, signature, { genTime: hoursFromNow(hours) }),
        ),
    })
    expect(verify(cms).verdict.at).toEqual(SIGNED)
    const many = (signature: Uint8Array): Uint8Array[] =>
      Array.from({ length: 5 }, (_, i) => buildToken(stamper, signature, { nonce: i }))
    expect(ending(verify(buildCms(card, { timeStamps: many })))).toEqual(FORMAT)
  })

  const forged = issueStampingAuthority(2)
  test.each<[string, (signature: Uint8Array) => Uint8Array[], Partial<CmsQuestion>]>([
    ['of something else', () => [buildToken(stamper, DOCUMENT, { genTime: SIGNED })], {}],
    ['of an authority that we do not know', (s) => [buildToken(issueStamper(forged), s)], {}],
    ['that is no token', () => [Uint8Array.of(5, 0)], {}],
    ['of the verification itself', stampedAt(new Date(NOW.getTime() + 1000)), {}],
    ['of no anchors', stampedAt(SIGNED), { tsaAnchors: [] }],
    [
      'by a certificate of the card’s family',
      (s) => [buildToken(card, s)],
      { tsaAnchors: [authority.anchor] },
    ],
  ])('gains nothing from one %s, and loses nothing', (_, timeStamps, bent) => {
    const cms = buildCms(card, { timeStamps })
    const { verdict, verified } = verify(cms, bent)
    expect(verdict.indication).toBe('PASSED')
    expect(verdict.at).toEqual(NOW)
    expect(verdict.checks.find(({ id }) => id === 'time-stamp')?.outcome).not.toBe('passed')
    expect(verified?.timeStamp).toBeNull()
    expect(ending(verify(cms, { ...bent, ...known(NOW, list(revokedAt(-1))) }))).toEqual(NOT_PROVEN)
  })
})

describe('an authority below the root', () => {
  const below = issueStampingAuthority(3, tsa)
  const unit = issueStamper(below)
  const naming = (...named: Uint8Array[]): unknown => {
    const certificates = [unit.der, below.certificate]
    const bend = (own: Asn1[]): Asn1[] => [...own, signingCertificate([unit.der, ...named])]
    return endingOf({ cms: { certificates, bend } }, { revocation: 'not-checked' }, unit)
  }

  test('is found among what the token encloses, or what is known', () => {
    expect(naming()).toBe('PASSED')
    const intermediates = [parseCertificate(below.certificate)]
    expect(endingOf({}, { revocation: 'not-checked', intermediates }, unit)).toBe('PASSED')
    expect(endingOf({}, { revocation: 'not-checked' }, unit)).toEqual([
      'INDETERMINATE',
      'NO_CERTIFICATE_CHAIN_FOUND',
      'certification-path',
    ])
  })

  test('is on the path when the signer names it, and not when it names others', () => {
    expect(naming(below.certificate)).toBe('PASSED')
    expect(naming(stamper.der)).toEqual(['FAILED', 'CHAIN_CONSTRAINTS_FAILURE', 'path-constraints'])
  })

  test('needs a status of its own', () => {
    const ownList = stampingList(NOW, {}, below)
    const known = (...crls: ReturnType<typeof list>[]): unknown => {
      const certificates = [unit.der, below.certificate]
      const naming = (own: Asn1[]): Asn1[] => [...own, signingCertificate([unit.der])]
      const options = { cms: { certificates, bend: naming } }
      return endingOf(options, { revocation: { crls, responses: [] } }, unit)
    }
    expect(known(ownList, stampingList(NOW))).toBe('PASSED')
    expect(known(ownList)).toEqual(['INDETERMINATE', 'TRY_LATER', 'revocation-status'])
  })
})
