import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { japaneseDate } from '../kernel/calendar.ts'
import { hasReachedAge } from './age.ts'

describe('an age is reached', () => {
  test.each([
    ['the day before', '2006-04-02', 20, '2026-04-01T23:59:59+09:00', false],
    [
      'on the birthday, from midnight in Japan',
      '2006-04-02',
      20,
      '2026-04-02T00:00:00+09:00',
      true,
    ],
    ['while it is still the day before in UTC', '2006-04-02', 20, '2026-04-01T15:00:00Z', true],
    ['a second before midnight in Japan', '2006-04-02', 20, '2026-04-01T14:59:59Z', false],
    ['born on 29 February, in a leap year', '2004-02-29', 20, '2024-02-29T00:00:00+09:00', true],
    ['born on 29 February, on 28 February', '2004-02-29', 18, '2022-02-28T23:59:59+09:00', false],
    [
      'born on 29 February, on 1 March of a common year',
      '2004-02-29',
      18,
      '2022-03-01T00:00:00+09:00',
      true,
    ],
    [
      'born on 29 February, 1 March came before in a leap year',
      '2004-02-29',
      20,
      '2024-02-28T23:59:59+09:00',
      false,
    ],
    ['in a century that is no leap year', '2080-02-29', 20, '2100-02-28T12:00:00+09:00', false],
    [
      'in a century that is no leap year, 1 March',
      '2080-02-29',
      20,
      '2100-03-01T00:00:00+09:00',
      true,
    ],
    ['born on 1 January', '2008-01-01', 18, '2025-12-31T15:00:00Z', true],
    ['born on 31 December', '2007-12-31', 18, '2025-12-31T00:00:00+09:00', true],
    ['long ago', '1911-01-01', 65, '2026-01-01T00:00:00+09:00', true],
    ['not born yet', '2027-01-01', 0, '2026-01-01T00:00:00+09:00', false],
  ])('%s', (_name, birthdate, years, at, reached) => {
    expect(hasReachedAge(birthdate, years, new Date(at))).toBe(reached)
  })

  test('once, for good, and the lower ages before the higher', () => {
    const day = fc
      .date({ min: new Date('1920-01-01'), max: new Date('2020-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10))
    const at = fc.date({
      min: new Date('2021-01-01'),
      max: new Date('2080-01-01'),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(
        day,
        at,
        fc.nat(100),
        fc.nat(10),
        fc.nat(1e10),
        (birthdate, now, age, more, later) => {
          if (!hasReachedAge(birthdate, age, now)) {
            return !hasReachedAge(birthdate, age + more, now)
          }
          return hasReachedAge(birthdate, age, new Date(now.getTime() + later))
        },
      ),
    )
  })
})

test('the day in Japan begins at 15:00 UTC', () => {
  expect(japaneseDate(new Date('2026-01-31T14:59:59Z'))).toBe('2026-01-31')
  expect(japaneseDate(new Date('2026-01-31T15:00:00Z'))).toBe('2026-02-01')
})
