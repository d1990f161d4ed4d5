import { describe, expect, test } from 'vitest'
import { IdentityProofed } from '../../proto/gen/watashi/identity/v1/identity.ts'
import { BASIC_FOUR_TEXTS, hoursFromNow, issueCertificate, NOW } from '../../test/pki/issue.ts'
import {
  authorities,
  ENROL,
  openProofingBench,
  person,
  prove,
  subjectOf,
  tap,
  unseal,
} from '../../test/pki/proofing-bench.ts'
import { serialText } from '../jpki/revocation-target.ts'
import { subjectErased } from '../wallet/events.ts'
import { createProofingConsumers } from './worker.ts'

describe('enrolment with the signature certificate', () => {
  test('gives a subject, sealed attributes and one event with the facts', async () => {
    await using at = await openProofingBench()
    const { opened, ...answer } = await prove(at, person(at))
    expect(opened.agentUrl).toBe(`http://card.localhost:8090/?ticket=${opened.ticket}`)
    expect(answer).toEqual({
      outcome: 'passed',
      reason: null,
      returnUrl: `http://localhost:8080/enrol/done?ticket=${opened.ticket}`,
    })
    const result = await at.proofing.resultByTicket(opened.ticket)
    if (result.status !== 'passed') throw new Error(result.status)
    expect(result).toMatchObject({ sessionId: opened.sessionId, purpose: 'enrol', verifiedAt: NOW })
    expect(result.bindingHash).toEqual(Buffer.alloc(32, 9))
    expect(await at.proofing.committed(result.proofingId)).toBe(true)

    const [event, ...more] = await at.events()
    expect(more).toEqual([])
    const proofed = IdentityProofed.decode(event?.value ?? new Uint8Array())
    expect(event).toMatchObject({ key: result.subjectRef, source: 'proofing' })
    expect(proofed).toMatchObject({
      proofingId: result.proofingId,
      subjectRef: result.subjectRef,
      sessionId: opened.sessionId,
      attributeNames: ['name', 'address', 'birthdate', 'gender'],
    })
    expect(JSON.parse(proofed.factsJson.toString())).toEqual({
      proofing: { id: result.proofingId, channel: 'remote_unattended', at: NOW.toISOString() },
      evidence: [
        {
          id: 'e1',
          kind: 'jpki_sign_cert',
          cls: 'pki_cert',
          issuer: { id: 'J-LIS', country: 'JP', sector: 'gov' },
          attrs: ['name', 'address', 'birthdate', 'gender'],
          issued_at: '2025-10-27T00:00:00.000Z',
        },
      ],
      checks: [
        { type: 'authentic', on: 'e1', at: NOW.toISOString(), method: 'crypto', anchor: 'JLIS' },
        {
          type: 'status',
          on: 'e1',
          at: NOW.toISOString(),
          result: 'good',
          method: 'crl',
          this_update: hoursFromNow(-1).toISOString(),
          next_update: hoursFromNow(20).toISOString(),
        },
        { type: 'signed', on: 'e1', at: NOW.toISOString(), payload: 'application', valid: true },
        {
          type: 'match',
          on: 'e1',
          at: NOW.toISOString(),
          scope: 'core',
          source: 'signed_attributes',
          items: ['name', 'address', 'birthdate', 'gender'],
        },
        { type: 'holder', on: 'e1', at: NOW.toISOString(), method: 'pin' },
      ],
    })

    const plain = await unseal(at.deposits.get(result.proofingId), result.proofingId)
    expect(plain).toEqual({
      name: { value: BASIC_FOUR_TEXTS[1], substituted: false },
      address: { value: BASIC_FOUR_TEXTS[5], substituted: false },
      birthdate: '1980-02-17',
      gender: '1',
      municipality: { prefecture: 'Tokyo-to', city: 'Kiyose-shi' },
      asOf: '2025-10-27',
    })
  })

  test('emits and deposits nothing when its facts do not fit the common schema', async () => {
    await using at = await openProofingBench()
    const opened = await at.proofing.open(ENROL)
    const evidence = await tap(at, opened, person(at))
    at.world.schema = 'another'
    await expect(at.proofing.submitEvidence(evidence)).rejects.toMatchObject({
      code: 'FACTS_REFUSED',
    })
    expect(await at.events()).toEqual([])
    expect(at.deposits.size).toBe(0)
    // Sent again when the fault is mended, it goes on where it was.
    at.world.schema = 'fits'
    expect((await at.proofing.submitEvidence(evidence)).outcome).toBe('passed')
  })

  test('leaves an unknown birth date out', async () => {
    await using at = await openProofingBench()
    const { opened } = await prove(at, person(at, 'signature', { basicFour: { 4: '400000000' } }))
    const result = await at.proofing.resultByTicket(opened.ticket)
    if (result.status !== 'passed') throw new Error(result.status)
    const plain = await unseal(at.deposits.get(result.proofingId), result.proofingId)
    expect(plain).not.toHaveProperty('birthdate')
    const [event] = await at.events()
    expect(IdentityProofed.decode(event?.value ?? new Uint8Array()).attributeNames).not.toContain(
      'birthdate',
    )
  })

  test('finds the same person again, with the same certificate or a renewed one', async () => {
    await using at = await openProofingBench()
    const first = await subjectOf(at, await prove(at, person(at)))
    expect(await subjectOf(at, await prove(at, person(at)))).toBe(first)
    const renewed = person(at, 'signature', { serial: Uint8Array.of(0x22), keyLabel: 'renewed' })
    expect(await subjectOf(at, await prove(at, renewed))).toBe(first)
    const stranger = person(
      at,
      'signature',
      { serial: Uint8Array.of(0x33) },
      'person-2-at-this-tenant',
    )
    expect(await subjectOf(at, await prove(at, stranger))).not.toBe(first)
  })

  test('finds the person by a predecessor where the id at the linkage service is new', async () => {
    await using at = await openProofingBench()
    const old = person(at)
    const first = await subjectOf(at, await prove(at, old))
    const renewed = issueCertificate(authorities.signature, { serial: Uint8Array.of(0x22) })
    at.world.linkage.set('signature:22', {
      outcome: 'linked',
      personId: 'another-id-of-the-same-person',
      related: [{ kind: 'signature', serial: serialText(old.serial) }],
      successor: null,
    })
    expect(await subjectOf(at, await prove(at, renewed))).toBe(first)
  })

  test('two first taps of one person at once make one person', async () => {
    await using at = await openProofingBench()
    const signature = person(at)
    const authentication = person(at, 'authentication')
    const [a, b] = await Promise.all([
      prove(at, signature),
      prove(at, authentication, { keyUse: 'authentication' }),
    ])
    expect(await subjectOf(at, a)).toBe(await subjectOf(at, b))
  })
})

describe('enrolment with the authentication certificate', () => {
  test('gives a subject without attributes, by OCSP when the CRL is down', async () => {
    await using at = await openProofingBench()
    at.world.crl = 'down'
    const answer = await prove(at, person(at, 'authentication'), { keyUse: 'authentication' })
    expect(answer.outcome).toBe('passed')
    expect(at.deposits.size).toBe(0)
    const [event] = await at.events()
    const proofed = IdentityProofed.decode(event?.value ?? new Uint8Array())
    expect(proofed.attributeNames).toEqual([])
    expect(JSON.parse(proofed.factsJson.toString())).toMatchObject({
      evidence: [{ kind: 'jpki_auth_cert' }],
      checks: [
        { type: 'authentic' },
        { type: 'status', method: 'ocsp' },
        { type: 'signed' },
        { type: 'holder' },
      ],
    })
  })
})

describe('a person who is known', () => {
  test.each(['login', 'reproof'] as const)(
    'passes %s, an unknown one does not',
    async (purpose) => {
      await using at = await openProofingBench()
      const card = person(at, 'authentication')
      const command = { purpose, keyUse: 'authentication' } as const
      expect(await prove(at, card, command)).toMatchObject({
        outcome: 'refused',
        reason: 'NOT_ENROLLED',
      })
      const subject = await subjectOf(at, await prove(at, card, { keyUse: 'authentication' }))
      expect(await subjectOf(at, await prove(at, card, command))).toBe(subject)
      expect(await at.names()).toEqual(
        expect.arrayContaining(['IdentityProofingRefused', 'IdentityProofed', 'IdentityProofed']),
      )
    },
  )

  test('signs a transaction for one relying party', async () => {
    await using at = await openProofingBench()
    const card = person(at)
    await prove(at, card)
    const opened = await at.proofing.open({ ...ENROL, purpose: 'transaction', rpId: 'bank' })
    expect(await at.proofing.agentSession(opened.ticket)).toMatchObject({
      rpId: 'bank',
      rpName: 'Sample Bank',
      environment: 'simulator',
    })
    const answer = await at.proofing.submitEvidence(await tap(at, opened, card))
    expect(answer.outcome).toBe('passed')
    const facts = (await at.events()).map(({ value }) =>
      IdentityProofed.decode(value).factsJson.toString(),
    )
    expect(facts.filter((text) => text.includes('"payload":"transaction"'))).toHaveLength(1)
  })
})

describe('an erased person', () => {
  test('is a new one when the card is tapped again', async () => {
    await using at = await openProofingBench()
    for (const consumer of createProofingConsumers(at.proofing)) at.core.consume(consumer)
    const card = person(at)
    const first = await subjectOf(at, await prove(at, card))
    const erased = subjectErased({ subjectRef: first, keyIds: [], erasedAt: NOW })
    await at.core.database.run((tx) => at.core.publisher('wallet').publish(tx, erased))
    await at.core.settle()
    expect(await at.proofing.checkNow()).toMatchObject({ checked: 0 })
    expect(await subjectOf(at, await prove(at, card))).not.toBe(first)
  })
})
