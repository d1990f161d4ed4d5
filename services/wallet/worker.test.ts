import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  AttributesRefreshed,
  IdentityProofed,
  IdentityStatusChanged,
  ProofPurpose,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import { RelyingPartyChanged } from '../../proto/gen/watashi/registry/v1/registry.ts'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import { TOPICS, type ReceivedEvent, type Topic } from '../kernel/event.ts'
import { HANAKO, LIQUOR, openTemporaryWallet, type TemporaryWallet } from './temporary-wallet.ts'

const PERSON = 'subject-1'
let wallet: TemporaryWallet
beforeEach(async () => {
  wallet = await openTemporaryWallet()
})
afterEach(() => wallet[Symbol.asyncDispose]())

const invalid = expect.objectContaining({ code: 'INVALID_INPUT' }) as Error

async function apply(topic: Topic, key: string, type: string, value: Uint8Array): Promise<void> {
  const now = wallet.clock.now()
  const event: ReceivedEvent = {
    id: 'e',
    topic,
    key,
    keyVersion: 1,
    type,
    source: 'proofing',
    environment: 'simulator',
    occurredAt: now,
    recordedAt: now,
    value,
  }
  const consumer = wallet.consumers.find(({ topics }) => topics.includes(topic))
  await wallet.database.run(async (tx) => consumer?.apply(tx, event))
}

function proofed(
  proofingId: string,
  purpose: ProofPurpose = ProofPurpose.PROOF_PURPOSE_ENROL,
  key = PERSON,
): Promise<void> {
  const message = IdentityProofed.fromPartial({ proofingId, subjectRef: PERSON, purpose })
  const value = IdentityProofed.encode(message).finish()
  return apply(TOPICS.subject, key, 'watashi.identity.v1.IdentityProofed', value)
}

function stale(...proofingIds: string[]): Promise<void> {
  const message = IdentityStatusChanged.fromPartial({
    subjectRef: PERSON,
    proofingIds,
    attributesStale: true,
  })
  const value = IdentityStatusChanged.encode(message).finish()
  return apply(TOPICS.subject, PERSON, 'watashi.identity.v1.IdentityStatusChanged', value)
}

function ended(): Promise<void> {
  const message = IdentityStatusChanged.fromPartial({
    subjectRef: PERSON,
    proofingIds: ['p1'],
    attributesStale: true,
    personEnded: true,
  })
  const value = IdentityStatusChanged.encode(message).finish()
  return apply(TOPICS.subject, PERSON, 'watashi.identity.v1.IdentityStatusChanged', value)
}

function refreshed(depositId: string, key = PERSON): Promise<void> {
  const message = AttributesRefreshed.fromPartial({ depositId, subjectRef: PERSON })
  const value = AttributesRefreshed.encode(message).finish()
  return apply(TOPICS.subject, key, 'watashi.identity.v1.AttributesRefreshed', value)
}

const deposit = async (proofingId: string, attributes = HANAKO) =>
  wallet.vault.deposit(proofingId, await wallet.sealDeposit(proofingId, attributes))
const attributes = async () => (await wallet.person.overview(PERSON, wallet.clock.now())).attributes
const valueOf = async (name: string) => (await attributes()).find((a) => a.name === name)?.value

describe('the first enrolment', () => {
  test('makes three personas and brings the attributes of the card', async () => {
    await deposit('p1')
    await proofed('p1')
    const personas = await wallet.port.personas(PERSON)
    expect(personas.map(({ kind, label }) => [kind, label])).toEqual([
      ['gov', '行政'],
      ['biz', 'ビジネス'],
      ['priv', 'プライベート'],
    ])
    expect(await attributes()).toMatchObject([
      { name: 'name', value: '見本　花子', asOf: '2025-05-01', stale: false, quality: 'exact' },
      { name: 'address', value: '模擬県翠川市若葉町１丁目２番３号' },
      { name: 'municipality', value: '模擬県翠川市' },
      { name: 'birthdate', value: '1992-07-29' },
      { name: 'gender', value: 'female' },
    ])
  })

  test('without attributes makes the personas all the same', async () => {
    await proofed('p1')
    expect(await wallet.port.personas(PERSON)).toHaveLength(3)
    expect(await attributes()).toEqual([])
  })

  test('told twice is one', async () => {
    await deposit('p1')
    await proofed('p1')
    const before = await wallet.port.personas(PERSON)
    await proofed('p1')
    expect(await wallet.port.personas(PERSON)).toEqual(before)
    expect(await valueOf('name')).toBe('見本　花子')
  })
})

describe('a later proofing', () => {
  const moved = { ...HANAKO, address: { value: '模擬県汐見市港町３', substituted: false } }

  test('of the person’s own record brings newer attributes', async () => {
    await deposit('p1')
    await proofed('p1')
    await stale('p1')
    await deposit('p2', {
      ...moved,
      municipality: { prefecture: 'Mogi-ken', city: 'Shiomi-shi' },
      asOf: '2026-11-01',
    })
    await proofed('p2', ProofPurpose.PROOF_PURPOSE_REPROOF)
    expect(await attributes()).toMatchObject([
      { name: 'name', stale: false, asOf: '2026-11-01' },
      { name: 'address', value: '模擬県汐見市港町３', stale: false },
      { name: 'municipality', value: '模擬県汐見市' },
      {},
      {},
    ])
    expect(await wallet.port.personas(PERSON)).toHaveLength(3)
  })

  test.each([ProofPurpose.PROOF_PURPOSE_LOGIN, ProofPurpose.PROOF_PURPOSE_TRANSACTION])(
    'for another purpose (%i) leaves the record as it is, and nothing of it stays',
    async (purpose) => {
      await deposit('p1')
      await proofed('p1')
      await deposit('p2', moved)
      await proofed('p2', purpose)
      expect(await valueOf('address')).toBe('模擬県翠川市若葉町１丁目２番３号')
      const { deposits } = wallet.parts
      expect(await wallet.database.read((tx) => deposits.waiting(tx, 'p2'))).toBeUndefined()
    },
  )

  test('without attributes leaves the known ones', async () => {
    await deposit('p1')
    await proofed('p1')
    await proofed('p2', ProofPurpose.PROOF_PURPOSE_REPROOF)
    expect(await valueOf('name')).toBe('見本　花子')
  })
})

describe('a change of status', () => {
  test('marks attributes of that proofing as out of date, and no newer ones', async () => {
    await deposit('p1')
    await proofed('p1')
    await stale('p0')
    expect((await attributes()).map((a) => a.stale)).toEqual([false, false, false, false, false])
    await stale('p1')
    expect((await attributes()).map((a) => a.stale)).toEqual([true, true, true, true, true])
  })
  test('of a person who is not here is no fault', async () => {
    await expect(stale('p1')).resolves.toBeUndefined()
  })
  test('that ends the person marks everything, whatever it came by', async () => {
    await deposit('p1')
    await proofed('p1')
    await deposit('d1')
    await refreshed('d1')
    await ended()
    expect((await attributes()).map((a) => a.stale)).toEqual([true, true, true, true, true])
  })
})

describe('attributes that were fetched', () => {
  const moved = { ...HANAKO, address: { value: '模擬県汐見市港町３', substituted: false } }

  test('stand in the place of those that were out of date, and are marked no more', async () => {
    await deposit('p1')
    await proofed('p1')
    await stale('p1')
    await deposit('d1', { ...moved, asOf: '2026-11-02' })
    await refreshed('d1')
    expect((await attributes()).find(({ name }) => name === 'address')).toMatchObject({
      value: '模擬県汐見市港町３',
      asOf: '2026-11-02',
      stale: false,
    })
    await stale('p1')
    expect((await attributes()).every((a) => !a.stale)).toBe(true)
  })

  test('told again, or without a deposit, change nothing', async () => {
    await deposit('p1')
    await proofed('p1')
    await deposit('d1', moved)
    await refreshed('d1')
    await refreshed('d1')
    await refreshed('d2')
    expect(await valueOf('address')).toBe('模擬県汐見市港町３')
  })

  test('of a person who is not here make nobody, and are let go', async () => {
    await deposit('d1', moved)
    await refreshed('d1')
    expect(await wallet.port.personas(PERSON)).toEqual([])
    const { deposits } = wallet.parts
    expect(await wallet.database.read((tx) => deposits.waiting(tx, 'd1'))).toBeUndefined()
  })

  test('under another key than the person’s are refused', async () => {
    await expect(refreshed('d1', 'other')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(refreshed('')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('a replayed log', () => {
  const erased = () =>
    apply(
      TOPICS.subject,
      PERSON,
      'watashi.wallet.v1.SubjectErased',
      SubjectErased.encode(SubjectErased.fromPartial({ subjectRef: PERSON })).finish(),
    )

  test('ends with nobody where the person was erased', async () => {
    await proofed('p1')
    await proofed('p2', ProofPurpose.PROOF_PURPOSE_REPROOF)
    await stale('p1')
    await erased()
    expect(await wallet.port.personas(PERSON)).toEqual([])
    await erased()
    await proofed('p3')
    expect(await wallet.port.personas(PERSON)).toEqual([])
  })

  test('makes nobody again in the wallet that erased, even with a deposit in wait', async () => {
    await deposit('p1')
    await proofed('p1')
    await wallet.person.erase(PERSON, wallet.clock.now())
    await deposit('p2')
    await proofed('p1')
    await proofed('p2')
    await stale('p1')
    await erased()
    expect(await wallet.port.personas(PERSON)).toEqual([])
    const { keyStore } = wallet.parts
    const keys = await wallet.database.read((tx) => keyStore.ofPerson(tx, PERSON))
    expect(keys.map(({ keyClass }) => keyClass)).toEqual(['ledger'])
  })
})

describe('a record that is at fault', () => {
  test('names another person than its key', async () => {
    await expect(proofed('p1', ProofPurpose.PROOF_PURPOSE_ENROL, 'other')).rejects.toThrow(invalid)
  })
  test.each([0, 9])('has the unknown purpose %i', async (purpose) => {
    await expect(proofed('p1', purpose as ProofPurpose)).rejects.toThrow(invalid)
  })
  test('cannot be decoded', async () => {
    const type = 'watashi.identity.v1.IdentityProofed'
    await expect(apply(TOPICS.subject, PERSON, type, new Uint8Array([0xff]))).rejects.toThrow(
      invalid,
    )
  })
  test('is nothing to the wallet when its type is another’s', async () => {
    const type = 'watashi.authenticator.v1.AuthenticatorBound'
    await expect(
      apply(TOPICS.subject, PERSON, type, new Uint8Array([0xff])),
    ).resolves.toBeUndefined()
  })
})

describe('the registry', () => {
  const changed = (change: Partial<RelyingPartyChanged>, key = 'liquor') => {
    const text = { ja: '酒', en: 'liquor' }
    const purpose = {
      purposeId: 'purpose',
      title: text,
      description: text,
      claims: ['age_over_20'],
    }
    const message = RelyingPartyChanged.fromPartial({
      rpId: 'liquor',
      name: text,
      controller: text,
      sectorId: 'retail',
      purposes: [purpose],
      personas: ['priv'],
      active: true,
      version: 1,
      ...change,
    })
    const value = RelyingPartyChanged.encode(message).finish()
    return apply(TOPICS.registry, key, 'watashi.registry.v1.RelyingPartyChanged', value)
  }
  const find = () => wallet.database.read((tx) => wallet.parts.registry.find(tx, 'liquor'))

  test('is followed, newest version first', async () => {
    await changed({})
    await changed({ version: 3, active: false })
    await changed({ version: 2 })
    expect(await find()).toMatchObject({ sectorId: 'retail', active: false, personas: ['priv'] })
  })
  test('makes requests possible', async () => {
    await changed({})
    await wallet.enrol(PERSON)
    const personaId = await wallet.personaId(PERSON, 'priv')
    const request = wallet.request(PERSON, LIQUOR, 'age_over_20')
    await expect(wallet.release(request, personaId)).resolves.toBeDefined()
  })
  test.each<[string, Partial<RelyingPartyChanged>, string?]>([
    ['an empty sector', { sectorId: '' }],
    ['no name', { name: undefined }],
    ['another key', {}, 'other'],
  ])('refuses a registration with %s', async (_name, change, key) => {
    await expect(changed(change, key)).rejects.toThrow(invalid)
    expect(await find()).toBeUndefined()
  })
  test('refuses a purpose that asks for the individual number', async () => {
    const text = { ja: 'あ', en: 'a' }
    const purposes = [
      RelyingPartyChanged.fromPartial({
        purposes: [
          { purposeId: 'p', title: text, description: text, claims: ['individual_number'] },
        ],
      }).purposes,
    ].flat()
    await expect(changed({ purposes })).rejects.toThrow(invalid)
  })
})
