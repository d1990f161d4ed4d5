import { constants, privateEncrypt, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, fromHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { name, octets, oid, raw, sequence, tagged, taggedBytes } from '../../test/pki/encode.ts'
import {
  extension,
  issueAuthority,
  issueCertificate,
  MESSAGE,
  NOW,
  otherName,
  pointName,
  policyExtension,
  subjectAltName,
  type CertificateOptions,
  type TestAuthority,
  type TestCertificate,
} from '../../test/pki/issue.ts'
import { combineRevocation, type RevocationStatus } from './revocation.ts'
import type { CertificateKind } from './trust-anchor.ts'
import type { Verdict } from './verdict.ts'
import {
  verifyApplication,
  withRevocation,
  type Verification,
  type VerificationContext,
} from './verify-application.ts'

const authorities = {
  signature: issueAuthority('signature'),
  authentication: issueAuthority('authentication'),
}

function signedBy(card: TestCertificate, message = MESSAGE): Uint8Array {
  return new Uint8Array(sign('sha256', message, card.key.privateKey))
}

function verify(
  card: TestCertificate,
  context: Partial<VerificationContext> & { readonly kind: CertificateKind },
  signature = signedBy(card),
): Verification {
  return verifyApplication(
    { certificate: card.der, message: MESSAGE, signature },
    { anchors: [authorities[context.kind].anchor], environment: 'simulator', at: NOW, ...context },
  )
}

function stoppedAt({ indication, sub, checks }: Verdict): unknown {
  return [indication, sub, checks.at(-1)?.id]
}

function verdictFor(kind: CertificateKind, options: CertificateOptions): unknown {
  return stoppedAt(verify(issueCertificate(authorities[kind], options), { kind }).verdict)
}

const FORMAT = ['FAILED', 'FORMAT_FAILURE', 'certificate-format']
const PROFILE_FORM = ['FAILED', 'FORMAT_FAILURE', 'certificate-profile']
const CONSTRAINT = ['FAILED', 'CHAIN_CONSTRAINTS_FAILURE', 'certificate-profile']
const CRYPTO_PROFILE = ['INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE', 'certificate-profile']
const CRYPTO_PATH = ['INDETERMINATE', 'CRYPTO_CONSTRAINTS_FAILURE', 'certification-path']
const NO_PATH = ['INDETERMINATE', 'NO_CERTIFICATE_CHAIN_FOUND', 'certification-path']
const ATTRIBUTES = ['FAILED', 'FORMAT_FAILURE', 'subject-attributes']
const BAD_SIGNATURE = ['FAILED', 'SIG_CRYPTO_FAILURE', 'application-signature']

describe('a signature of the card over the application', () => {
  test.each(['signature', 'authentication'] as const)('passes with a %s certificate', (kind) => {
    const { verdict, verified } = verify(issueCertificate(authorities[kind]), { kind })
    expect(verdict).toMatchObject({ indication: 'PASSED', sub: null, at: NOW })
    expect(verdict.checks.map(({ outcome }) => outcome)).not.toContain('failed')
    expect(verified?.issuer).toBe(authorities[kind].anchor)
    expect(verified?.attributes === null).toBe(kind === 'authentication')
  })

  const card = issueCertificate(authorities.signature)
  const digestInfo = (prefix: string, hash = sha256(MESSAGE), ...after: Uint8Array[]): Uint8Array =>
    new Uint8Array(
      privateEncrypt(
        { key: card.key.privateKey, padding: constants.RSA_PKCS1_PADDING },
        concatBytes(fromHex(prefix), hash, ...after),
      ),
    )
  const SHA256_INFO = '3031300d060960864801650304020105000420'

  test('passes when the card pads a full DigestInfo itself', () => {
    const { verdict } = verify(card, { kind: 'signature' }, digestInfo(SHA256_INFO))
    expect(verdict.indication).toBe('PASSED')
  })

  test.each([
    ['over another message', signedBy(card, Uint8Array.of(1))],
    ['by another key', signedBy(issueCertificate(authorities.signature, { keyLabel: 'other' }))],
    ['without NULL in the DigestInfo', digestInfo('302f300b0609608648016503040201' + '0420')],
    ['with a BER length', digestInfo('308131300d060960864801650304020105000420')],
    ['with bytes after the hash', digestInfo(SHA256_INFO, sha256(MESSAGE), Uint8Array.of(0))],
    [
      'of a SHA-1 DigestInfo',
      digestInfo('3021300906052b0e03021a05000414', sha256(MESSAGE).subarray(0, 20)),
    ],
    ['one octet short', signedBy(card).subarray(1)],
    ['one octet long', concatBytes(Uint8Array.of(0), signedBy(card))],
    ['empty', new Uint8Array()],
  ])('is refused %s', (_, signature) => {
    expect(stoppedAt(verify(card, { kind: 'signature' }, signature).verdict)).toEqual(BAD_SIGNATURE)
  })
})

describe('the certification path', () => {
  const card = issueCertificate(authorities.signature)
  const second = issueAuthority('signature', { generation: 2 })

  test('finds the generation by key among anchors of one name, in any order', () => {
    for (const anchors of [
      [second.anchor, authorities.signature.anchor],
      [authorities.signature.anchor, second.anchor],
    ]) {
      expect(verify(card, { kind: 'signature', anchors }).verdict.indication).toBe('PASSED')
    }
  })

  test('finds the issuer by signature where the certificate names another key', () => {
    const lost = issueCertificate(authorities.signature, {
      extensions: {
        '2.5.29.35': extension('2.5.29.35', false, sequence(taggedBytes(0, second.key.keyId))),
      },
    })
    const anchors = [second.anchor, authorities.signature.anchor]
    expect(verify(lost, { kind: 'signature', anchors }).verified?.issuer.sha256).toBe(
      authorities.signature.anchor.sha256,
    )
  })

  const production = issueAuthority('signature', { environment: 'production', generation: 3 })
  test.each<[string, Partial<VerificationContext>]>([
    ['another generation of the same name', { anchors: [second.anchor] }],
    ['a self-made root of the same name', { anchors: [production.anchor] }],
    ['the other family', { kind: 'authentication' }],
    ['a simulator root in production', { environment: 'production' }],
    ['a simulator root in the test environment', { environment: 'jpki-test' }],
    ['no anchor at all', { anchors: [] }],
  ])('is not found with %s', (_, context) => {
    const { verdict, verified } = verify(card, {
      kind: 'signature',
      anchors: [authorities.signature.anchor],
      ...context,
    })
    expect(stoppedAt(verdict)).toEqual(NO_PATH)
    expect(verified).toBeNull()
  })

  test('is not found for a production certificate in the simulator', () => {
    const real = issueCertificate(production)
    expect(
      stoppedAt(verify(real, { kind: 'signature', anchors: [production.anchor] }).verdict),
    ).toEqual(NO_PATH)
    const context = {
      kind: 'signature',
      anchors: [production.anchor],
      environment: 'production',
    } as const
    expect(verify(real, context).verdict.indication).toBe('PASSED')
  })

  test('is not found when one bit of the certificate changed', () => {
    const spoil = (signature: Uint8Array): Uint8Array =>
      signature.map((b, i) => (i === 9 ? b ^ 1 : b))
    expect(verdictFor('signature', { spoil })).toEqual(NO_PATH)
  })

  test('ends with the issuer: a root that has expired issues nothing for today', () => {
    const old = issueAuthority('signature', {
      generation: 4,
      notAfter: new Date('2026-05-31T14:59:59Z'),
    })
    const { verdict } = verify(issueCertificate(old), { kind: 'signature', anchors: [old.anchor] })
    expect(stoppedAt(verdict)).toEqual(['FAILED', 'EXPIRED', 'issuer-validity'])
  })
})

describe('the validity of the certificate', () => {
  const card = issueCertificate(authorities.signature)
  test.each([
    ['2025-10-26T23:59:59Z', ['FAILED', 'NOT_YET_VALID', 'certificate-validity']],
    ['2030-02-17T15:00:00Z', ['FAILED', 'EXPIRED', 'certificate-validity']],
  ])('does not reach to %s', (at, expected) => {
    expect(stoppedAt(verify(card, { kind: 'signature', at: new Date(at) }).verdict)).toEqual(
      expected,
    )
  })

  test.each(['2025-10-27T00:00:00Z', '2030-02-17T14:59:59Z'])('reaches to %s', (at) => {
    expect(verify(card, { kind: 'signature', at: new Date(at) }).verdict.indication).toBe('PASSED')
  })
})

describe('the certificate profile', () => {
  const ku = (...contents: number[]) => ({
    '2.5.29.15': extension('2.5.29.15', true, raw(Uint8Array.from(contents))),
  })
  const authentication = authorities.authentication
  const signature = authorities.signature

  test.each<[string, CertificateKind, CertificateOptions, unknown]>([
    ['a negative serial', 'signature', { serial: Uint8Array.of(0x80, 1) }, PROFILE_FORM],
    ['a serial of zero', 'signature', { serial: Uint8Array.of(0) }, PROFILE_FORM],
    ['a serial of 21 octets', 'signature', { serial: new Uint8Array(21).fill(1) }, PROFILE_FORM],
    ['a padded serial', 'signature', { serial: Uint8Array.of(0, 1) }, FORMAT],
    ['version 1 with extensions', 'signature', { version: 0 }, FORMAT],
    ['version 2 with extensions', 'signature', { version: 1 }, FORMAT],
    ['another algorithm inside', 'signature', { innerDigest: 'sha384' }, PROFILE_FORM],
    ['SHA-384', 'signature', { outerDigest: 'sha384' }, CRYPTO_PROFILE],
    ['SHA-1', 'signature', { outerDigest: 'sha1' }, CRYPTO_PATH],
    ['a key on a curve', 'signature', { keyLabel: 'p256:ee' }, CRYPTO_PROFILE],
    ['RSA-1024', 'signature', { keyLabel: 'rsa-1024:ee' }, CRYPTO_PROFILE],
    ['the exponent 3', 'signature', { keyLabel: 'e3:ee' }, CRYPTO_PROFILE],
    [
      'a validity that ends before it begins',
      'signature',
      { notAfter: new Date('2025-01-01T00:00:00Z') },
      ['FAILED', 'EXPIRED', 'certificate-validity'],
    ],
    [
      'key usage without nonRepudiation',
      'signature',
      { extensions: ku(3, 2, 7, 0x80) },
      CONSTRAINT,
    ],
    [
      'key usage with nonRepudiation',
      'authentication',
      { extensions: ku(3, 2, 6, 0xc0) },
      CONSTRAINT,
    ],
    ['key usage with keyCertSign', 'signature', { extensions: ku(3, 2, 2, 0xc4) }, CONSTRAINT],
    ['key usage with trailing zero bits', 'signature', { extensions: ku(3, 2, 5, 0xc0) }, FORMAT],
    ['no key usage', 'signature', { extensions: { '2.5.29.15': null } }, CONSTRAINT],
    ['no extended key usage', 'authentication', { extensions: { '2.5.29.37': null } }, CONSTRAINT],
    [
      'extended key usage',
      'signature',
      { extra: [extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.2')))] },
      CONSTRAINT,
    ],
    ['another policy', 'signature', { policy: '1.2.392.200149.8.5.1.3.30' }, CONSTRAINT],
    ['the policy of production', 'signature', { policy: '1.2.392.200149.8.5.1.1.20' }, CONSTRAINT],
    [
      'a policy that is not critical',
      'signature',
      { extensions: { '2.5.29.32': policyExtension('1.3.6.1.4.1.32473.8.5.1.1.20', false) } },
      CONSTRAINT,
    ],
    ['no policy', 'signature', { extensions: { '2.5.29.32': null } }, CONSTRAINT],
    [
      'an unknown critical extension',
      'signature',
      { extra: [extension('1.2.3.4', true, octets(new Uint8Array()))] },
      CONSTRAINT,
    ],
    [
      'the same extension twice',
      'signature',
      { extra: [extension('2.5.29.14', false, octets(new Uint8Array(20)))] },
      FORMAT,
    ],
    [
      'cA true',
      'signature',
      { extra: [extension('2.5.29.19', false, raw(Uint8Array.of(0x30, 3, 1, 1, 0xff)))] },
      CONSTRAINT,
    ],
    [
      'FALSE written for a default',
      'signature',
      { extra: [extension('2.5.29.19', false, raw(Uint8Array.of(0x30, 3, 1, 1, 0)))] },
      FORMAT,
    ],
    [
      'BOOLEAN TRUE as 01',
      'signature',
      { extra: [extension('2.5.29.19', false, raw(Uint8Array.of(0x30, 3, 1, 1, 1)))] },
      FORMAT,
    ],
    [
      'no key identifier of the issuer',
      'signature',
      { extensions: { '2.5.29.35': null } },
      CONSTRAINT,
    ],
    ['no distribution point', 'signature', { extensions: { '2.5.29.31': null } }, CONSTRAINT],
    [
      'a distribution point by URL',
      'signature',
      {
        extensions: {
          '2.5.29.31': extension(
            '2.5.29.31',
            false,
            sequence(sequence(tagged(0, tagged(0, taggedBytes(6, Buffer.from('http://a')))))),
          ),
        },
      },
      CONSTRAINT,
    ],
    [
      'a foreign CRL issuer',
      'signature',
      {
        extensions: {
          '2.5.29.31': extension(
            '2.5.29.31',
            false,
            sequence(sequence(pointName(signature, 'X'), tagged(2, tagged(4, sequence())))),
          ),
        },
      },
      CONSTRAINT,
    ],
    [
      'attributes in an authentication certificate',
      'authentication',
      { extra: [extension('2.5.29.17', false, subjectAltName())] },
      CONSTRAINT,
    ],
    [
      'no attributes in a signature certificate',
      'signature',
      { extensions: { '2.5.29.17': null } },
      CONSTRAINT,
    ],
  ])('refuses %s', (_, kind, options, expected) => {
    expect(verdictFor(kind, options)).toEqual(expected)
  })

  test('passes a validity beyond 2049, which has another form', () => {
    const notAfter = new Date('2051-01-01T00:00:00Z')
    expect(verdictFor('signature', { notAfter })).toEqual(['PASSED', null, 'application-signature'])
  })

  test('passes a serial of 20 octets', () => {
    expect(verdictFor('signature', { serial: new Uint8Array(20).fill(0x7f) })).toEqual([
      'PASSED',
      null,
      'application-signature',
    ])
  })

  test('refuses a login certificate where an identity is to be proven, also under its own anchor', () => {
    const masked: TestAuthority = { ...authentication, kind: 'authentication' }
    const anchor = { ...authentication.anchor, kind: 'signature' as const }
    const { verdict } = verify(issueCertificate(masked), { kind: 'signature', anchors: [anchor] })
    expect(stoppedAt(verdict)).toEqual(CONSTRAINT)
  })
})

describe('the attributes of the person', () => {
  const base = { 1: '黒桐　幹也', 2: '00000' }
  test.each<[string, CertificateOptions]>([
    ['no name', { basicFour: { 1: null } }],
    ['no flags of the address', { basicFour: { 6: null } }],
    ['an empty name', { basicFour: { 1: '', 2: '' } }],
    ['too few flags', { basicFour: { ...base, 2: '0000' } }],
    ['too many flags', { basicFour: { ...base, 2: '000000' } }],
    ['a flag that is neither 0 nor 1', { basicFour: { ...base, 2: '00200' } }],
    ['flags in full width', { basicFour: { ...base, 2: '００００００' } }],
    ['a day that does not exist', { basicFour: { 4: '419810229' } }],
    ['an unknown era', { basicFour: { 4: '619800217' } }],
    ['a month that does not exist', { basicFour: { 4: '319801301' } }],
    ['a short date', { basicFour: { 4: '31980021' } }],
    ['a day without its month', { basicFour: { 4: '319800017' } }],
    ['an unknown code of sex', { basicFour: { 3: '4' } }],
    ['an address above 200 characters', { basicFour: { 5: '東'.repeat(201), 6: '0'.repeat(201) } }],
    [
      'a name given twice',
      {
        extensions: {
          '2.5.29.17': extension(
            '2.5.29.17',
            false,
            sequence(...[1, 4, 3, 5, 2, 6, 1].map((n) => otherName(n, 'あ'))),
          ),
        },
      },
    ],
    [
      'an unknown other name',
      { extensions: { '2.5.29.17': extension('2.5.29.17', false, sequence(otherName(7, 'あ'))) } },
    ],
    [
      'a name in another string type',
      {
        extensions: {
          '2.5.29.17': extension(
            '2.5.29.17',
            false,
            sequence(
              tagged(0, oid('1.2.392.200149.8.5.5.1'), tagged(0, octets(Uint8Array.of(65)))),
            ),
          ),
        },
      },
    ],
    [
      'a directory name among them',
      {
        extensions: {
          '2.5.29.17': extension(
            '2.5.29.17',
            false,
            sequence(taggedBytes(6, Buffer.from('http://a'))),
          ),
        },
      },
    ],
  ])('are refused with %s', (_, options) => {
    expect(verdictFor('signature', options)).toEqual(ATTRIBUTES)
  })

  test('are malformed when the text is not UTF-8', () => {
    const broken = raw(Uint8Array.of(0x0c, 1, 0xff))
    const name = tagged(0, oid('1.2.392.200149.8.5.5.1'), tagged(0, broken))
    const bent = { '2.5.29.17': extension('2.5.29.17', false, sequence(name)) }
    expect(verdictFor('signature', { extensions: bent })).toEqual(FORMAT)
  })

  function attributesOf(basicFour: Readonly<Record<number, string>>) {
    const card = issueCertificate(authorities.signature, { basicFour })
    return verify(card, { kind: 'signature' }).verified?.attributes
  }

  test('say which characters stand for others', () => {
    expect(attributesOf({ 1: '〓桐　幹也', 2: '10000' })?.name).toEqual({
      text: '〓桐　幹也',
      substituted: [0],
    })
  })

  test('are read with the address and the municipality', () => {
    const attributes = attributesOf({})
    expect(attributes?.address).toEqual({
      text: '東京都清瀬市中里五丁目８４２番地',
      substituted: [],
    })
    expect(attributes?.municipality).toEqual({ prefecture: 'Tokyo-to', city: 'Kiyose-shi' })
  })

  test('have no municipality when the subject does not name one', () => {
    const subject = name([['C', 'JP']])
    const card = issueCertificate(authorities.signature, { subject })
    const { verified } = verify(card, { kind: 'signature' })
    expect(verified?.attributes?.municipality).toBeNull()
  })

  test('count characters, not UTF-16 units', () => {
    expect(attributesOf({ 1: '𠮷田　太郎', 2: '00000' })?.name.text).toBe('𠮷田　太郎')
  })

  test.each([
    ['400000000', { date: null, precision: 'unknown', era: 'heisei' }],
    ['000000000', { date: null, precision: 'unknown', era: 'unknown' }],
    ['319800000', { date: null, precision: 'year', era: 'showa' }],
    ['319800200', { date: null, precision: 'month', era: 'showa' }],
    ['520240229', { date: '2024-02-29', precision: 'day', era: 'reiwa' }],
  ])('read the birth date %s without guessing', (text, expected) => {
    expect(attributesOf({ 4: text })?.birthDate).toEqual(expected)
  })

  test.each([
    ['1', 'male'],
    ['2', 'female'],
    ['3', 'unknown'],
    ['9', 'not_applicable'],
    ['0', 'unknown'],
  ])('keep the code of sex %s beside its meaning', (raw, value) => {
    expect(attributesOf({ 3: raw })?.sex).toEqual({ raw, value })
  })
})

describe('any input', () => {
  const card = issueCertificate(authorities.signature)
  const signature = signedBy(card)
  const notPassed = (certificate: Uint8Array): void => {
    const { verdict, verified } = verifyApplication(
      { certificate, message: MESSAGE, signature },
      {
        anchors: [authorities.signature.anchor],
        environment: 'simulator',
        kind: 'signature',
        at: NOW,
      },
    )
    expect(verdict.indication).not.toBe('PASSED')
    expect(verified).toBeNull()
  }

  test('gives a verdict for random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), notPassed), { numRuns: 500 })
  })

  test('never passes a certificate with one octet changed', () => {
    const change = fc.tuple(fc.nat(card.der.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(change, ([at, mask]) => {
        notPassed(card.der.map((octet, i) => (i === at ? octet ^ mask : octet)))
      }),
      { numRuns: 1000 },
    )
  })

  test('never passes a cut or lengthened certificate', () => {
    for (let length = 0; length < card.der.length; length += 7)
      notPassed(card.der.subarray(0, length))
    notPassed(concatBytes(card.der, Uint8Array.of(0)))
    notPassed(new Uint8Array(8193))
  })

  test('never throws for a signature of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(verify(card, { kind: 'signature' }, bytes).verdict.indication).toBe('FAILED')
      }),
    )
  })
})

describe('the verdict with revocation', () => {
  const { verdict } = verify(issueCertificate(authorities.signature), { kind: 'signature' })
  const times = { source: 'crl', thisUpdate: NOW, nextUpdate: NOW } as const
  const good: RevocationStatus = { status: 'good', ...times }
  const newer: RevocationStatus = { ...good, thisUpdate: new Date(NOW.getTime() + 1) }
  const unknown: RevocationStatus = { status: 'unknown', source: 'ocsp', cause: 'STALE' }
  const revoked: RevocationStatus = {
    status: 'revoked',
    reason: 'keyCompromise',
    revokedAt: NOW,
    ...times,
  }
  const suspended: RevocationStatus = {
    status: 'suspended',
    reason: 'certificateHold',
    revokedAt: NOW,
    ...times,
  }

  test.each<[string, RevocationStatus[], unknown]>([
    ['no source', [], ['INDETERMINATE', 'TRY_LATER']],
    ['unknown alone', [unknown], ['INDETERMINATE', 'TRY_LATER']],
    ['one good source', [unknown, good], ['PASSED', null]],
    ['revoked against good', [good, revoked], ['FAILED', 'REVOKED']],
    ['suspended', [suspended], ['FAILED', 'REVOKED']],
    ['a hold and good data as old', [suspended, good], ['FAILED', 'REVOKED']],
    ['a hold lifted by newer data', [suspended, newer], ['PASSED', null]],
    ['revoked and newer good data', [newer, revoked], ['FAILED', 'REVOKED']],
  ])('of %s', (_, statuses, expected) => {
    const { indication, sub } = withRevocation(verdict, combineRevocation(statuses))
    expect([indication, sub]).toEqual(expected)
  })

  test('stays as it was when it had failed before', () => {
    const failed = verify(
      issueCertificate(authorities.signature),
      { kind: 'signature' },
      new Uint8Array(),
    ).verdict
    expect(withRevocation(failed, good)).toBe(failed)
  })
})
