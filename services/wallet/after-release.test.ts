import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ReleaseRevoked } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import type { IssuedRelease } from './ports.ts'
import { LIBRARY, LIQUOR, openTemporaryWallet, type TemporaryWallet } from './temporary-wallet.ts'

const PERSON = 'subject-1'
let wallet: TemporaryWallet
let issued: IssuedRelease
let personaId: string

beforeEach(async () => {
  wallet = await openTemporaryWallet()
  await wallet.register(LIQUOR)
  await wallet.register(LIBRARY)
  await wallet.enrol(PERSON)
  await wallet.enrol('subject-2')
  personaId = await wallet.personaId(PERSON, 'priv')
  issued = await wallet.release(wallet.request(PERSON, LIQUOR, 'age_over_20'), personaId)
})
afterEach(() => wallet[Symbol.asyncDispose]())

const now = () => wallet.clock.now()
const notFound = expect.objectContaining({ code: 'NOT_FOUND' }) as Error
const revoked = () =>
  wallet.published
    .filter((event) => event.type.endsWith('ReleaseRevoked'))
    .map((event) => ReleaseRevoked.decode(event.value).reason)

describe('revoking a release', () => {
  test('by the person ends it at once, once', async () => {
    expect((await wallet.person.ledger(PERSON)).entries[0]?.canRevoke).toBe(true)
    await wallet.person.revoke(PERSON, issued.releaseId, now())
    await wallet.person.revoke(PERSON, issued.releaseId, now())
    expect(revoked()).toEqual(['BY_PERSON'])
    expect(await wallet.port.released(issued.releaseId, 'liquor', now())).toBeUndefined()
    const { entries, intact } = await wallet.person.ledger(PERSON)
    expect(intact).toBe(true)
    expect(entries.map(({ status, canRevoke }) => [status, canRevoke])).toEqual([
      ['revoked', false],
      ['released', false],
    ])
  })
  test('by the relying party ends it at once, once', async () => {
    await wallet.port.revokeByRelyingParty(issued.releaseId, 'liquor', now())
    await wallet.port.revokeByRelyingParty(issued.releaseId, 'liquor', now())
    await wallet.person.revoke(PERSON, issued.releaseId, now())
    expect(revoked()).toEqual(['BY_RELYING_PARTY'])
  })
  test('is for nobody else', async () => {
    await expect(wallet.person.revoke('subject-2', issued.releaseId, now())).rejects.toThrow(
      notFound,
    )
    await expect(
      wallet.port.revokeByRelyingParty(issued.releaseId, 'library', now()),
    ).rejects.toThrow(notFound)
    await expect(wallet.person.revoke(PERSON, 'unknown', now())).rejects.toThrow(notFound)
    expect(revoked()).toEqual([])
  })
  test('needs a release, not an offer', async () => {
    const request = wallet.request(PERSON, LIQUOR, 'age_over_20')
    const { releaseId } = await wallet.port.prepareConsent(request, personaId, [], [], now())
    await expect(wallet.person.revoke(PERSON, releaseId, now())).rejects.toThrow(notFound)
  })
  test('destroys what was kept for redelivery', async () => {
    await wallet.person.revoke(PERSON, issued.releaseId, now())
    const { keyStore } = wallet.parts
    const keys = await wallet.database.read((tx) => keyStore.ofPerson(tx, PERSON))
    expect(keys.map(({ keyClass }) => keyClass)).not.toContain('release')
  })
})

describe('the end of the retention', () => {
  test('ends a release, as the ledger says', async () => {
    wallet.clock.advance(29 * 24 * 3_600_000)
    await wallet.sweep(now())
    expect((await wallet.person.ledger(PERSON)).entries).toMatchObject([{ canRevoke: true }])
    wallet.clock.advance(24 * 3_600_000)
    await wallet.sweep(now())
    await wallet.sweep(now())
    const { entries } = await wallet.person.ledger(PERSON)
    expect(entries.map(({ status, reason }) => [status, reason])).toEqual([
      ['expired', 'RETENTION_ENDED'],
      ['released', null],
    ])
    await wallet.person.revoke(PERSON, issued.releaseId, now())
    expect(revoked()).toEqual([])
  })
})

describe('an offer that nobody answered', () => {
  test('is closed by the sweep', async () => {
    const request = wallet.request(PERSON, LIQUOR, 'age_over_20')
    await wallet.port.prepareConsent(request, personaId, [], [], now())
    wallet.clock.advance(66 * 60_000)
    await wallet.sweep(now())
    expect((await wallet.person.ledger(PERSON)).entries[0]).toMatchObject({
      status: 'expired',
      reason: 'EXPIRED',
    })
  })
})

describe('deposits', () => {
  test('of proofings that did not commit are swept after ten minutes, committed ones never', async () => {
    const { vault, parts } = wallet
    for (const id of ['lost', 'late']) {
      await vault.deposit(id, await wallet.sealDeposit(id, { asOf: '2026-01-01', gender: '1' }))
    }
    wallet.committed.add('late')
    const waiting = (id: string) => wallet.database.read((tx) => parts.deposits.waiting(tx, id))
    wallet.clock.advance(9 * 60_000)
    await wallet.sweep(now())
    expect(await waiting('lost')).toBeDefined()
    wallet.clock.advance(2 * 60_000)
    await wallet.sweep(now())
    expect(await waiting('lost')).toBeUndefined()
    expect(await waiting('late')).toBeDefined()
    wallet.clock.advance(86_400_000)
    await wallet.sweep(now())
    expect(await waiting('late')).toBeDefined()
    const keys = await wallet.database.read((tx) => parts.keyStore.ofClass(tx, 'deposit'))
    expect(keys).toHaveLength(1)
  })
})

describe('a reception ticket', () => {
  const make = () => wallet.person.createTicket(PERSON, issued.releaseId, now())
  const redeem = (ticket: string, rpId = 'liquor') => wallet.port.redeemTicket(ticket, rpId, now())

  test('gives the release to a reader of the sector, once', async () => {
    const { ticket, url } = await make()
    expect(ticket).toMatch(/^[A-Za-z0-9_-]{22}$/)
    expect(url).toBe(`http://localhost:8080/t/${ticket}`)
    expect(await redeem(ticket)).toEqual(issued)
    expect(await redeem(ticket)).toBeUndefined()
    expect((await wallet.person.ledger(PERSON)).entries[0]).toMatchObject({
      status: 'released',
      reason: 'RECEPTION_TICKET',
    })
  })
  test('redeemed by two readers at once gives to one', async () => {
    const { ticket } = await make()
    const both = await Promise.all([redeem(ticket), redeem(ticket)])
    expect(both.filter((release) => release !== undefined)).toHaveLength(1)
  })
  test('says nothing about why it does not work', async () => {
    const { ticket } = await make()
    expect(await redeem(ticket, 'library')).toBeUndefined()
    expect(await redeem(ticket, 'unknown')).toBeUndefined()
    expect(await redeem('')).toBeUndefined()
    expect(await redeem('x'.repeat(5000))).toBeUndefined()
    await wallet.register({ ...LIQUOR, active: false }, 2)
    expect(await redeem(ticket)).toBeUndefined()
    await wallet.register(LIQUOR, 3)
    wallet.clock.advance(60_000)
    expect(await redeem(ticket)).toBeUndefined()
  })
  test('ends with the release', async () => {
    const { ticket } = await make()
    await wallet.person.revoke(PERSON, issued.releaseId, now())
    expect(await redeem(ticket)).toBeUndefined()
    await expect(make()).rejects.toThrow(expect.objectContaining({ code: 'CONFLICT' }))
  })
  test('is made for one’s own release alone', async () => {
    const of = (person: string, id: string) => wallet.person.createTicket(person, id, now())
    await expect(of('subject-2', issued.releaseId)).rejects.toThrow(notFound)
    await expect(of(PERSON, 'unknown')).rejects.toThrow(notFound)
  })
  test('does not stand in the database', async () => {
    const { ticket } = await make()
    const { readFileSync } = await import('node:fs')
    const bytes = Buffer.concat([readFileSync(wallet.file), readFileSync(`${wallet.file}-wal`)])
    expect(bytes.includes(ticket)).toBe(false)
  })
})

describe('pseudonyms', () => {
  const of = (persona: string, sector = 'retail', person = PERSON) =>
    wallet.port.pairwiseSubject(person, sector, persona)

  test('stay, and lead back to the person in their sector alone', async () => {
    expect(await of(personaId)).toBe(issued.pairwiseSubject)
    expect(await wallet.port.resolve('retail', issued.pairwiseSubject)).toEqual({
      subjectRef: PERSON,
      personaId,
    })
    expect(await wallet.port.resolve('libraries', issued.pairwiseSubject)).toBeUndefined()
  })
  test('differ for every persona and sector', async () => {
    const gov = await wallet.personaId(PERSON, 'gov')
    const all = [
      await of(personaId),
      await of(gov),
      await of(personaId, 'libraries'),
      await of(gov, 'libraries'),
    ]
    expect(new Set(all).size).toBe(4)
    expect([...(await wallet.port.pairwiseSubjects(PERSON, 'retail'))].sort()).toEqual(
      all.slice(0, 2).sort(),
    )
  })
  test('are not made for another person’s persona', async () => {
    await expect(of(personaId, 'retail', 'subject-2')).rejects.toThrow(notFound)
    await expect(wallet.port.bindPersona('subject-2', 'retail', personaId)).rejects.toThrow(
      notFound,
    )
  })
  test('the persona shown to a sector is remembered, and can be another later', async () => {
    expect(await wallet.port.boundPersona(PERSON, 'retail')).toMatchObject({ personaId })
    const gov = await wallet.personaId(PERSON, 'gov')
    await wallet.port.bindPersona(PERSON, 'retail', gov)
    expect(await wallet.port.boundPersona(PERSON, 'retail')).toMatchObject({ kind: 'gov' })
    expect(await wallet.port.boundPersona(PERSON, 'libraries')).toBeUndefined()
  })
})

describe('what two sectors can tell by comparing', () => {
  /** Every leaf by the number of its first occurrence. */
  function pattern(...views: IssuedRelease[]): number[] {
    const seen: unknown[] = []
    const leaves = views.flatMap(({ releaseId, pairwiseSubject, expiresAt, claims }) => [
      releaseId,
      pairwiseSubject,
      expiresAt.toISOString(),
      ...claims.flatMap(({ name, value }) => [name, value]),
    ])
    return leaves.map((leaf) => (seen.includes(leaf) ? seen.indexOf(leaf) : seen.push(leaf) - 1))
  }
  const ask = async (person: string, rp: typeof LIQUOR, kind: 'gov' | 'priv' = 'priv') => {
    const persona = await wallet.personaId(person, kind)
    await wallet.port.bindPersona(person, rp.sectorId, persona)
    return wallet.release(wallet.request(person, rp, 'municipality'), persona)
  }

  test.each([0, 1, 59 * 60_000 * 0.5, 3 * 3_600_000])(
    'is the same for one person and for two alike, %i ms apart',
    async (gap) => {
      wallet.clock.set('2026-11-26T03:00:00Z')
      const [one, other] = [await ask(PERSON, LIQUOR), await ask('subject-2', LIQUOR)]
      wallet.clock.advance(gap)
      const samePerson = await ask(PERSON, LIBRARY)
      expect(pattern(one, samePerson)).toEqual(pattern(other, samePerson))
      const otherPersona = await ask(PERSON, LIQUOR, 'gov')
      const otherPerson = await ask('subject-2', LIQUOR, 'gov')
      expect(pattern(one, otherPersona)).toEqual(pattern(one, otherPerson))
    },
  )
})

describe('the ledger in the database', () => {
  test.each(['hash', 'sealed'] as const)(
    'shows that the %s of an entry was changed',
    async (column) => {
      const { default: Sqlite } = await import('better-sqlite3')
      await wallet.person.revoke(PERSON, issued.releaseId, now())
      expect((await wallet.person.ledger(PERSON)).intact).toBe(true)
      const connection = new Sqlite(wallet.file)
      connection
        .prepare(
          `update wallet_ledger_entry set ${column} = zeroblob(length(${column})) where sequence = 1`,
        )
        .run()
      connection.close()
      expect((await wallet.person.ledger(PERSON)).intact).toBe(false)
    },
  )
  test('shows that the last entry was removed', async () => {
    const { default: Sqlite } = await import('better-sqlite3')
    const connection = new Sqlite(wallet.file)
    connection.prepare('delete from wallet_ledger_entry where sequence = 1').run()
    connection.close()
    expect(await wallet.person.ledger(PERSON)).toEqual({ entries: [], intact: false })
  })
})
