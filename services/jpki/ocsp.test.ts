import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { name, octets } from '../../test/pki/encode.ts'
import {
  extension,
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  issueOcspResponse,
  issueResponder,
  NOW,
  type OcspOptions,
} from '../../test/pki/issue.ts'
import { basicConstraints } from '../../test/pki/issue-path.ts'
import { withSomethingAfter } from '../../test/pki/something-after.ts'
import { parseCertificate } from './certificate.ts'
import { MalformedDer } from './errors.ts'
import { parseOcspResponse } from './ocsp-response.ts'
import { DelegateCache, encodeOcspRequest, ocspStatus } from './ocsp.ts'
import { Budget, BudgetExhausted } from './path/budget.ts'

const authority = issueAuthority('authentication')
const stranger = issueAuthority('authentication', { generation: 2 })
const card = issueCertificate(authority)
const certificate = parseCertificate(card.der)
const nonce = new Uint8Array(16).fill(7)
const question = {
  certificate,
  issuer: authority.anchor,
  nonce,
  at: NOW,
  freshness: { maximumAge: 36 * 3_600_000, clockSkew: 60_000 },
}

function statusBy(options: OcspOptions) {
  const status = ocspStatus(issueOcspResponse(authority, { nonce, ...options }), question)
  return status.status === 'unknown' ? status.cause : status
}

test('a good answer of the issuer is good', () => {
  expect(statusBy({})).toMatchObject({
    status: 'good',
    source: 'ocsp',
    thisUpdate: hoursFromNow(-1),
  })
})

test('a good answer of a delegate is good', () => {
  expect(statusBy({ delegate: issueResponder(authority) })).toMatchObject({ status: 'good' })
})

test('a responder may be named instead of its key', () => {
  const responder = [['CN', 'OCSP responder']] as const
  const delegate = issueResponder(authority)
  expect(statusBy({ responder: authority.nameParts })).toMatchObject({ status: 'good' })
  expect(statusBy({ responder, delegate })).toMatchObject({ status: 'good' })
  expect(statusBy({ responder: authority.nameParts, delegate })).toBe('BAD_SIGNATURE')
  expect(statusBy({ responder })).toBe('WRONG_ISSUER')
})

test.each([
  [undefined, 'revoked', 'unspecified'],
  [5, 'revoked', 'cessationOfOperation'],
  [6, 'suspended', 'certificateHold'],
])('an answer with reason %s is %s', (reason, status, named) => {
  const answer = reason === undefined ? {} : { reason }
  expect(statusBy({ status: answer })).toMatchObject({ status, reason: named })
})

test('an answer that names SHA-1 for its signature is unsupported', () => {
  const answer = Buffer.from(issueOcspResponse(authority, { nonce })).toString('hex')
  const weak = answer.replace('2a864886f70d01010b', '2a864886f70d010105')
  const status = ocspStatus(new Uint8Array(Buffer.from(weak, 'hex')), question)
  expect(status).toMatchObject({ status: 'unknown', cause: 'UNSUPPORTED' })
})

test('a nonce may be critical, and any extension that is not', () => {
  const own = extension('1.3.6.1.5.5.7.48.1.2', true, octets(nonce))
  const other = extension('1.2.3', false, octets(nonce))
  expect(statusBy({ nonce: null, responseExtensions: [own] })).toMatchObject({ status: 'good' })
  expect(statusBy({ nonce: null, responseExtensions: [other] })).toBe('WRONG_NONCE')
  expect(statusBy({ responseExtensions: [other] })).toMatchObject({ status: 'good' })
})

test('a delegate may have no key usage, and say that it is no authority', () => {
  const plain = issueResponder(authority, { keyUsage: null, extra: [basicConstraints(false)] })
  expect(statusBy({ delegate: plain })).toMatchObject({ status: 'good' })
})

test('an answer may name the issuer by SHA-256, leave the parameters of its digest out, and have an extension that changes nothing', () => {
  const singleExtensions = [extension('1.2.3', false, octets(nonce))]
  expect(statusBy({ naming: { digest: 'sha256' } })).toMatchObject({ status: 'good' })
  expect(statusBy({ naming: { parameters: 'absent' } })).toMatchObject({ status: 'good' })
  expect(statusBy({ singleExtensions })).toMatchObject({ status: 'good' })
})

test('an answer and its delegate count from the first to the last moment', () => {
  const producedAt = certificate.notBefore.at
  expect(statusBy({ producedAt })).toMatchObject({ status: 'good' })
  const delegate = issueResponder(authority, { notBefore: NOW, notAfter: NOW })
  expect(statusBy({ delegate })).toMatchObject({ status: 'good' })
})

test('the worst of several answers counts', () => {
  expect(statusBy({ statuses: ['good', { reason: 1 }] })).toMatchObject({ status: 'revoked' })
  expect(statusBy({ statuses: ['good', 'unknown'] })).toBe('NO_ANSWER')
})

test('an answer that names its digest with other parameters than NULL is malformed', () => {
  const answer = Buffer.from(issueOcspResponse(authority, { nonce }))
  const sha1 = Buffer.from('300906052b0e03021a0500', 'hex')
  const at = answer.indexOf(sha1)
  answer.fill(0x04, at + 9, at + 10) // the NULL becomes an empty OCTET STRING
  expect(ocspStatus(answer, question)).toMatchObject({ status: 'unknown', cause: 'MALFORMED' })
})

const zeroed = (signature: Uint8Array): Uint8Array => signature.fill(0)
test.each<[string, OcspOptions, string]>([
  ['unknown', { status: 'unknown' }, 'NO_ANSWER'],
  ['about another serial', { serial: Uint8Array.of(1) }, 'NO_ANSWER'],
  ['with a zeroed signature', { spoil: zeroed }, 'BAD_SIGNATURE'],
  ['without our nonce', { nonce: null }, 'WRONG_NONCE'],
  ['with another nonce', { nonce: new Uint8Array(16) }, 'WRONG_NONCE'],
  ['that is stale', { nextUpdate: hoursFromNow(-0.5) }, 'STALE'],
  ['that is old and endless', { thisUpdate: hoursFromNow(-40), nextUpdate: null }, 'STALE'],
  ['from the future', { thisUpdate: hoursFromNow(1) }, 'NOT_YET_VALID'],
  ['made before the certificate', { producedAt: new Date('2025-10-26T00:00:00Z') }, 'STALE'],
  ['to try later', { responseStatus: 3 }, 'RESPONDER_REFUSED'],
  ['to a malformed request', { responseStatus: 1 }, 'RESPONDER_REFUSED'],
  ['of another type', { responseType: '1.3.6.1.5.5.7.48.1.9' }, 'MALFORMED'],
  [
    'with a critical extension',
    { responseExtensions: [extension('1.2.3', true, octets(nonce))] },
    'UNSUPPORTED',
  ],
  [
    'with a critical single extension',
    { singleExtensions: [extension('1.2.3', true, octets(nonce))] },
    'UNSUPPORTED',
  ],
  [
    'of a delegate that is not included',
    { delegate: { ...issueResponder(authority), include: false } },
    'WRONG_ISSUER',
  ],
  [
    'of a delegate without its purpose',
    { delegate: issueResponder(authority, { purpose: null }) },
    'WRONG_ISSUER',
  ],
  [
    'of a delegate for clients',
    { delegate: issueResponder(authority, { purpose: '1.3.6.1.5.5.7.3.2' }) },
    'WRONG_ISSUER',
  ],
  [
    'of an expired delegate',
    { delegate: issueResponder(authority, { notAfter: hoursFromNow(-1) }) },
    'WRONG_ISSUER',
  ],
  [
    'of a delegate that is an authority',
    { delegate: issueResponder(authority, { extra: [basicConstraints(true)] }) },
    'WRONG_ISSUER',
  ],
  [
    'of a delegate whose key is not for signatures',
    { delegate: issueResponder(authority, { keyUsage: [2, 5, 0x20] }) },
    'WRONG_ISSUER',
  ],
  [
    'about a certificate of that serial by an issuer of another name',
    { naming: { name: name([['CN', 'Another']]) } },
    'NO_ANSWER',
  ],
  ['that names the issuer by an unknown digest', { naming: { digest: 'sha512' } }, 'NO_ANSWER'],
  [
    'of a delegate that is not yet valid',
    { delegate: issueResponder(authority, { notBefore: hoursFromNow(1) }) },
    'WRONG_ISSUER',
  ],
  ['of a delegate of another CA', { delegate: issueResponder(stranger) }, 'WRONG_ISSUER'],
  ['of a person', { delegate: { der: card.der, key: card.key } }, 'WRONG_ISSUER'],
  [
    'of a delegate with an unknown critical extension',
    { delegate: issueResponder(authority, { extra: [extension('1.2.3', true, octets(nonce))] }) },
    'WRONG_ISSUER',
  ],
])('an answer %s says nothing', (_, options, cause) => {
  expect(statusBy(options)).toBe(cause)
})

test.each([
  ['a success without response bytes', Uint8Array.of(0x30, 3, 0x0a, 1, 0)],
  ['a status that is not defined', goodBecomes(0x83)],
  ['a status unknown that has contents', goodBecomes(0x02)],
])('%s is malformed', (_, response) => {
  expect(ocspStatus(response, question)).toMatchObject({ cause: 'MALFORMED' })
})

/** A good answer whose `[0]` is another tag: its signature breaks, which nobody gets to see. */
function goodBecomes(tag: number): Uint8Array {
  const response = issueOcspResponse(authority, { nonce })
  const serial = Buffer.from(response).indexOf(Buffer.from(certificate.serial))
  return response.map((octet, i) => (i === serial + certificate.serial.length ? tag : octet))
}

// RFC 6960 §4.2.1: every part of an answer ends where its last field does.
test.each<[string, OcspOptions]>([
  ['that is good', {}],
  ['that is not known', { status: 'unknown' }],
  ['that is revoked', { status: { reason: 1 } }],
  ['by a responder with a name', { responder: authority.nameParts }],
])('an answer %s is malformed with something after the last element of any part', (_, options) => {
  const singleExtensions = [extension('1.2.3', false, octets(nonce))]
  const response = issueOcspResponse(authority, { nonce, singleExtensions, ...options })
  expect(parseOcspResponse(response)).not.toBeNull()
  const bent = withSomethingAfter(response)
  expect(bent.length).toBeGreaterThan(20)
  for (const one of bent) expect(() => parseOcspResponse(one)).toThrow(MalformedDer)
})

test('an answer of another generation of the CA says nothing', () => {
  const response = issueOcspResponse(stranger, { nonce })
  expect(ocspStatus(response, question)).toMatchObject({ status: 'unknown', cause: 'WRONG_ISSUER' })
})

describe('any input', () => {
  const response = issueOcspResponse(authority, { nonce, delegate: issueResponder(authority) })

  test('is unknown for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(ocspStatus(bytes, question).status).toBe('unknown')
      }),
    )
  })

  test('is unknown with one octet changed', () => {
    const change = fc.tuple(fc.nat(response.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(change, ([at, mask]) => {
        const bent = response.map((octet, i) => (i === at ? octet ^ mask : octet))
        expect(ocspStatus(bent, question).status).toBe('unknown')
      }),
      { numRuns: 1000 },
    )
  })
})

test('a request names the certificate and carries the nonce', () => {
  const request = Buffer.from(encodeOcspRequest(certificate, authority.anchor, nonce))
  expect(request.includes(Buffer.from(authority.key.keyId))).toBe(true)
  expect(request.includes(Buffer.from(certificate.serial))).toBe(true)
  expect(request.includes(Buffer.from(nonce))).toBe(true)
})

test('the signatures of an answer are charged to a budget', () => {
  const ask = (signatures: number, options: OcspOptions = {}) => {
    const budget = new Budget({ signatures, steps: 0, comparisons: 0, policies: 0 })
    return () =>
      ocspStatus(issueOcspResponse(authority, { nonce, ...options }), { ...question, budget })
  }
  const delegate = issueResponder(authority)
  expect(ask(0)).toThrow(BudgetExhausted)
  expect(ask(1)()).toMatchObject({ status: 'good' })
  expect(ask(1, { delegate })).toThrow(BudgetExhausted)
  expect(ask(2, { delegate })()).toMatchObject({ status: 'good' })
})

test('a delegate is verified once for several answers, and again each time for its validity', () => {
  const delegates = new DelegateCache()
  const ask = (signatures: number, at = NOW) => {
    const budget = new Budget({ signatures, steps: 0, comparisons: 0, policies: 0 })
    const delegate = issueResponder(authority, { notAfter: hoursFromNow(1) })
    const answer = issueOcspResponse(authority, { nonce, delegate, nextUpdate: hoursFromNow(9) })
    return () => ocspStatus(answer, { ...question, at, budget, delegates }).status
  }
  expect(ask(1)).toThrow(BudgetExhausted)
  expect(ask(2)()).toBe('good')
  expect(ask(1)()).toBe('good')
  expect(ask(1, hoursFromNow(2))()).toBe('unknown')
})

test('a delegate that was verified for one issuer is none of another', () => {
  const delegates = new DelegateCache()
  const delegate = parseCertificate(issueResponder(authority).der)
  const { key } = authority.anchor
  delegates.keep(delegate, key, key)
  expect(delegates.find(delegate, key)).toBe(key)
  expect(delegates.find(delegate, stranger.anchor.key)).toBeUndefined()
})
