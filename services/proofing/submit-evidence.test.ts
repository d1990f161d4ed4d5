import { describe, expect, test } from 'vitest'
import {
  IdentityProofed,
  IdentityProofingRefused,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import {
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  NOW,
  type TestCertificate,
} from '../../test/pki/issue.ts'
import {
  authorities,
  type Bench,
  ENROL,
  openProofingBench,
  person,
  prove,
  tap,
} from '../../test/pki/proofing-bench.ts'
import { toBase64 } from '../kernel/bytes.ts'
import type { OpenProofing } from './ports.ts'

describe('a refusal', () => {
  type Case = [reason: string, outcome: string, prepare: (at: Bench) => TestCertificate]
  test.each<Case>([
    [
      'CERTIFICATE_REVOKED',
      'refused',
      (at) => {
        at.world.crl = { revoked: [{ serial: Uint8Array.of(0x12, 0x34, 0x56, 0x78), reason: 5 }] }
        return person(at)
      },
    ],
    [
      'CERTIFICATE_SUSPENDED',
      'refused',
      (at) => {
        at.world.crl = { revoked: [{ serial: Uint8Array.of(0x12, 0x34, 0x56, 0x78), reason: 6 }] }
        return person(at)
      },
    ],
    [
      'REVOCATION_UNKNOWN',
      'indeterminate',
      (at) => {
        at.world.crl = 'down'
        return person(at)
      },
    ],
    [
      'REVOCATION_UNKNOWN',
      'indeterminate',
      (at) => {
        at.world.crl = { town: 'Shibuya-ku' }
        return person(at)
      },
    ],
    [
      'REVOCATION_UNKNOWN',
      'indeterminate',
      (at) => {
        at.world.crl = { nextUpdate: hoursFromNow(-0.5) }
        return person(at)
      },
    ],
    [
      'CERTIFICATE_EXPIRED',
      'refused',
      (at) => person(at, 'signature', { notAfter: new Date('2026-05-31T14:59:59Z') }),
    ],
    [
      'CERTIFICATE_NOT_YET_VALID',
      'refused',
      (at) => person(at, 'signature', { notBefore: new Date('2026-06-02T00:00:00Z') }),
    ],
    [
      'CERTIFICATE_PROFILE',
      'refused',
      (at) => person(at, 'signature', { policy: '1.2.392.200149.8.5.1.1.20' }),
    ],
    [
      'ATTRIBUTES_UNREADABLE',
      'refused',
      (at) => person(at, 'signature', { basicFour: { 1: null } }),
    ],
    [
      'ALGORITHM_NOT_ALLOWED',
      'refused',
      (at) => person(at, 'signature', { keyLabel: 'rsa-1024:ee' }),
    ],
    ['WRONG_CERTIFICATE_KIND', 'refused', (at) => person(at, 'authentication')],
    [
      'UNTRUSTED_ISSUER',
      'refused',
      () => issueCertificate(issueAuthority('signature', { generation: 2 })),
    ],
    ['LINKAGE_UNAVAILABLE', 'indeterminate', () => issueCertificate(authorities.signature)],
    [
      'LINKAGE_NOT_READY',
      'indeterminate',
      (at) => {
        at.world.linkage.set('signature:12345678', { outcome: 'not-ready' })
        return issueCertificate(authorities.signature)
      },
    ],
  ])('for %s is an answer and an event', async (reason, outcome, prepare) => {
    await using at = await openProofingBench()
    const { opened, ...answer } = await prove(at, prepare(at))
    expect(answer).toMatchObject({ outcome, reason })
    expect(await at.proofing.result(opened.sessionId)).toEqual({ status: outcome, reason })
    const [event, ...more] = await at.events()
    expect(more).toEqual([])
    expect(event?.key).toBe(opened.sessionId)
    const refused = IdentityProofingRefused.decode(event?.value ?? new Uint8Array())
    expect(refused).toMatchObject({ sessionId: opened.sessionId, reason, refusedAt: NOW })
    expect(refused.indication).not.toBe('PASSED')
    expect(at.deposits.size).toBe(0)
  })

  test('for a signature over another session, purpose, relying party, nonce or credential', async () => {
    await using at = await openProofingBench()
    const card = person(at)
    const other = await at.proofing.open(ENROL)
    const foreign = await tap(at, other, card)
    const opened = await at.proofing.open(ENROL)
    const answer = await at.proofing.submitEvidence({ ...foreign, ticket: opened.ticket })
    expect(answer).toMatchObject({ outcome: 'refused', reason: 'SIGNATURE_INVALID' })
    // The session that it was made for is untouched.
    expect((await at.proofing.submitEvidence(foreign)).outcome).toBe('passed')
  })

  test('where linkage names two persons', async () => {
    await using at = await openProofingBench()
    const one = person(at, 'signature', { serial: Uint8Array.of(1) }, 'person-1-at-this-tenant')
    const two = person(at, 'signature', { serial: Uint8Array.of(2) }, 'person-2-at-this-tenant')
    await prove(at, one)
    await prove(at, two)
    const both = issueCertificate(authorities.signature, { serial: Uint8Array.of(3) })
    at.world.linkage.set('signature:3', {
      outcome: 'linked',
      personId: 'person-1-at-this-tenant',
      related: [{ kind: 'signature', serial: '2' }],
      successor: null,
    })
    expect(await prove(at, both)).toMatchObject({
      outcome: 'indeterminate',
      reason: 'LINKAGE_AMBIGUOUS',
    })
  })

  test('for a CRL that is older than one seen before', async () => {
    await using at = await openProofingBench()
    at.world.crl = { number: 8 }
    await prove(at, person(at))
    at.world.crl = { number: 7 }
    expect(await prove(at, person(at))).toMatchObject({ reason: 'REVOCATION_UNKNOWN' })
  })
})

describe('the challenge', () => {
  test('ends after ten minutes', async () => {
    await using at = await openProofingBench()
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, person(at))
    at.core.clock.advance(10 * 60_000 - 1)
    expect((await at.proofing.result(opened.sessionId)).status).toBe('open')
    at.core.clock.advance(1)
    expect(await at.proofing.result(opened.sessionId)).toEqual({ status: 'expired' })
    await expect(at.proofing.agentSession(opened.ticket)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await at.proofing.submitEvidence(request)).toMatchObject({ reason: 'CHALLENGE_EXPIRED' })
    expect(await at.names()).toEqual(['IdentityProofingRefused'])
  })

  test('is used once: the same submission gets its answer, another one is a replay', async () => {
    await using at = await openProofingBench()
    const card = person(at)
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, card)
    expect((await at.proofing.submitEvidence(request)).outcome).toBe('passed')
    expect((await at.proofing.submitEvidence(request)).outcome).toBe('passed')
    expect(await at.names()).toEqual(['IdentityProofed'])
    const other = person(at, 'signature', { serial: Uint8Array.of(0x77), keyLabel: 'other' })
    const replay = { ...request, certificate: toBase64(other.der) }
    expect(await at.proofing.submitEvidence(replay)).toMatchObject({
      outcome: 'refused',
      reason: 'CHALLENGE_REPLAYED',
    })
    expect((await at.proofing.result(opened.sessionId)).status).toBe('passed')
    await expect(at.proofing.agentSession(opened.ticket)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('is taken by one of two submissions at once', async () => {
    await using at = await openProofingBench()
    const card = person(at)
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, card)
    const bad = { ...request, signature: toBase64(new Uint8Array(256)) }
    const answers = await Promise.all([request, bad].map((one) => at.proofing.submitEvidence(one)))
    expect(answers.map(({ reason }) => reason)).toContain('CHALLENGE_REPLAYED')
    expect(await at.names()).toHaveLength(2)
  })

  test('gives one event to the same submission sent many times at once', async () => {
    await using at = await openProofingBench()
    const request = await tap(at, await at.proofing.open(ENROL), person(at))
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => at.proofing.submitEvidence(request)),
    )
    expect(answers.map(({ outcome }) => outcome)).toEqual(Array(5).fill('passed'))
    expect(await at.names()).toEqual(['IdentityProofed'])
  })

  test('is gone on with after a crash between deposit and commit, under the same proofing', async () => {
    await using at = await openProofingBench()
    at.world.vault = 'down'
    const request = await tap(at, await at.proofing.open(ENROL), person(at))
    await expect(at.proofing.submitEvidence(request)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await at.names()).toEqual([])
    at.world.vault = 'up'
    at.core.clock.advance(60_000)
    expect((await at.proofing.submitEvidence(request)).outcome).toBe('passed')
    const [event] = await at.events()
    const { proofingId } = IdentityProofed.decode(event?.value ?? new Uint8Array())
    expect([...at.deposits.keys()]).toEqual([proofingId])
  })

  test('is not gone on with after five minutes', async () => {
    await using at = await openProofingBench()
    at.world.vault = 'down'
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, person(at))
    await expect(at.proofing.submitEvidence(request)).rejects.toThrow()
    at.world.vault = 'up'
    at.core.clock.advance(5 * 60_000 + 1)
    expect(await at.proofing.submitEvidence(request)).toMatchObject({
      reason: 'CHALLENGE_REPLAYED',
    })
    expect(await at.proofing.result(opened.sessionId)).toEqual({ status: 'expired' })
  })

  test('is counted: a ticket is read 20 times and submitted 10 times at most', async () => {
    await using at = await openProofingBench()
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, person(at))
    for (let i = 1; i < 20; i++) await at.proofing.agentSession(opened.ticket)
    await expect(at.proofing.agentSession(opened.ticket)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    })
    for (let i = 0; i < 10; i++) await at.proofing.submitEvidence(request)
    await expect(at.proofing.submitEvidence(request)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    })
  })

  test('an unknown ticket, session or proofing is not found', async () => {
    await using at = await openProofingBench()
    const missing = expect.objectContaining({ code: 'NOT_FOUND' }) as unknown
    await expect(at.proofing.result('x')).rejects.toEqual(missing)
    await expect(at.proofing.resultByTicket('x')).rejects.toEqual(missing)
    await expect(at.proofing.agentSession('x')).rejects.toEqual(missing)
    expect(await at.proofing.committed('x')).toBe(false)
  })

  test.each<[string, Partial<OpenProofing>]>([
    ['a path to another host', { returnPath: '//evil.example' }],
    ['a path with a backslash', { returnPath: '/\\evil.example' }],
    ['an address', { returnPath: 'http://evil.example' }],
    ['a query', { returnPath: '/a?b=c' }],
    ['a short binding hash', { bindingHash: new Uint8Array(31) }],
    ['a transaction for nobody', { purpose: 'transaction' }],
    ['an enrolment for a relying party', { rpId: 'bank' }],
  ])('is not opened for %s', async (_, bent) => {
    await using at = await openProofingBench()
    await expect(at.proofing.open({ ...ENROL, ...bent })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  test('refuses what is no base64', async () => {
    await using at = await openProofingBench()
    const request = await tap(at, await at.proofing.open(ENROL), person(at))
    await expect(
      at.proofing.submitEvidence({ ...request, certificate: 'AB=C' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
