import { expect, test } from 'vitest'
import { BackOff } from './back-off.ts'

test('doubles up to the last pause, and begins again after a success', () => {
  const backOff = new BackOff({ first: 100, last: 350 })
  expect([backOff.next(), backOff.next(), backOff.next(), backOff.next()]).toEqual([
    100, 200, 350, 350,
  ])
  backOff.reset()
  expect(backOff.next()).toBe(100)
})
