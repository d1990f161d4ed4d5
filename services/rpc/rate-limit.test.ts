import { expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { TooManyRequests } from '../kernel/errors.ts'
import { RateLimiter } from './rate-limit.ts'

const clock = () => new FrozenClock('2026-11-26T09:00:00Z')

test('takes a burst, then one call per interval', () => {
  const time = clock()
  const limiter = new RateLimiter({ perSecond: 2, burst: 3 }, time)
  for (let i = 0; i < 3; i++) limiter.take('a')
  expect(() => limiter.take('a')).toThrow(TooManyRequests)
  time.advance(500)
  limiter.take('a')
  expect(() => limiter.take('a')).toThrow(TooManyRequests)
})
test('a refused call does not postpone the next one', () => {
  const time = clock()
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 }, time)
  limiter.take('a')
  for (let i = 0; i < 100; i++) expect(() => limiter.take('a')).toThrow(TooManyRequests)
  time.advance(1000)
  limiter.take('a')
})
test('one caller does not use up what another has', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 }, clock())
  limiter.take('a')
  limiter.take('b')
})
test('says in whole seconds when to come back', () => {
  const limiter = new RateLimiter({ perSecond: 0.2, burst: 1 }, clock())
  limiter.take('a')
  expect(() => limiter.take('a')).toThrow(expect.objectContaining({ retryAfterSeconds: 5 }))
})
