import { expect, test } from 'vitest'
import { call, segment, type ApiError } from './client.ts'

interface Sent {
  readonly url: string
  readonly init: RequestInit
}

function answering(status: number, body: string): { sent: Sent[]; send: typeof send } {
  const sent: Sent[] = []
  const send = (url: string, init: RequestInit): Promise<Response> => {
    sent.push({ url, init })
    return Promise.resolve(new Response(body, { status }))
  }
  return { sent, send }
}

async function failure(status: number, body: string): Promise<ApiError> {
  return call('GET', '/api/x', undefined, answering(status, body)).then(
    () => {
      throw new TypeError('expected a refusal')
    },
    (error: unknown) => error as ApiError,
  )
}

test('gives the answer of a request that succeeded', async () => {
  const { send, sent } = answering(200, '{"session":null}')
  await expect(call('POST', '/api/x', { a: 1 }, { send })).resolves.toEqual({ session: null })
  expect(sent[0]).toMatchObject({
    url: '/api/x',
    init: {
      method: 'POST',
      body: '{"a":1}',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
    },
  })
})

test('sends neither body nor content type with a question', async () => {
  const { send, sent } = answering(200, '{}')
  await call('GET', '/api/x', undefined, { send })
  expect(sent[0]?.init).not.toHaveProperty('body')
  expect(sent[0]?.init.headers).not.toHaveProperty('content-type')
})

test('carries code, reason and status of a refusal, and not its message', async () => {
  const body = '{"error":{"code":"CEREMONY_REFUSED","message":"secret?","reason":"X_Y"}}'
  const error = await failure(422, body)
  expect(error).toMatchObject({ code: 'CEREMONY_REFUSED', reason: 'X_Y', status: 422 })
  expect(error.message).not.toContain('secret')
})

test.each([
  [429, '<html>', 'TOO_MANY_REQUESTS'],
  [502, '<html>', 'UNAVAILABLE'],
  [503, '', 'UNAVAILABLE'],
  [500, 'oops', 'INTERNAL'],
  [500, '{"error":{}}', 'INTERNAL'],
  [500, '{"error":{"code":5}}', 'INTERNAL'],
  [418, 'null', 'MALFORMED_ANSWER'],
  [404, '[]', 'MALFORMED_ANSWER'],
  [200, '<html>', 'MALFORMED_ANSWER'],
])('status %i with %j is %s', async (status, body, code) => {
  expect(await failure(status, body)).toMatchObject({ code, status, reason: undefined })
})

test('no answer is NETWORK', async () => {
  const send = () => Promise.reject(new TypeError('Failed to fetch'))
  await expect(call('GET', '/api/x', undefined, { send })).rejects.toMatchObject({
    code: 'NETWORK',
    status: 0,
  })
})

test('an id cannot leave its part of the path', () => {
  expect(segment('../login?x=/#')).toBe('..%2Flogin%3Fx%3D%2F%23')
})

test('waits no longer than it may, and not for what was taken back', async () => {
  const send = (_url: string, { signal }: RequestInit) =>
    new Promise<Response>((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(new Error('aborted'))
      })
    })
  const network = { code: 'NETWORK', status: 0 }
  await expect(call('GET', '/api/x', undefined, { send, patience: 1 })).rejects.toMatchObject(
    network,
  )
  const leaving = new AbortController()
  const asked = call('GET', '/api/x', undefined, { send, left: leaving.signal })
  leaving.abort()
  await expect(asked).rejects.toMatchObject(network)
})
