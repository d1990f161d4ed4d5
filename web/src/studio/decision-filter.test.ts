import { expect, test } from 'vitest'
import { chosen, CHOICES, EVERYTHING, rangeOf } from './decision-filter.ts'

test('asks for what was given alone, without the spaces around it', () => {
  expect(rangeOf(EVERYTHING)).toEqual({})
  expect(rangeOf({ ...EVERYTHING, relyingParty: ' bank ', axis: '  ', occasion: 'check' })).toEqual(
    {
      relyingParty: 'bank',
      occasion: 'check',
    },
  )
})

test('a day begins at midnight of the reader, and what is no day asks for nothing', () => {
  const { from, until } = rangeOf({ ...EVERYTHING, from: '2026-06-01', until: '2026-13-45' })
  expect(from).toBe(new Date(2026, 5, 1).toISOString())
  expect(until).toBeUndefined()
})

test('takes from a list what is in it alone', () => {
  expect(chosen(CHOICES.occasion, 'login')).toBe('login')
  expect(chosen(CHOICES.occasion, 'toString')).toBe('')
})
