import { createPublicKey, verify } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import {
  AttributesConsentChanged,
  AttributesRefreshed,
  CertificateStatus,
  IdentityStatusChanged,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import type { TestCertificate } from '../../test/pki/issue.ts'
import {
  type Bench,
  openProofingBench,
  person,
  prove,
  subjectOf,
  unseal,
} from '../../test/pki/proofing-bench.ts'
import { CONSENT_DIGEST, CONSENT_DOCUMENT } from '../card/consent-document.ts'
import { serialText } from '../jpki/revocation-target.ts'
import { toHex } from '../kernel/bytes.ts'
import type { SealedAttributes } from '../wallet/ports.ts'

const MOVED: SealedAttributes = {
  name: { value: '見本　花子', substituted: false },
  address: { value: '模擬県汐見市新町９丁目', substituted: false },
  birthdate: '1992-07-29',
  gender: '2',
  municipality: { prefecture: 'Mogi-ken', city: 'Shiomi-shi' },
  asOf: '2026-06-01',
}
const OTHER_SERIAL = Uint8Array.of(0x22, 0x22)
const MINUTE = 60_000

interface Enrolled extends Bench {
  readonly card: TestCertificate
  readonly subject: string
}

async function enrolled(): Promise<Enrolled> {
  const at = await openProofingBench()
  const card = person(at)
  return { ...at, card, subject: await subjectOf(at, await prove(at, card)) }
}

/** A tap that consents, in a browser where `subject` is logged in. */
function consent(at: Bench, card: TestCertificate, subject: string) {
  return prove(at, card, {
    purpose: 'consent',
    subjectRef: subject,
    bindingHash: new Uint8Array(),
    returnPath: '/reproof/return',
  })
}

/** The certificate ends because what it says has changed. */
function move(at: Bench, { serial }: TestCertificate): void {
  at.core.clock.advance(MINUTE)
  at.world.crl = { revoked: [{ serial, reason: 3 }] }
}

/** Lists are fetched in a turn as well: something happens only while the latest attributes are asked for. */
function whileSupplying(at: Bench, happens: () => Promise<unknown>): () => Promise<void> {
  let hasHappened = false
  return async () => {
    if (hasHappened || at.world.questions.length === 0) return
    hasHappened = true
    await happens()
  }
}

async function told<T>(
  at: Bench,
  name: string,
  message: { decode: (value: Uint8Array) => T },
): Promise<readonly T[]> {
  const events = await at.events()
  return events
    .filter(({ type }) => type.endsWith(`.${name}`))
    .map(({ value }) => message.decode(value))
}
const consents = (at: Bench) => told(at, 'AttributesConsentChanged', AttributesConsentChanged)
const refreshes = (at: Bench) => told(at, 'AttributesRefreshed', AttributesRefreshed)
const statuses = (at: Bench) => told(at, 'IdentityStatusChanged', IdentityStatusChanged)

describe('a consent to the latest attributes', () => {
  test('is signed by the card over the document, handed in, and told', async () => {
    await using at = await enrolled()
    expect(await consent(at, at.card, at.subject)).toMatchObject({ outcome: 'passed' })
    const [handedIn, ...more] = at.world.handedIn
    expect(more).toEqual([])
    if (handedIn === undefined) throw new Error('nothing was handed in')
    const { document, message, signature, serial } = handedIn
    expect(document).toBe(CONSENT_DOCUMENT)
    expect(serial).toBe(serialText(at.card.serial))
    expect(toHex(message.subarray(-32))).toBe(toHex(CONSENT_DIGEST))
    expect(verify('sha256', message, createPublicKey(at.card.key.privateKey), signature)).toBe(true)
    const { consent: kept } = await at.proofing.identity(at.subject)
    expect(kept).toEqual({ givenAt: at.core.clock.now() })
    expect(await consents(at)).toMatchObject([
      { subjectRef: at.subject, given: true, documentDigest: Buffer.from(CONSENT_DIGEST) },
    ])
  })

  test('proves the person again, as any tap of the card does', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    expect((await at.names()).filter((name) => name === 'IdentityProofed')).toHaveLength(2)
    expect(at.deposits.size).toBe(2)
  })

  test('of another person than who is logged in is refused and not handed in', async () => {
    await using at = await enrolled()
    const other = person(at, 'signature', { serial: OTHER_SERIAL }, 'person-2-at-this-tenant')
    await prove(at, other)
    expect(await consent(at, other, at.subject)).toMatchObject({
      outcome: 'refused',
      reason: 'CARD_OF_ANOTHER_PERSON',
    })
    expect(at.world.handedIn).toEqual([])
    expect((await at.proofing.identity(at.subject)).consent).toEqual({ givenAt: null })
    expect(await consents(at)).toEqual([])
  })

  test.each([
    ['unavailable', 'indeterminate', 'CONSENT_SERVICE_UNAVAILABLE'],
    ['refused', 'refused', 'CONSENT_NOT_TAKEN'],
  ] as const)('that the service does not take (%s) is none', async (answer, outcome, reason) => {
    await using at = await enrolled()
    at.world.consents = answer
    expect(await consent(at, at.card, at.subject)).toMatchObject({ outcome, reason })
    expect((await at.proofing.identity(at.subject)).consent).toEqual({ givenAt: null })
    expect(await consents(at)).toEqual([])
  })

  test.each([
    [{ purpose: 'consent' as const, bindingHash: new Uint8Array() }],
    [{ purpose: 'reproof' as const, subjectRef: 'somebody' }],
    [{ purpose: 'consent' as const, subjectRef: 'somebody' }],
    [
      {
        purpose: 'consent' as const,
        subjectRef: 'somebody',
        bindingHash: new Uint8Array(),
        keyUse: 'authentication' as const,
      },
    ],
  ])('is asked for in one form alone, not %j', async (command) => {
    await using at = await openProofingBench()
    await expect(prove(at, person(at), command)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('given again takes the place of the earlier one, whose end the service is told', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    await consent(at, at.card, at.subject)
    await at.proofing.monitor()
    expect(at.world.withdrawals).toEqual(['consent-1'])
    expect((await consents(at)).map(({ given }) => given)).toEqual([true, false, true])
  })

  test('withdrawn stands no more at once, and the service is told as soon as it answers', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    at.world.consents = 'unavailable'
    await at.proofing.withdrawConsent(at.subject)
    await at.proofing.withdrawConsent(at.subject)
    expect((await at.proofing.identity(at.subject)).consent).toEqual({ givenAt: null })
    expect((await consents(at)).map(({ given }) => given)).toEqual([true, false])
    await at.proofing.monitor()
    expect(at.world.withdrawals).toEqual([])
    at.world.consents = 'recorded'
    await at.proofing.monitor()
    await at.proofing.monitor()
    expect(at.world.withdrawals).toEqual(['consent-1'])

    at.world.latest = { outcome: 'supplied', attributes: MOVED }
    move(at, at.card)
    await at.proofing.monitor()
    expect(at.world.questions).toEqual([])
    expect(await refreshes(at)).toEqual([])
  })

  test('whose withdrawal the service refuses holds up no other one', async () => {
    await using at = await enrolled()
    for (let i = 0; i < 3; i++) await consent(at, at.card, at.subject)
    at.world.refusedWithdrawals.add('consent-1')
    await at.proofing.monitor()
    expect(at.world.withdrawals).toEqual(['consent-2'])
    at.world.refusedWithdrawals.clear()
    await at.proofing.monitor()
    expect(at.world.withdrawals).toEqual(['consent-2', 'consent-1'])
  })

  test('of a person who is erased ends at the service too', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    await at.core.database.run((tx) => at.proofing.eraseSubject(tx, at.subject))
    await at.proofing.monitor()
    await at.proofing.monitor()
    expect(at.world.withdrawals).toEqual(['consent-1'])
  })
})

describe('after a move', () => {
  test('the latest attributes are fetched once, sealed to the vault, and told without a value', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    at.world.latest = { outcome: 'supplied', attributes: MOVED }
    move(at, at.card)
    const before = new Set(at.deposits.keys())
    await at.proofing.monitor()
    await at.proofing.monitor()
    expect(at.world.questions).toEqual([
      { reference: 'consent-1', serial: serialText(at.card.serial) },
    ])
    const [refresh, ...more] = await refreshes(at)
    expect(more).toEqual([])
    const depositId = refresh?.depositId ?? ''
    expect(before.has(depositId)).toBe(false)
    expect(await unseal(at.deposits.get(depositId), depositId)).toEqual(MOVED)
    expect(await at.proofing.committed(depositId)).toBe(true)
    expect(await at.proofing.committed('another-deposit')).toBe(false)
    expect(refresh?.attributeNames).toEqual(['name', 'address', 'birthdate', 'gender'])
    const said = [
      ...(await at.events()).map(({ value }) => Buffer.from(value).toString('latin1')),
      ...at.logged,
    ]
    for (const value of ['汐見', '1992-07-29', serialText(at.card.serial)]) {
      const latin1 = Buffer.from(value).toString('latin1')
      expect(said.filter((text) => text.includes(value) || text.includes(latin1))).toEqual([])
    }
  })

  test('nothing is asked of the service without a consent, nor by that of another person', async () => {
    await using at = await enrolled()
    const other = person(at, 'signature', { serial: OTHER_SERIAL }, 'person-2-at-this-tenant')
    const neighbour = await subjectOf(at, await prove(at, other))
    await consent(at, other, neighbour)
    at.world.latest = { outcome: 'supplied', attributes: MOVED }
    move(at, at.card)
    await at.proofing.monitor()
    expect(await at.proofing.checkIdentity(at.subject)).toMatchObject({
      attributes: 'no-consent',
      certificates: [{ status: 'revoked', reason: 'affiliationChanged' }],
    })
    expect(at.world.questions).toEqual([])
  })

  test('nothing is asked of the service while the certificate is good', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    await at.proofing.monitor()
    expect(await at.proofing.checkIdentity(at.subject)).toMatchObject({ attributes: 'not-needed' })
    expect(at.world.questions).toEqual([])
  })

  test.each([1, 4, 5, 6])('nothing is asked of it for an end by reason %i', async (reason) => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    at.core.clock.advance(MINUTE)
    at.world.crl = { revoked: [{ serial: at.card.serial, reason }] }
    await at.proofing.monitor()
    expect(at.world.questions).toEqual([])
  })

  test('a service that does not answer is asked again after a while, and at once when the person asks', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    move(at, at.card)
    await at.proofing.monitor()
    await at.proofing.monitor()
    expect(at.world.questions).toHaveLength(1)
    expect(await at.proofing.checkIdentity(at.subject)).toMatchObject({ attributes: 'try-later' })
    expect(at.world.questions).toHaveLength(2)
    expect(await refreshes(at)).toEqual([])

    at.core.clock.advance(MINUTE)
    at.world.latest = { outcome: 'supplied', attributes: MOVED }
    await at.proofing.monitor()
    expect(await refreshes(at)).toHaveLength(1)
    expect((await statuses(at)).map(({ personEnded }) => personEnded)).toEqual([false])
  })

  test('what is supplied after a withdrawal in between is let go', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    move(at, at.card)
    await at.proofing.checkNow()
    at.world.latest = { outcome: 'supplied', attributes: MOVED }
    at.world.meanwhile = whileSupplying(at, () => at.proofing.withdrawConsent(at.subject))
    await at.proofing.monitor()
    expect(at.world.questions).toHaveLength(1)
    expect(await refreshes(at)).toEqual([])
  })

  test('a consent that the service does not know (any more) is none here either', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    at.world.latest = { outcome: 'no-consent' }
    move(at, at.card)
    await at.proofing.monitor()
    expect((await at.proofing.identity(at.subject)).consent).toEqual({ givenAt: null })
    expect(await refreshes(at)).toEqual([])
  })

  test('nothing is asked of it once the certificate has expired as well', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    move(at, at.card)
    await at.proofing.checkNow()
    at.world.latest = { outcome: 'supplied', attributes: MOVED }
    at.core.clock.set('2033-07-15T15:00:00Z')
    await at.proofing.monitor()
    expect(await at.proofing.checkIdentity(at.subject)).toMatchObject({ attributes: 'not-needed' })
    expect(at.world.questions).toEqual([])
  })

  test('a tap of a new certificate makes it needless', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    move(at, at.card)
    await at.proofing.checkNow()
    const renewed = person(at, 'signature', { serial: OTHER_SERIAL })
    await prove(at, renewed, {
      purpose: 'reproof',
      bindingHash: new Uint8Array(),
      returnPath: '/reproof/return',
    })
    at.world.latest = { outcome: 'supplied', attributes: MOVED }
    await at.proofing.monitor()
    expect(at.world.questions).toEqual([])
  })
})

describe('a person whom the register has no more', () => {
  async function ended(): Promise<Enrolled> {
    const at = await enrolled()
    await prove(at, person(at, 'signature', { serial: OTHER_SERIAL }))
    await consent(at, at.card, at.subject)
    at.world.latest = { outcome: 'not-supplied' }
    move(at, at.card)
    await at.proofing.monitor()
    return at
  }

  test('is told as ended, by every certificate, and the consent ends', async () => {
    await using at = await ended()
    const told = (await statuses(at)).filter(({ personEnded }) => personEnded)
    expect(told).toHaveLength(2)
    for (const { status, statusCheckJson, attributesStale, reason } of told) {
      expect({ status, attributesStale, reason }).toEqual({
        status: CertificateStatus.CERTIFICATE_STATUS_REVOKED,
        attributesStale: true,
        reason: 'affiliationChanged',
      })
      expect(JSON.parse(statusCheckJson.toString())).toMatchObject({
        result: 'revoked',
        method: 'issuer',
        reason: 'death',
      })
    }
    expect((await at.proofing.identity(at.subject)).consent).toEqual({ givenAt: null })
  })

  test('stays so whatever the lists say, and is not asked about again', async () => {
    await using at = await ended()
    const before = (await statuses(at)).length
    at.world.crl = {}
    await at.proofing.monitor()
    at.core.clock.advance(MINUTE)
    expect(await at.proofing.checkIdentity(at.subject)).toMatchObject({
      changed: 0,
      attributes: 'not-needed',
    })
    expect(await statuses(at)).toHaveLength(before)
    expect(at.world.questions).toHaveLength(1)
  })

  test('is not ended when a new certificate was tapped while the question was under way', async () => {
    await using at = await enrolled()
    await consent(at, at.card, at.subject)
    move(at, at.card)
    await at.proofing.checkNow()
    const renewed = person(at, 'signature', { serial: OTHER_SERIAL })
    at.world.latest = { outcome: 'not-supplied' }
    at.world.meanwhile = whileSupplying(at, () => prove(at, renewed))
    await at.proofing.monitor()
    expect(at.world.questions).toHaveLength(1)
    expect((await statuses(at)).filter(({ personEnded }) => personEnded)).toEqual([])
    expect((await at.proofing.identity(at.subject)).certificates).toContainEqual(
      expect.objectContaining({ status: 'good' }),
    )
  })

  test('is not brought back by a certificate of before, though no list has it', async () => {
    await using at = await ended()
    at.world.crl = {}
    for (const purpose of ['enrol', 'login'] as const) {
      expect(await prove(at, at.card, { purpose })).toMatchObject({
        outcome: 'refused',
        reason: 'CERTIFICATE_REVOKED',
      })
    }
  })

  test('comes back by the tap of a certificate issued since', async () => {
    await using at = await ended()
    at.world.crl = {}
    const issued = person(at, 'signature', { serial: Uint8Array.of(0x33, 0x33) })
    expect(await subjectOf(at, await prove(at, issued))).toBe(at.subject)
    expect((await at.proofing.identity(at.subject)).certificates).toContainEqual(
      expect.objectContaining({ status: 'good', reason: '' }),
    )
  })
})

describe('現況確認 on demand', () => {
  test('tells a change that the monitor has not come to yet', async () => {
    await using at = await enrolled()
    move(at, at.card)
    expect(await at.proofing.checkIdentity(at.subject)).toMatchObject({ checked: 1, changed: 1 })
    expect(await statuses(at)).toHaveLength(1)
  })

  test('is made of one person alone, and once in half a minute', async () => {
    await using at = await enrolled()
    const other = person(at, 'signature', { serial: OTHER_SERIAL }, 'person-2-at-this-tenant')
    const neighbour = await subjectOf(at, await prove(at, other))
    expect(await at.proofing.checkIdentity(at.subject)).toMatchObject({ checked: 1 })
    await expect(at.proofing.checkIdentity(at.subject)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    })
    expect(await at.proofing.checkIdentity(neighbour)).toMatchObject({ checked: 1 })
    at.core.clock.advance(30_000)
    expect(await at.proofing.checkIdentity(at.subject)).toMatchObject({ checked: 1 })
  })

  test('finds nobody behind a made-up reference', async () => {
    await using at = await openProofingBench()
    await expect(at.proofing.checkIdentity('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
