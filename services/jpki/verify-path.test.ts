import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  issueCrl,
  issueOcspResponse,
  NOW,
  type CertificateOptions,
  type TestAuthority,
} from '../../test/pki/issue.ts'
import { issue, issueList, policies } from '../../test/pki/issue-path.ts'
import { testKey } from '../../test/pki/keys.ts'
import { outcomeOf, pathRequest } from '../../test/pki/path-request.ts'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { PATH_CHECKS } from './verdict.ts'
import { verifyPath, type PathRequest } from './verify-path.ts'

const root = issue('Root', { authority: true })
const authority = issue('Authority', {
  issuer: root,
  authority: true,
  extensions: [policies('1.2.3')],
})
const target = issue('Target', { issuer: authority, extensions: [policies('1.2.3')] })
const lists = [issueList({ issuer: root }), issueList({ issuer: authority })]
const good = pathRequest(target, [root], [authority], { crls: lists, checkRevocation: true })

describe('the verdict', () => {
  test('of a path that holds has every check in order, the path and its policies', () => {
    expect(verifyPath(good)).toEqual({
      indication: 'PASSED',
      sub: null,
      at: NOW,
      checks: PATH_CHECKS.map((id) => ({ id, outcome: 'passed' })),
      status: 'good',
      path: [root, authority, target].map(({ der }) => toHex(sha256(der))),
      policies: ['1.2.3'],
    })
  })

  test('of a path that does not hold ends with the check that failed', () => {
    const {
      indication,
      sub,
      checks,
      path,
      policies: valid,
      status,
    } = verifyPath({ ...good, crls: [] })
    expect({ indication, sub, path, valid, status }).toEqual({
      ...{ indication: 'INDETERMINATE', sub: 'TRY_LATER', path: [], valid: [], status: 'unknown' },
    })
    expect(checks.map(({ id, outcome }) => `${outcome} ${id}`)).toEqual([
      ...PATH_CHECKS.slice(0, -1).map((id) => `passed ${id}`),
      'indeterminate revocation-status',
    ])
  })

  test('does not speak of revocation where it was left aside', () => {
    const { indication, checks, status } = verifyPath({ ...good, crls: [], checkRevocation: false })
    expect(indication).toBe('PASSED')
    expect(checks.map(({ id }) => id)).not.toContain('revocation-status')
    expect(status).toBeNull()
  })

  test.each<[string, Partial<PathRequest>, string]>([
    [
      'a certificate that is none',
      { certificate: Uint8Array.of(0x30, 0) },
      'certificate-format FORMAT_FAILURE',
    ],
    [
      'one octet more',
      { certificate: Uint8Array.of(...target.der, 0) },
      'certificate-format FORMAT_FAILURE',
    ],
    ['no anchor', { anchors: [] }, 'certification-path NO_CERTIFICATE_CHAIN_FOUND'],
    [
      'an anchor that is none',
      { anchors: [Uint8Array.of(1)] },
      'certification-path NO_CERTIFICATE_CHAIN_FOUND',
    ],
    ['an anchor that is none beside one', { anchors: [Uint8Array.of(1), root.der] }, 'PASSED'],
    [
      'an intermediate that is none beside one',
      { intermediates: [Uint8Array.of(1), authority.der] },
      'PASSED',
    ],
    [
      'the same intermediate many times',
      { intermediates: Array<Uint8Array>(60).fill(authority.der) },
      'PASSED',
    ],
    ['answers that are none', { ocsp: [Uint8Array.of(1)] }, 'PASSED'],
  ])('%s', (_, change, outcome) => {
    expect(outcomeOf({ ...good, ...change })).toBe(outcome)
  })
})

describe('the profile jpki', () => {
  const signing = issueAuthority('signature', { environment: 'production' })
  const login = issueAuthority('authentication', { environment: 'production' })

  const ask = (by: TestAuthority, options: CertificateOptions, more: Partial<PathRequest> = {}) => {
    const card = issueCertificate(by, options)
    return outcomeOf({
      ...good,
      ...{ profile: 'jpki', certificate: card.der, intermediates: [], anchors: [by.certificate] },
      ...{ crls: [issueCrl(by)] },
      ...more,
    })
  }

  test('takes what the root of its family issued, without any pin', () => {
    expect(ask(signing, {})).toBe('PASSED')
    expect(ask(login, {})).toBe('PASSED')
    const simulated = issueAuthority('signature')
    expect(ask(simulated, {})).toBe('PASSED')
    expect(ask(issueAuthority('signature', { environment: 'jpki-test' }), {})).toBe('PASSED')
  })

  test('names the path and the policy', () => {
    const card = issueCertificate(login)
    const asked = {
      ...good,
      profile: 'jpki' as const,
      certificate: card.der,
      anchors: [login.certificate],
    }
    const { path, policies: valid, status } = verifyPath({ ...asked, crls: [issueCrl(login)] })
    expect(path).toEqual([login.certificate, card.der].map((der) => toHex(sha256(der))))
    expect(valid).toEqual(['1.2.392.200149.8.5.1.3.30'])
    expect(status).toBe('good')
    const revoking = issueCrl(login, { revoked: [{ serial: card.serial, reason: 6 }] })
    expect(verifyPath({ ...asked, crls: [revoking] })).toMatchObject({
      ...{ indication: 'FAILED', status: 'revoked', path: [], policies: [] },
    })
  })

  test.each<[string, CertificateOptions, Partial<PathRequest>, string]>([
    [
      'a policy that is none of JPKI',
      { policy: '1.2.3' },
      {},
      'certificate-profile CHAIN_CONSTRAINTS_FAILURE',
    ],
    [
      'the policy of the other family',
      { policy: '1.2.392.200149.8.5.1.3.30' },
      {},
      'certification-path NO_CERTIFICATE_CHAIN_FOUND',
    ],
    [
      'a serial with a sign',
      { serial: Uint8Array.of(0xff) },
      {},
      'certificate-profile FORMAT_FAILURE',
    ],
    [
      'a validity that has ended',
      { notAfter: hoursFromNow(-1) },
      {},
      'certificate-validity EXPIRED',
    ],
    [
      'a key of 1024 bits',
      { keyLabel: 'rsa-1024:card' },
      {},
      'certificate-profile CRYPTO_CONSTRAINTS_FAILURE',
    ],
    [
      'an anchor of the other family',
      {},
      { anchors: [login.certificate] },
      'certification-path NO_CERTIFICATE_CHAIN_FOUND',
    ],
    [
      'an anchor that is no root',
      {},
      { anchors: [authority.der] },
      'certification-path NO_CERTIFICATE_CHAIN_FOUND',
    ],
    ['no list', {}, { crls: [] }, 'revocation-status TRY_LATER'],
    ['no list, and revocation left aside', {}, { crls: [], checkRevocation: false }, 'PASSED'],
    [
      'a list of another town',
      {},
      { crls: [issueCrl(signing, { town: 'Shibuya-ku' })] },
      'revocation-status TRY_LATER',
    ],
    ['a list that is no list', {}, { crls: [Uint8Array.of(1)] }, 'revocation-status TRY_LATER'],
    [
      'a list that revokes',
      {},
      {
        crls: [
          issueCrl(signing, {
            revoked: [{ serial: Uint8Array.of(0x12, 0x34, 0x56, 0x78), reason: 1 }],
          }),
        ],
      },
      'revocation-status REVOKED',
    ],
    ['an answer', {}, { crls: [], ocsp: [issueOcspResponse(signing, {})] }, 'PASSED'],
    [
      'an answer that revokes beside a good list',
      {},
      { ocsp: [issueOcspResponse(signing, { status: { reason: 6 } })] },
      'revocation-status REVOKED',
    ],
  ])('with %s', (_, options, more, outcome) => {
    expect(ask(signing, options, more)).toBe(outcome)
  })

  test('does not take a certificate of any other kind', () => {
    expect(outcomeOf({ ...good, profile: 'jpki' })).toBe(
      'certification-path NO_CERTIFICATE_CHAIN_FOUND',
    )
    const rsaRoot = issue('RSA root', { authority: true, key: testKey('rsa root') })
    const end = issue('Target', { issuer: rsaRoot, key: testKey('rsa target') })
    expect(outcomeOf(pathRequest(end, [rsaRoot], [], { profile: 'jpki' }))).toBe(
      'certificate-profile CHAIN_CONSTRAINTS_FAILURE',
    )
  })
})

describe('any bytes get a verdict', () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  const profile = fc.constantFrom('jpki' as const, 'rfc5280' as const, 'vectors' as const)

  test('as certificate, anchor, intermediate, list and answer', () => {
    fc.assert(
      fc.property(bytes, fc.array(bytes, { maxLength: 3 }), profile, (certificate, others, as) => {
        const verdict = verifyPath({
          ...{ ...good, profile: as, certificate, anchors: others, intermediates: others },
          ...{ crls: others, ocsp: others },
        })
        expect(verdict.indication).not.toBe('PASSED')
      }),
    )
  })

  test('with one octet changed in the certificate it never passes', () => {
    const place = fc.nat(target.der.length - 1)
    fc.assert(
      fc.property(place, fc.integer({ min: 1, max: 255 }), profile, (at, by, as) => {
        const certificate = Uint8Array.from(target.der, (octet, i) =>
          i === at ? octet ^ by : octet,
        )
        expect(verifyPath({ ...good, profile: as, certificate }).indication).not.toBe('PASSED')
      }),
      { numRuns: 400 },
    )
  })

  test('with one octet changed in anything else it is still a verdict', () => {
    const part = fc.constantFrom('anchors' as const, 'intermediates' as const, 'crls' as const)
    fc.assert(
      fc.property(
        part,
        fc.nat(200),
        fc.integer({ min: 1, max: 255 }),
        profile,
        (name, at, by, as) => {
          const changed = good[name].map((der) =>
            der.map((octet, i) => (i === at ? octet ^ by : octet)),
          )
          const { checks } = verifyPath({ ...good, profile: as, [name]: changed })
          expect(checks.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 400 },
    )
  })
})

test('what is no bytes at all is a mistake of the caller, and no verdict', () => {
  expect(() => verifyPath({ ...good, certificate: undefined as never })).toThrow(TypeError)
})
