import { describe, expect, test } from 'vitest'
import {
  CertificateStatus,
  IdentityProofingRefused,
  IdentityStatusChanged,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import { hoursFromNow, NOW, type CrlOptions } from '../../test/pki/issue.ts'
import {
  type Bench,
  type BenchOptions,
  openProofingBench,
  person,
  prove,
} from '../../test/pki/proofing-bench.ts'

describe('the revocation monitor', () => {
  const serial = Uint8Array.of(0x12, 0x34, 0x56, 0x78)
  const listed = (reason: number): CrlOptions => ({ revoked: [{ serial, reason }] })

  async function enrolled(
    options: BenchOptions = {},
  ): Promise<Bench & { readonly subject: string; readonly proofingId: string }> {
    const at = await openProofingBench(options)
    const { opened } = await prove(at, person(at))
    const result = await at.proofing.result(opened.sessionId)
    if (result.status !== 'passed') throw new Error(result.status)
    return { ...at, subject: result.subjectRef, proofingId: result.proofingId }
  }

  async function changes(at: Bench) {
    const events = await at.events()
    return events
      .filter(({ type }) => type.endsWith('IdentityStatusChanged'))
      .map(({ value }) => {
        const message = IdentityStatusChanged.decode(value)
        const check = JSON.parse(message.statusCheckJson.toString()) as Record<string, unknown>
        return { ...message, check }
      })
  }

  test('tells nothing that does not fit the common schema, and tells it later', async () => {
    await using at = await enrolled()
    at.core.clock.advance(60_000)
    at.world.crl = listed(1)
    at.world.schema = 'another'
    await expect(at.proofing.checkNow()).rejects.toMatchObject({ code: 'FACTS_REFUSED' })
    expect(await changes(at)).toEqual([])
    at.world.schema = 'fits'
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 1 })
  })

  test('says nothing while nothing changes', async () => {
    await using at = await enrolled()
    expect(await at.proofing.checkNow()).toEqual({ checked: 1, changed: 0, unknown: 0 })
    expect(await changes(at)).toEqual([])
  })

  test.each([
    [
      1,
      CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      'keyCompromise',
      'revoked',
      'key_compromise',
      false,
    ],
    [
      5,
      CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      'cessationOfOperation',
      'revoked',
      'unspecified',
      false,
    ],
    [
      6,
      CertificateStatus.CERTIFICATE_STATUS_SUSPENDED,
      'certificateHold',
      'suspended',
      undefined,
      false,
    ],
    [
      3,
      CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      'affiliationChanged',
      'good',
      'basic4_change',
      true,
    ],
    [4, CertificateStatus.CERTIFICATE_STATUS_UNKNOWN, 'superseded', 'unknown', 'superseded', false],
  ])('tells reason %i once', async (code, status, reason, result, checkReason, stale) => {
    await using at = await enrolled()
    at.core.clock.advance(60_000)
    at.world.crl = listed(code)
    expect(await at.proofing.checkNow({ subjectRef: at.subject })).toMatchObject({ changed: 1 })
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 0 })
    const [change, ...more] = await changes(at)
    expect(more).toEqual([])
    expect(change).toMatchObject({
      subjectRef: at.subject,
      proofingIds: [at.proofingId],
      status,
      reason,
      attributesStale: stale,
      effectiveAt: hoursFromNow(-5),
      learnedAt: new Date(NOW.getTime() + 60_000),
    })
    expect(change?.check).toMatchObject({ type: 'status', on: 'e1', result, method: 'crl' })
    expect(change?.check['reason']).toBe(checkReason)
  })

  test('tells that a suspended certificate is good again', async () => {
    await using at = await enrolled()
    at.world.crl = listed(6)
    await at.proofing.checkNow()
    at.world.crl = {}
    await at.proofing.checkNow()
    const [, resumed, ...more] = await changes(at)
    expect(more).toEqual([])
    expect(resumed).toMatchObject({ status: CertificateStatus.CERTIFICATE_STATUS_GOOD, reason: '' })
    expect(resumed?.check).toMatchObject({ result: 'good' })
  })

  test('leaves the identity standing where linkage knows what a superseded certificate was replaced by', async () => {
    await using at = await enrolled()
    at.world.crl = listed(4)
    at.world.linkage.set('signature:12345678', {
      outcome: 'linked',
      personId: 'person-1-at-this-tenant',
      related: [{ kind: 'signature', serial: '99' }],
      successor: { kind: 'signature', serial: '99' },
    })
    await at.proofing.checkNow()
    const [change] = await changes(at)
    expect(change).toMatchObject({
      status: CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      reason: 'superseded',
    })
    expect(change?.check).toMatchObject({ result: 'good' })
  })

  test('does not take silence for good, nor at once for bad', async () => {
    await using at = await enrolled()
    at.world.crl = 'down'
    expect(await at.proofing.checkNow()).toEqual({ checked: 1, changed: 0, unknown: 1 })
    at.core.clock.advance(36 * 3_600_000)
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 1 })
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 0 })
    at.world.crl = {}
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 1, unknown: 0 })
    expect((await changes(at)).map(({ status }) => status)).toEqual([
      CertificateStatus.CERTIFICATE_STATUS_UNKNOWN,
      CertificateStatus.CERTIFICATE_STATUS_GOOD,
    ])
  })

  test('tells a change once when two of them run at once', async () => {
    await using at = await enrolled()
    at.world.crl = listed(5)
    await Promise.all([at.proofing.checkNow(), at.proofing.checkNow()])
    expect(await changes(at)).toHaveLength(1)
  })

  test('names every proofing that rests on the certificate', async () => {
    await using at = await enrolled()
    await prove(at, person(at))
    at.world.crl = listed(5)
    await at.proofing.checkNow()
    const [change] = await changes(at)
    expect(change?.proofingIds).toHaveLength(2)
  })

  test('leaves expired certificates alone', async () => {
    await using at = await enrolled()
    at.core.clock.set('2030-02-17T15:00:00Z')
    expect(await at.proofing.checkNow()).toMatchObject({ checked: 0 })
  })

  describe('following the lists', () => {
    test('asks at its first turn about everything, later about what changed alone', async () => {
      await using at = await enrolled({ recheckEvery: 3_600_000 })
      at.world.crl = listed(5)
      await at.proofing.monitor()
      expect(await changes(at)).toHaveLength(1)
      const other = Uint8Array.of(0x55)
      at.world.crl = { number: 8, revoked: [{ serial: other, reason: 5 }] }
      at.core.clock.advance(60_000)
      await at.proofing.monitor()
      const told = await changes(at)
      expect(told.map(({ status }) => status)).toEqual([
        CertificateStatus.CERTIFICATE_STATUS_REVOKED,
        CertificateStatus.CERTIFICATE_STATUS_GOOD,
      ])
      await at.proofing.monitor()
      expect(await changes(at)).toHaveLength(2)
    })

    test('asks about everything again when a turn has failed', async () => {
      await using at = await enrolled({ recheckEvery: 3_600_000 })
      await at.proofing.monitor()
      at.world.crl = { ...listed(5), number: 8 }
      at.world.schema = 'another'
      await expect(at.proofing.monitor()).rejects.toMatchObject({ code: 'FACTS_REFUSED' })
      expect(await changes(at)).toEqual([])
      at.world.schema = 'fits'
      await at.proofing.monitor()
      expect(await changes(at)).toHaveLength(1)
    })

    test('tells nothing of a serial of the other family', async () => {
      await using at = await enrolled({ recheckEvery: 3_600_000 })
      await prove(at, person(at, 'authentication', { serial: Uint8Array.of(0x77) }), {
        keyUse: 'authentication',
      })
      await at.proofing.monitor()
      at.world.crl = { number: 8, revoked: [{ serial: Uint8Array.of(0x77), reason: 5 }] }
      at.world.ocsp = 'down'
      await at.proofing.monitor()
      expect((await changes(at)).map(({ proofingIds }) => proofingIds.length)).toEqual([1])
    })

    test('lowers nothing in an outage before the data would be too old, and no later', async () => {
      await using at = await enrolled({ recheckEvery: 3_600_000 })
      at.world.crl = 'down'
      for (let hour = 0; hour < 34; hour += 1) {
        at.core.clock.advance(3_600_000)
        await at.proofing.monitor()
      }
      expect(await changes(at)).toEqual([])
      at.core.clock.advance(2 * 3_600_000)
      await at.proofing.monitor()
      expect(await changes(at)).toMatchObject([
        { status: CertificateStatus.CERTIFICATE_STATUS_UNKNOWN },
      ])
    })
  })

  test('who taps in an outage is told to come back, and nothing is known of a status', async () => {
    await using at = await openProofingBench()
    at.world.crl = 'down'
    expect(await prove(at, person(at))).toMatchObject({
      outcome: 'indeterminate',
      reason: 'REVOCATION_UNKNOWN',
    })
    const [event] = await at.events()
    expect(IdentityProofingRefused.decode(event?.value ?? new Uint8Array())).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'TRY_LATER',
    })
  })
})
