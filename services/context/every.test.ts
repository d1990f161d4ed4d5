import { describe, expect, test } from 'vitest'
import type { LogCode, LogFields } from '../kernel/log.ts'
import { every } from './every.ts'

/** One millisecond between runs, and what was logged. */
function recurrence(backOff = { first: 1, last: 4 }) {
  const stopping = new AbortController()
  const logged: [LogCode, LogFields | undefined][] = []
  const { signal } = stopping
  const log = { warn: (code: LogCode, fields?: LogFields) => void logged.push([code, fields]) }
  const settings = { name: 'sweep', milliseconds: 1, signal, log, backOff }
  return { settings, logged, stop: () => stopping.abort() }
}

/** As pg reports a server that is not there. */
function away(): Error {
  return Object.assign(new Error('connect failed'), { code: 'ECONNREFUSED' })
}

test('the work comes back until it is told to stop', async () => {
  const { settings, logged, stop } = recurrence()
  let runs = 0
  await every(settings, async () => {
    runs += 1
    if (runs === 3) stop()
  })
  expect(runs).toBe(3)
  expect(logged).toEqual([])
})

describe('a database that is away', () => {
  test('is waited for, longer each time and never longer than the limit', async () => {
    const { settings, logged, stop } = recurrence()
    let runs = 0
    await every(settings, async () => {
      runs += 1
      if (runs <= 4) throw new Error('a query failed', { cause: away() })
      stop()
    })
    expect(runs).toBe(5)
    expect(logged).toEqual(
      [1, 2, 4, 4].map((milliseconds) => ['TIMER_RETRY', { timer: 'sweep', milliseconds }]),
    )
  })

  test('makes the next absence start from the shortest wait again', async () => {
    const { settings, logged, stop } = recurrence()
    const outcomes = ['away', 'away', 'there', 'away', 'stop']
    await every(settings, async () => {
      const outcome = outcomes.shift()
      if (outcome === 'away') throw away()
      if (outcome === 'stop') stop()
    })
    expect(logged.map(([, fields]) => fields?.milliseconds)).toEqual([1, 2, 1])
  })

  test('does not hold up the end', async () => {
    const { settings, stop } = recurrence({ first: 600_000, last: 600_000 })
    await every({ ...settings, log: { warn: stop } }, () => Promise.reject(away()))
  })
})

test.each([
  ['a mistake of the program', new TypeError('a fault')],
  ['a refusal of the database', Object.assign(new Error('no such table'), { code: '42P01' })],
])('%s ends it at once', async (_, fault) => {
  const { settings, logged } = recurrence()
  let runs = 0
  const work = (): Promise<void> => {
    runs += 1
    return Promise.reject(fault)
  }
  await expect(every(settings, work)).rejects.toBe(fault)
  expect(runs).toBe(1)
  expect(logged).toEqual([])
})
