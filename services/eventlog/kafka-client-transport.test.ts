import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { protocolErrorCode, stopIdleTimers } from './kafka-client-transport.ts'

describe('the timers of the client', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
  afterEach(() => void vi.useRealTimers())

  const schedule = (queue: { pending: unknown[]; throttledUntil: number }): number => {
    expect(stopIdleTimers()).toBe(true)
    const { scheduleCheckPendingRequests } = RequestQueue.prototype
    scheduleCheckPendingRequests?.call({ ...queue })
    return vi.getTimerCount()
  }

  test('rest while nothing is pending', () => {
    expect(schedule({ pending: [], throttledUntil: -1 })).toBe(0)
  })

  test('run while a request is pending or the broker throttles', () => {
    expect(schedule({ pending: [{}], throttledUntil: -1 })).toBe(1)
    expect(schedule({ pending: [], throttledUntil: 1_000_500 })).toBe(2)
  })
})

test('finds the protocol error under the wrappings of the client', () => {
  const inner = Object.assign(new Error('inner'), { code: 10 })
  const outer = new Error('retries exceeded', { cause: new Error('middle', { cause: inner }) })
  expect(protocolErrorCode(outer)).toBe(10)
  expect(protocolErrorCode(new Error('plain'))).toBeUndefined()
  expect(
    protocolErrorCode(Object.assign(new Error('system'), { code: 'ECONNREFUSED' })),
  ).toBeUndefined()
})
