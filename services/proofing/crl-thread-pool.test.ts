import { afterAll, describe, expect, test } from 'vitest'
import { issueAuthority, issueCertificate, issueCrl, NOW } from '../../test/pki/issue.ts'
import { issueLargeCrl, serialInLargeCrl } from '../../test/pki/large-crl.ts'
import { parseCertificate } from '../jpki/certificate.ts'
import { toHex } from '../kernel/bytes.ts'
import { createCrlDesk, LARGE_CRL } from './crl-thread-pool.ts'

const authority = issueAuthority('signature')
const desk = createCrlDesk()
afterAll(() => desk.close())

const ENTRIES = 40_000
const large = issueLargeCrl(authority, { entries: ENTRIES })
const question = {
  issuer: authority.anchor,
  at: NOW,
  freshness: { maximumAge: 36 * 3_600_000, clockSkew: 60_000 },
}
const about = (serial: Uint8Array) => ({
  ...question,
  certificate: parseCertificate(issueCertificate(authority, { serial }).der),
})

describe('a list above a megabyte', () => {
  test('answers as a small one does', async () => {
    expect(large.length).toBeGreaterThan(LARGE_CRL)
    const list = await desk.verify(large, authority.anchor)
    if (typeof list === 'string') throw new Error(list)
    expect(list.number).toBe(7n)
    expect(await list.status(about(serialInLargeCrl(ENTRIES - 1)))).toMatchObject({
      status: 'revoked',
      reason: 'affiliationChanged',
      revokedAt: new Date('2026-05-31T22:00:00Z'),
    })
    expect(await list.status(about(Uint8Array.of(1)))).toMatchObject({ status: 'good' })
    const lowest = { ...about(Uint8Array.of(1)), lowestNumber: 8n }
    expect(await list.status(lowest)).toMatchObject({ cause: 'OLDER_THAN_KNOWN' })
    const foreign = issueAuthority('authentication').anchor
    const other = { ...about(Uint8Array.of(1)), issuer: foreign }
    expect(await list.status(other)).toMatchObject({ cause: 'WRONG_ISSUER' })
    list.release()
  })

  test('is refused for what a small one is refused for', async () => {
    const spoilt = issueLargeCrl(authority, {
      entries: ENTRIES,
      spoil: (signature) => signature.map((octet) => octet ^ 1),
    })
    expect(await desk.verify(spoilt, authority.anchor)).toBe('BAD_SIGNATURE')
    const cut = large.subarray(0, large.length - 5)
    expect(await desk.verify(cut, authority.anchor)).toBe('MALFORMED')
  })

  test('is compared by what differs', async () => {
    const later = issueLargeCrl(authority, { entries: ENTRIES + 2, number: 8 })
    const added = [ENTRIES, ENTRIES + 1].map((n) => toHex(serialInLargeCrl(n)))
    expect((await desk.difference(large, later)).map(toHex)).toEqual(added)
    expect((await desk.difference(later, large)).map(toHex)).toEqual(added)
    expect(await desk.difference(large, large)).toEqual([])
  })

  test('lets nothing else wait while it is verified', async () => {
    let turns = 0
    const timer = setInterval(() => (turns += 1), 1)
    await desk.verify(large, authority.anchor)
    clearInterval(timer)
    // In this thread no timer would turn before the list is done.
    expect(turns).toBeGreaterThan(1)
  })
})

test('a small list is compared entry by entry: a new reason is a difference as well', async () => {
  const serial = Uint8Array.of(0x21)
  const held = issueCrl(authority, { revoked: [{ serial, reason: 6 }] })
  const ended = issueCrl(authority, { revoked: [{ serial, reason: 5 }] })
  expect((await desk.difference(held, ended)).map(toHex)).toEqual(['21'])
  expect(await desk.difference(held, held)).toEqual([])
  expect((await desk.difference(held, issueCrl(authority))).map(toHex)).toEqual(['21'])
})

test('after its end it answers nobody', async () => {
  const ending = createCrlDesk()
  const list = await ending.verify(large, authority.anchor)
  if (typeof list === 'string') throw new Error(list)
  await ending.close()
  await expect(list.status(about(Uint8Array.of(1)))).rejects.toThrow('the thread has ended')
  list.release()
})
