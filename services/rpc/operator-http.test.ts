import { afterEach, describe, expect, test } from 'vitest'
import { NotFound } from '../kernel/errors.ts'
import { createOperatorFace, type OperatorFace } from './operator-http.ts'

async function* many(count: number, fault?: Error): AsyncGenerator<object> {
  for (let n = 1; n <= count; n += 1) yield Promise.resolve({ n })
  if (fault !== undefined) throw fault
}

let face: OperatorFace
let logged: unknown[]
afterEach(() => face.close())

async function started(notReady: string[]): Promise<string> {
  logged = []
  face = createOperatorFace({
    log: { error: (code) => void logged.push(code) },
    orders: {
      '/large': async (body) => ({ characters: String(body).length }),
      '/order': async (body) => {
        if (body === 'fault') throw new TypeError('private')
        if (body === 'many') return many(3)
        if (body === 'broken') return many(1, new TypeError('private'))
        if (body !== 'please') throw new NotFound('no such thing')
        return { done: true }
      },
    },
    bodyLimits: { '/large': 6000 },
    notReady: () => notReady,
    gauges: { watashi_outbox_depth: { description: 'events not yet relayed', read: () => 3 } },
  })
  return `http://127.0.0.1:${await face.listen(0)}`
}

test('says that the process lives, is ready, and what it measures', async () => {
  const base = await started([])
  expect((await fetch(`${base}/health/live`)).status).toBe(200)
  expect((await fetch(`${base}/health/ready`)).status).toBe(200)
  const metrics = await (await fetch(`${base}/metrics`)).text()
  expect(metrics).toMatch(/^watashi_outbox_depth(\{.*\})? 3$/m)
  expect(metrics).not.toContain('service_name')
  expect(metrics).not.toContain(process.execPath)
})

test('is not ready while a part lags, and says which', async () => {
  const base = await started(['CONSUMER_LAGS'])
  const reply = await fetch(`${base}/health/ready`)
  expect(reply.status).toBe(503)
  expect(await reply.text()).toContain('CONSUMER_LAGS')
})

test('serves nothing else', async () => {
  expect((await fetch(`${await started([])}/config`)).status).toBe(404)
})

describe('an order', () => {
  const JSON_TYPE = { 'content-type': 'application/json' }
  async function order(body: string, headers: Record<string, string> = JSON_TYPE, method = 'POST') {
    const base = await started([])
    const init = method === 'POST' ? { method, headers, body } : { method, headers }
    const reply = await fetch(`${base}/order`, init)
    return { status: reply.status, body: await reply.json() }
  }

  test('is carried out, or says why not', async () => {
    expect(await order('"please"')).toEqual({ status: 200, body: { done: true } })
    await face.close()
    expect(await order('"now"')).toMatchObject({
      status: 422,
      body: { error: { code: 'NOT_FOUND' } },
    })
    expect(logged).toEqual([])
    await face.close()
    const { status, body } = await order('"fault"')
    expect(status).toBe(500)
    expect(logged).toEqual(['REQUEST_FAILED'])
    expect(JSON.stringify(body)).not.toContain('private')
  })

  test('is answered by many objects, one a line', async () => {
    const reply = await send('/order', '"many"')
    expect(reply.headers.get('content-type')).toBe('application/x-ndjson')
    expect(await reply.text()).toBe('{"n":1}\n{"n":2}\n{"n":3}\n')
  })

  test('whose lines end by a fault is broken off, and the fault is not told', async () => {
    const reply = await send('/order', '"broken"')
    await expect(reply.text()).rejects.toThrow()
    expect(logged).toEqual(['REQUEST_FAILED'])
  })

  test('may bring more where its path may, and no more than that', async () => {
    const [fits, tooLong] = [5000, 7000].map((length) => JSON.stringify('x'.repeat(length)))
    expect(await (await send('/large', fits ?? '')).json()).toEqual({ characters: 5000 })
    await face.close()
    expect((await send('/large', tooLong ?? '')).status).toBe(422)
  })

  async function send(path: string, body: string) {
    return fetch(`${await started([])}${path}`, { method: 'POST', headers: JSON_TYPE, body })
  }

  test.each([
    ['that is no JSON', '{'],
    ['that is too long', JSON.stringify('x'.repeat(5000))],
  ])('%s is refused', async (_, body) => {
    expect(await order(body)).toMatchObject({
      status: 422,
      body: { error: { code: 'INVALID_INPUT' } },
    })
  })

  test.each<[string, Record<string, string>, string?]>([
    ['of another page', { ...JSON_TYPE, origin: 'http://evil.example' }],
    ['in a form that any page may send', { 'content-type': 'text/plain' }],
    ['by GET', JSON_TYPE, 'GET'],
  ])('%s is none', async (_, headers, method) => {
    expect(await order('"please"', headers, method)).toMatchObject({ status: 403 })
  })
})
