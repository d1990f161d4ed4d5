import { expect, test } from 'vitest'
import { dateTime, day, days, local, retention, timeOfDay } from './format.ts'

test('a calendar date is the same day in every zone', () => {
  expect(day('ja', '1990-04-01')).toBe('1990年4月1日')
  expect(day('en', '1990-04-01')).toBe('April 1, 1990')
})

test('what is no date is shown as it is', () => {
  for (const text of ['', 'yesterday', '2026-13-45'])
    for (const form of [dateTime, timeOfDay, day]) expect(form('en', text)).toBe(text)
})

test('days are counted in words', () => {
  expect(days('en', 1)).toBe('1 day')
  expect(days('en', 30)).toBe('30 days')
})

test('a long time is told in years, without the leap days in them', () => {
  expect(retention('en', 364)).toBe('364 days')
  expect(retention('en', 365)).toBe('1 year')
  expect(retention('en', 2557)).toBe('7 years')
  expect(retention('ja', 2557)).toBe('7 年')
  expect(retention('en', 400)).toBe('1 year 35 days')
})

test('a text missing in one language is shown in Japanese', () => {
  expect(local('en', { ja: '図書館', en: 'Library' })).toBe('Library')
  expect(local('en', { ja: '図書館', en: '' })).toBe('図書館')
})
