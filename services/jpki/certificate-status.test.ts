import { describe, expect, test } from 'vitest'
import {
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  issueCrl,
  issueOcspResponse,
  issueResponder,
  NOW,
  type OcspOptions,
} from '../../test/pki/issue.ts'
import { issue, issueList, type Entity } from '../../test/pki/issue-path.ts'
import { testKey } from '../../test/pki/keys.ts'
import { certificateStatus, type StatusRequest } from './certificate-status.ts'

const issuer = issue('Issuer', { authority: true })
const target = issue('Target', { issuer, serial: 7 })

function request(more: Partial<StatusRequest> = {}): StatusRequest {
  return {
    ...{ certificate: target.der, issuers: [issuer.der], at: NOW, profile: 'rfc5280' },
    ...{ crls: [issueList({ issuer })], ocsp: [], maximumAgeDays: Infinity },
    ...more,
  }
}

/** `good`, `revoked` or `suspended` with the reason, `unknown` with the cause. */
function statusOf(more: Partial<StatusRequest> = {}): string {
  const { revocation } = certificateStatus(request(more))
  switch (revocation.status) {
    case 'good':
      return 'good'
    case 'unknown':
      return `unknown ${revocation.cause}`
    default:
      return `${revocation.status} ${revocation.reason}`
  }
}

const other = issue('Issuer', { authority: true, key: testKey('p256:other generation') })
const stranger = issue('Stranger', { authority: true })
const namesake: Entity = { ...issuer, key: other.key }

describe('the status of a certificate', () => {
  test.each<[string, Partial<StatusRequest>, string]>([
    ['on no list', {}, 'good'],
    ['revoked', { crls: [issueList({ issuer, revoked: [{ serial: 7 }] })] }, 'revoked unspecified'],
    [
      'suspended',
      { crls: [issueList({ issuer, revoked: [{ serial: 7, reason: 6 }] })] },
      'suspended certificateHold',
    ],
    ['without data', { crls: [] }, 'unknown UNREACHABLE'],
    ['without its issuer', { issuers: [] }, 'unknown WRONG_ISSUER'],
    ['of an issuer of that name and another key', { issuers: [other.der] }, 'unknown WRONG_ISSUER'],
    [
      'by a list of another generation that is not known',
      { crls: [issueList({ issuer: namesake })] },
      'unknown BAD_SIGNATURE',
    ],
    [
      'by a list of another generation that is known',
      { issuers: [other.der, issuer.der], crls: [issueList({ issuer: namesake })] },
      'good',
    ],
    [
      'by a list of somebody else',
      { crls: [issueList({ issuer: issue('Else', { authority: true }) })] },
      'unknown WRONG_ISSUER',
    ],
    [
      'by an old list',
      { crls: [issueList({ issuer })], at: new Date('2026-08-01T00:00:00Z') },
      'unknown STALE',
    ],
    [
      'by a list of another scope',
      { crls: [issueList({ issuer, scope: { only: 'authority' } })] },
      'unknown WRONG_SCOPE',
    ],
    [
      'by an old list beside one of somebody else',
      {
        crls: [issueList({ issuer }), issueList({ issuer: issue('Else', { authority: true }) })],
        at: new Date('2026-08-01T00:00:00Z'),
      },
      'unknown STALE',
    ],
    [
      'by its list, with a stranger among the issuers',
      { issuers: [stranger.der, issuer.der], crls: [issueList({ issuer })] },
      'good',
    ],
    [
      'by a list that another issuer signed in the name of its own',
      {
        issuers: [stranger.der, issuer.der],
        crls: [issueList({ issuer: { ...issuer, key: stranger.key } })],
      },
      'unknown BAD_SIGNATURE',
    ],
    [
      'by more lists of another key than are worth the work',
      {
        crls: Array.from({ length: 120 }, (_, number) => issueList({ issuer: namesake, number })),
      },
      'unknown UNSUPPORTED',
    ],
    ['by bytes that are no list', { crls: [Uint8Array.of(1)] }, 'unknown UNREACHABLE'],
    ['by as many lists as are taken', { crls: Array(256).fill(issueList({ issuer })) }, 'good'],
    [
      'by more lists than are taken',
      { crls: Array<Uint8Array>(257).fill(Uint8Array.of(1)) },
      'unknown UNSUPPORTED',
    ],
    ['beside as many answers as are taken', { ocsp: Array(256).fill(Uint8Array.of(1)) }, 'good'],
    [
      'beside more answers than are taken',
      { ocsp: Array<Uint8Array>(257).fill(Uint8Array.of(1)) },
      'unknown UNSUPPORTED',
    ],
    ['that is no certificate', { certificate: Uint8Array.of(1) }, 'unknown MALFORMED'],
  ])('%s', (_, more, status) => {
    expect(statusOf(more)).toBe(status)
  })

  test('makes the indication', () => {
    const indicationOf = (more: Partial<StatusRequest>) => {
      const { indication, sub, checks } = certificateStatus(request(more))
      return `${indication} ${sub} ${checks.at(-1)?.id}`
    }
    const crls = [issueList({ issuer, revoked: [{ serial: 7 }] })]
    expect(indicationOf({})).toBe('PASSED null revocation-status')
    expect(indicationOf({ crls })).toBe('FAILED REVOKED revocation-status')
    expect(indicationOf({ crls: [] })).toBe('INDETERMINATE TRY_LATER revocation-status')
    expect(indicationOf({ certificate: Uint8Array.of(1) })).toBe(
      'FAILED FORMAT_FAILURE certificate-format',
    )
  })
})

const authority = issueAuthority('authentication')
const card = issueCertificate(authority)

test.each<[string, OcspOptions, string]>([
  ['good', {}, 'good'],
  ['good by a delegate', { delegate: issueResponder(authority) }, 'good'],
  ['revoked', { status: { reason: 1 } }, 'revoked keyCompromise'],
  ['not known', { status: 'unknown' }, 'unknown NO_ANSWER'],
  ['stale', { nextUpdate: hoursFromNow(-1) }, 'unknown STALE'],
])('the status of a certificate by an answer that is %s', (_, options, status) => {
  const asked = { certificate: card.der, issuers: [authority.certificate], crls: [] }
  expect(statusOf({ ...asked, ocsp: [issueOcspResponse(authority, options)] })).toBe(status)
})

test.each([
  [2, 'good'],
  [1, 'unknown STALE'],
])('an answer of 36 hours ago, where %i days are believed, is %s', (maximumAgeDays, status) => {
  const answer = issueOcspResponse(authority, { thisUpdate: hoursFromNow(-36) })
  const asked = { certificate: card.der, issuers: [authority.certificate], crls: [] }
  expect(statusOf({ ...asked, ocsp: [answer], maximumAgeDays })).toBe(status)
})

test('a time that is none is a mistake of the caller, and no status', () => {
  expect(() => certificateStatus(request({ at: undefined as never }))).toThrow(TypeError)
})

describe('by the profile jpki', () => {
  const asked: Partial<StatusRequest> = {
    ...{ profile: 'jpki', certificate: card.der, issuers: [authority.certificate], crls: [] },
  }
  const revoked = [{ serial: card.serial, reason: 5 }]

  test.each<[string, Partial<StatusRequest>, string]>([
    ['a good list', { crls: [issueCrl(authority)] }, 'good'],
    [
      'a list that revokes',
      { crls: [issueCrl(authority, { revoked })] },
      'revoked cessationOfOperation',
    ],
    [
      'a list without the key identifier of its issuer',
      { crls: [issueCrl(authority, { keyId: null })] },
      'unknown WRONG_ISSUER',
    ],
    ['a list that is no list', { crls: [Uint8Array.of(1)] }, 'unknown MALFORMED'],
    ['a good answer', { ocsp: [issueOcspResponse(authority, {})] }, 'good'],
    ['nothing', {}, 'unknown UNREACHABLE'],
    ['an issuer that is no root of JPKI’s kind', { issuers: [issuer.der] }, 'unknown WRONG_ISSUER'],
  ])('%s', (_, more, status) => {
    expect(statusOf({ ...asked, ...more })).toBe(status)
  })
})
