import { describe, expect, test } from 'vitest'
import type { LedgerEntry } from '../api/wallet.ts'
import { canShowCode, takenBack, timesHandedOver } from './ledger-lines.ts'

const AT = '2026-11-26T03:00:00.000Z'
const ENTRY: LedgerEntry = {
  entryId: 'entry-1',
  at: AT,
  status: 'released',
  rp: { rpId: 'shop', name: { ja: '店', en: 'Shop' }, controller: { ja: '店', en: 'Shop' } },
  purpose: { title: { ja: '年齢', en: 'Age' }, retentionDays: 30, legalBasis: 'consent' },
  persona: null,
  claims: [],
  levels: [],
  releaseId: 'release-1',
  canRevoke: true,
  deletionContact: '',
  reason: null,
}
const minutesLater = (minutes: number) => Date.parse(AT) + minutes * 60_000

describe('a code for the desk', () => {
  test('can be made of a release in force until 55 minutes have passed', () => {
    expect(canShowCode(ENTRY, minutesLater(54.9))).toBe(true)
    expect(canShowCode(ENTRY, minutesLater(55))).toBe(false)
  })

  test.each([
    ['one that has ended', { canRevoke: false }],
    ['one handed over at a desk: the first line counts', { reason: 'RECEPTION_TICKET' }],
    ['a line without a readable time', { at: 'yesterday' }],
  ])('cannot be made of %s', (_name, change) => {
    expect(canShowCode({ ...ENTRY, ...change }, minutesLater(1))).toBe(false)
  })
})

test('a release was handed over as often as its own lines say so', () => {
  const handed = { ...ENTRY, reason: 'RECEPTION_TICKET' }
  const other = { ...handed, releaseId: 'release-2' }
  expect(timesHandedOver({ entries: [ENTRY, other] }, 'release-1')).toBe(0)
  expect(timesHandedOver({ entries: [handed, ENTRY, handed] }, 'release-1')).toBe(2)
})

describe('a release that was taken back', () => {
  const later = { ...ENTRY, entryId: 'entry-2', at: '2026-11-26T04:00:00.000Z' }

  test('is found by the line of its end', () => {
    const revoked = { ...later, status: 'revoked' } as const
    expect(takenBack([revoked, ENTRY])).toEqual(new Map([['release-1', later.at]]))
  })

  test.each(['released', 'expired', 'erased', 'refused'] as const)(
    'is not one that is followed by a line of %s',
    (status) => {
      expect(takenBack([{ ...later, status }, ENTRY]).size).toBe(0)
    },
  )

  test('is not mixed up with others, nor with lines of no release', () => {
    const other = { ...later, status: 'revoked', releaseId: 'release-2' } as const
    const none = { ...later, status: 'revoked', releaseId: null } as const
    expect([...takenBack([other, none, ENTRY]).keys()]).toEqual(['release-2'])
  })
})
