import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../kernel/digest.ts'
import type { ReleaseRequest } from './ports.ts'
import type { RegisteredPurpose, Registration } from './registration.ts'
import {
  BANK,
  HANAKO,
  LIQUOR,
  NO_MINIMUM,
  openTemporaryWallet,
  type TemporaryWallet,
} from './temporary-wallet.ts'

const PERSON = 'subject-1'
let wallet: TemporaryWallet
let personaId: string
let request: ReleaseRequest

beforeEach(async () => {
  wallet = await openTemporaryWallet()
  await wallet.register(LIQUOR)
  await wallet.enrol(PERSON)
  personaId = await wallet.personaId(PERSON, 'priv')
  request = wallet.request(PERSON, LIQUOR, 'age_over_20', 'municipality?')
})
afterEach(() => wallet[Symbol.asyncDispose]())

const prepare = (declined: string[] = []) =>
  wallet.port.prepareConsent(request, personaId, declined, [], wallet.clock.now())
const signed = (challenge: Uint8Array) => ({
  ceremonyId: 'ceremony',
  assertionDigest: new Uint8Array(32).fill(7),
  challenge,
})
const issue = (releaseId: string, challenge: Uint8Array, minimum = NO_MINIMUM) =>
  wallet.port.issue(releaseId, signed(challenge), minimum, wallet.clock.now())
const withPurpose = (change: Partial<RegisteredPurpose>): Registration => ({
  ...LIQUOR,
  purposes: LIQUOR.purposes.map((purpose) => ({ ...purpose, ...change })),
})
const conflict = expect.objectContaining({ code: 'CONFLICT' }) as Error

describe('a release', () => {
  test('gives what was offered, consented and signed', async () => {
    const offer = await wallet.port.offer(request, personaId, wallet.clock.now())
    expect(offer).toMatchObject({
      outcome: 'offered',
      offer: {
        claims: [
          { name: 'municipality', essential: false, value: '模擬県翠川市' },
          { name: 'age_over_20', essential: true, value: true },
        ],
      },
    })
    const document = await prepare()
    expect(sha256(document.text)).toEqual(document.digest)
    const issued = await issue(document.releaseId, document.digest)
    expect(issued.claims).toEqual([
      { name: 'municipality', value: '模擬県翠川市' },
      { name: 'age_over_20', value: true },
    ])
    expect(issued.pairwiseSubject).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(issued.expiresAt.toISOString()).toBe('2026-11-27T03:00:00.000Z')
    expect(wallet.published.map((event) => event.type)).toEqual(['watashi.wallet.v1.ReleaseIssued'])
  })

  test('leaves out what was unticked', async () => {
    const { releaseId, digest } = await prepare(['municipality'])
    expect((await issue(releaseId, digest)).claims).toEqual([{ name: 'age_over_20', value: true }])
  })

  test('is issued once for a document', async () => {
    const { releaseId, digest } = await prepare()
    await issue(releaseId, digest)
    await expect(issue(releaseId, digest)).rejects.toThrow(conflict)
    await expect(prepare()).rejects.toThrow(conflict)
    expect(wallet.published).toHaveLength(1)
  })

  test('is issued once when it is asked for twice at the same time', async () => {
    const { releaseId, digest } = await prepare()
    const both = await Promise.allSettled([issue(releaseId, digest), issue(releaseId, digest)])
    expect(both.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('needs the signature over the newest document', async () => {
    const old = await prepare()
    const document = await prepare(['municipality'])
    await expect(issue(old.releaseId, old.digest)).rejects.toThrow(conflict)
    await expect(issue(document.releaseId, new Uint8Array(32))).rejects.toThrow(conflict)
    await expect(issue(document.releaseId, document.digest)).resolves.toBeDefined()
  })

  test('needs a document that has not expired', async () => {
    const { releaseId, digest } = await prepare()
    wallet.clock.advance(5 * 60 * 1000)
    await expect(issue(releaseId, digest)).rejects.toThrow(conflict)
  })

  test('is prepared under the persona chosen for the sector, and no other', async () => {
    const gov = await wallet.personaId(PERSON, 'gov')
    await wallet.port.bindPersona(PERSON, 'retail', gov)
    await expect(prepare()).rejects.toThrow(conflict)
    personaId = gov
    await expect(prepare()).resolves.toBeDefined()
  })

  test('is not prepared for another person than before', async () => {
    await prepare()
    await wallet.enrol('subject-2')
    const persona = await wallet.personaId('subject-2', 'priv')
    const taken = { ...request, subjectRef: 'subject-2' }
    await expect(
      wallet.port.prepareConsent(taken, persona, [], [], wallet.clock.now()),
    ).rejects.toThrow(conflict)
  })

  test('may not decline what is essential', async () => {
    await expect(prepare(['age_over_20'])).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', path: 'declined' }),
    )
  })
})

describe('what changes between the document and the release', () => {
  test.each<[string, () => Promise<void>]>([
    [
      'the persona no longer gives the claim',
      () =>
        wallet.person.changePersona(PERSON, personaId, {
          allowance: [{ claim: 'age_over_20', decision: 'never' }],
        }),
    ],
    [
      'the notice of the purpose changes',
      () => wallet.register(withPurpose({ noticeDigest: 'BBBB' }), 2),
    ],
    ['the relying party is deactivated', () => wallet.register({ ...LIQUOR, active: false }, 2)],
    [
      'the purpose loses the claim',
      () => wallet.register(withPurpose({ claims: ['municipality'] }), 2),
    ],
  ])('stops it: %s', async (_name, change) => {
    const { releaseId, digest } = await prepare()
    await change()
    await expect(issue(releaseId, digest)).rejects.toThrow(conflict)
    expect(wallet.published.map((e) => e.type)).toEqual(['watashi.wallet.v1.ReleaseRefused'])
    expect((await wallet.person.ledger(PERSON)).entries[0]).toMatchObject({
      status: 'failed',
      reason: 'UNSATISFIABLE',
    })
    await expect(issue(releaseId, digest)).rejects.toThrow(conflict)
    expect(await wallet.port.released(releaseId, 'liquor', wallet.clock.now())).toBeUndefined()
  })

  test('stops it: attributes went stale', async () => {
    const { releaseId, digest } = await prepare()
    const { database, parts } = wallet
    const [row] = await database.read((tx) => parts.people.attributes(tx, PERSON))
    await database.run((tx) => parts.people.markStale(tx, PERSON, [row?.proofingId ?? '']))
    await expect(issue(releaseId, digest)).rejects.toThrow(conflict)
    expect(await wallet.port.offer(request, personaId, wallet.clock.now())).toMatchObject({
      outcome: 'unsatisfiable',
      claims: [{ name: 'age_over_20', reason: 'STALE' }, { reason: 'STALE' }],
    })
  })

  test('stops it: a newer proofing brought other values', async () => {
    const { releaseId, digest } = await prepare()
    await wallet.enrol(PERSON, {
      ...HANAKO,
      address: { value: '模擬県汐見市港町３', substituted: false },
      municipality: { prefecture: 'Mogi-ken', city: 'Shiomi-shi' },
    })
    await expect(issue(releaseId, digest)).rejects.toThrow(conflict)
  })

  test('does not stop it: a newer proofing brought the same values', async () => {
    const { releaseId, digest } = await prepare()
    await wallet.enrol(PERSON)
    await expect(issue(releaseId, digest)).resolves.toBeDefined()
  })

  test('stops it: another persona was chosen', async () => {
    const { releaseId, digest } = await prepare()
    await wallet.port.bindPersona(PERSON, 'retail', await wallet.personaId(PERSON, 'gov'))
    await expect(issue(releaseId, digest)).rejects.toThrow(conflict)
    expect(wallet.published).toEqual([])
  })

  const minimum = { axes: [{ framework: 'f', axis: 'ial', level: '2' }], flags: [] }
  test.each([
    ['the level is too low', [{ framework: 'f', axis: 'ial', level: '1' }]],
    ['the level is not known', [{ framework: 'f', axis: 'ial', level: 'indeterminate' }]],
    ['there is no level', []],
    ['the level is of another axis', [{ framework: 'f', axis: 'aal', level: '2' }]],
  ])('stops it: %s', async (_name, levels) => {
    const { releaseId, digest } = await prepare()
    wallet.levels.push(...levels.map((level) => ({ ...level, lowest: false })))
    await expect(issue(releaseId, digest, minimum)).rejects.toThrow(conflict)
    expect((await wallet.person.ledger(PERSON)).entries[0]).toMatchObject({
      status: 'failed',
      reason: 'ASSURANCE_UNMET',
    })
  })

  test('does not stop it: the level is high enough', async () => {
    const { releaseId, digest } = await prepare()
    wallet.levels.push({ framework: 'f', axis: 'ial', level: '2', lowest: false })
    await expect(issue(releaseId, digest, minimum)).resolves.toBeDefined()
  })
})

describe('what a relying party may ask', () => {
  test('is refused whole when an essential claim is not registered', async () => {
    const asked = wallet.request(PERSON, LIQUOR, 'birthdate', 'age_over_20')
    const gov = await wallet.personaId(PERSON, 'gov')
    expect(await wallet.port.offer(asked, gov, wallet.clock.now())).toEqual({
      outcome: 'unsatisfiable',
      claims: [{ name: 'birthdate', reason: 'NOT_REGISTERED' }],
    })
    await expect(
      wallet.port.prepareConsent(asked, gov, [], [], wallet.clock.now()),
    ).rejects.toThrow(conflict)
  })

  test('never includes the individual number, not even as an option', async () => {
    const asked = wallet.request(PERSON, LIQUOR, 'age_over_20', 'individual_number?')
    expect(await wallet.port.offer(asked, personaId, wallet.clock.now())).toEqual({
      outcome: 'unsatisfiable',
      claims: [{ name: 'individual_number', reason: 'FORBIDDEN' }],
    })
  })

  test('keeps to the personas it is registered for', async () => {
    await wallet.register(BANK)
    const asked = wallet.request(PERSON, BANK, 'name')
    expect(await wallet.port.offer(asked, personaId, wallet.clock.now())).toMatchObject({
      outcome: 'unsatisfiable',
      claims: [{ name: 'name', reason: 'NOT_ALLOWED_BY_PERSONA' }],
    })
    const gov = await wallet.personaId(PERSON, 'gov')
    expect(await wallet.port.offer(asked, gov, wallet.clock.now())).toMatchObject({
      outcome: 'offered',
    })
  })

  test('is at most two age limits of one persona, over all its requests', async () => {
    await wallet.register(withPurpose({ claims: ['birthdate'] }), 2)
    const ask = (...names: string[]) => wallet.request(PERSON, LIQUOR, ...names)
    const at = wallet.clock.now()
    await wallet.release(ask('age_over_20'), personaId)
    await wallet.release(ask('age_over_18', 'age_over_20'), personaId)
    const third = await wallet.port.offer(ask('age_over_60?', 'age_over_20'), personaId, at)
    expect(third).toEqual({
      outcome: 'unsatisfiable',
      claims: [
        { name: 'age_over_60', reason: 'FORBIDDEN' },
        { name: 'age_over_20', reason: 'FORBIDDEN' },
      ],
    })
    await expect(wallet.release(ask('age_over_18'), personaId)).resolves.toBeDefined()
  })
})

describe('redelivery', () => {
  test('gives the same again to the same relying party, for less than an hour', async () => {
    const issued = await wallet.release(request, personaId)
    const { releaseId } = issued
    const again = (rpId: string) => wallet.port.released(releaseId, rpId, wallet.clock.now())
    expect(await again('liquor')).toEqual(issued)
    expect(await again('bank')).toBeUndefined()
    wallet.clock.advance(54 * 60 * 1000)
    expect(await again('liquor')).toEqual(issued)
    wallet.clock.advance(60 * 1000)
    expect(await again('liquor')).toBeUndefined()
  })

  test('leaves no value and no key after the sweep', async () => {
    await wallet.release(request, personaId)
    const keysBefore = await wallet.database.read((tx) =>
      wallet.parts.keyStore.ofPerson(tx, PERSON),
    )
    wallet.clock.advance(55 * 60 * 1000)
    await wallet.sweep(wallet.clock.now())
    const keys = await wallet.database.read((tx) => wallet.parts.keyStore.ofPerson(tx, PERSON))
    expect(keysBefore.map((k) => k.keyClass)).toContain('release')
    expect(keys.map((k) => k.keyClass)).not.toContain('release')
  })
})

describe('a refusal', () => {
  test('is an event and a line in the ledger, once', async () => {
    const at = wallet.clock.now()
    await wallet.port.refuse(request, personaId, 'REFUSED_BY_PERSON', at)
    await wallet.port.refuse(request, personaId, 'REFUSED_BY_PERSON', at)
    expect(wallet.published.map((e) => e.type)).toEqual(['watashi.wallet.v1.ReleaseRefused'])
    const { entries, intact } = await wallet.person.ledger(PERSON)
    expect(intact).toBe(true)
    expect(entries).toMatchObject([
      {
        status: 'refused',
        rp: { rpId: 'liquor' },
        persona: { kind: 'priv', label: 'プライベート' },
        canRevoke: false,
        claims: [{ name: 'age_over_20' }, { name: 'municipality' }],
      },
    ])
    await expect(prepare()).rejects.toThrow(conflict)
  })

  test('cannot take back what was given', async () => {
    await wallet.release(request, personaId)
    await expect(
      wallet.port.refuse(request, personaId, 'REFUSED_BY_PERSON', wallet.clock.now()),
    ).rejects.toThrow(conflict)
  })
})
