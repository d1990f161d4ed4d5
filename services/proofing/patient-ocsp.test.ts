import { describe, expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { Unavailable } from '../kernel/errors.ts'
import { createLog } from '../kernel/log.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { patientOcsp } from './patient-ocsp.ts'

const request = new Uint8Array([1])
const answer = new Uint8Array([2])

function responder() {
  const clock = new FrozenClock('2026-06-01T03:00:00Z')
  const waits: number[] = []
  const logged: string[] = []
  const at = { up: true, asked: 0, fault: undefined as Error | undefined }
  const source = patientOcsp(
    {
      async fetchOcsp() {
        at.asked += 1
        if (at.fault !== undefined) throw at.fault
        if (!at.up) throw new Unavailable('down')
        return answer
      },
    },
    {
      clock,
      random: { bytes: () => Uint8Array.of(255) },
      log: createLog('debug', { write: (line) => logged.push(line) }),
      wait: async (milliseconds) => {
        waits.push(milliseconds)
      },
    },
  )
  const fail = (uri = 'http://a') =>
    expect(source.fetchOcsp(uri, request)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  return { clock, waits, logged, at, source, fail }
}

describe('a responder', () => {
  test('that answers is asked once', async () => {
    const { source, at } = responder()
    expect(await source.fetchOcsp('http://a', request)).toBe(answer)
    expect(at.asked).toBe(1)
  })

  test('that does not is asked once more, after a short while', async () => {
    const { fail, at, waits } = responder()
    at.up = false
    await fail()
    expect(at.asked).toBe(2)
    expect(waits).toEqual([300])
  })

  test('is not asked again for a fault of our own', async () => {
    const { source, at } = responder()
    at.fault = new TypeError('ours')
    await expect(source.fetchOcsp('http://a', request)).rejects.toBe(at.fault)
    expect(at.asked).toBe(1)
  })

  test('is left alone after five questions, then probed by one, and asked by all when that went well', async () => {
    const { source, fail, at, clock, logged } = responder()
    at.up = false
    for (let i = 0; i < 5; i += 1) await fail()
    expect(at.asked).toBe(10)
    await fail()
    expect(at.asked).toBe(10)
    // Another one is not taken for it.
    await fail('http://b')
    expect(at.asked).toBe(12)

    clock.advance(30_000)
    await Promise.all([fail(), fail()])
    expect(at.asked).toBe(14)
    await fail()
    expect(at.asked).toBe(14)

    at.up = true
    clock.advance(30_000)
    await source.fetchOcsp('http://a', request)
    await source.fetchOcsp('http://a', request)
    expect(at.asked).toBe(16)
    const codes = logged.map((line) => (JSON.parse(line) as { msg: string }).msg)
    expect(codes).toEqual(['OCSP_CIRCUIT_OPENED', 'OCSP_CIRCUIT_OPENED', 'OCSP_CIRCUIT_CLOSED'])
  })
})

test('failures that are not in a row open no circuit', () => {
  const breaker = new CircuitBreaker({ failures: 2, pause: 1_000 })
  const now = new Date(0)
  for (let i = 0; i < 5; i += 1) {
    expect(breaker.admits(now)).toBe(true)
    expect(breaker.failed(now)).toBe(false)
    breaker.succeeded()
  }
  expect(breaker.state(now)).toBe('closed')
})
