import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTime } from './dates.ts'

const digits = (length: number, max: number) =>
  fc.integer({ min: 0, max }).map((number) => String(number).padStart(length, '0'))

test('instants in the usual form are read as the library reads them in any other', () => {
  const parts = fc.tuple(
    fc.oneof(digits(4, 9999), digits(4, 150)),
    digits(2, 13),
    digits(2, 32),
    digits(2, 25),
    digits(2, 61),
    digits(2, 61),
  )
  fc.assert(
    fc.property(parts, ([year, month, day, hour, minute, second]) => {
      const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`
      // Another form of the same instant goes to the library.
      expect(readTime(`${text}Z`, 'UTC')).toBe(readTime(`${text}+00:00`, 'UTC'))
    }),
    { numRuns: 3000 },
  )
})

test.each([
  '2026-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:60:00Z',
  '2026-01-01 00:00:00Z',
  '2026-01-01T00:00:00X',
  '2026/01/01T00:00:00Z',
  '+026-01-01T00:00:00Z',
  '2026-01-01T0 :00:00Z',
])('%s is no instant', (text) => {
  expect(readTime(text, 'UTC')).toBeUndefined()
})

test('an instant in the usual form, and a day in its zone', () => {
  expect(readTime('2024-02-29T23:59:59Z', 'UTC')).toBe(Date.UTC(2024, 1, 29, 23, 59, 59) / 1000)
  expect(readTime('2024-02-29', 'Asia/Tokyo')).toBe(Date.UTC(2024, 1, 28, 15) / 1000)
})
