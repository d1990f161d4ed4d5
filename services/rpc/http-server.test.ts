import { Type } from 'typebox'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Conflict, InvalidInput } from '../kernel/errors.ts'
import { FactsRefused } from '../kernel/facts-check.ts'
import { createLog } from '../kernel/log.ts'
import { createHttpServer, type HttpServer } from './http-server.ts'

let app: HttpServer
const written: string[] = []

beforeEach(async () => {
  written.length = 0
  const log = createLog('info', { write: (line: string) => void written.push(line) })
  app = await createHttpServer({
    origin: () => 'http://localhost:8080',
    log,
    requestsPerMinute: 100,
  })
  app.post('/echo', { schema: { body: Type.Object({ age: Type.Integer() }) } }, async () => ({
    ok: true,
  }))
  app.post('/conflict', async () => {
    throw new Conflict('already consented')
  })
  app.post('/broken', async () => {
    throw new Error('canary-7f3a in a foreign message')
  })
  app.post('/away', async () => {
    throw Object.assign(new Error('canary-7f3a'), { code: 'ECONNREFUSED' })
  })
  app.post('/unfit', async () => {
    throw new FactsRefused('auth.at: canary-7f3a')
  })
  app.post('/input', async () => {
    throw new InvalidInput('certificate', 'base64 DER')
  })
})
afterEach(() => app.close())

const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url,
    payload,
    headers: { origin: 'http://localhost:8080', ...headers },
  })

describe('cross-site requests', () => {
  test('takes an unsafe request from our own origin', async () => {
    expect((await post('/echo', { age: 1 })).statusCode).toBe(200)
  })
  test('refuses an unsafe request from another origin', async () => {
    const reply = await post('/echo', { age: 1 }, { origin: 'http://evil.localhost:8080' })
    expect(reply.statusCode).toBe(403)
    expect(reply.json()).toMatchObject({ error: { code: 'CROSS_SITE_REQUEST' } })
  })
  test('refuses a cookie without an origin', async () => {
    const reply = await app.inject({
      method: 'POST',
      url: '/echo',
      payload: { age: 1 },
      headers: { cookie: 'a=b' },
    })
    expect(reply.statusCode).toBe(403)
  })
  test('takes a program that has neither origin nor cookie', async () => {
    const reply = await app.inject({ method: 'POST', url: '/echo', payload: { age: 1 } })
    expect(reply.statusCode).toBe(200)
  })
})

describe('errors', () => {
  test('say what a body lacks without quoting it', async () => {
    const reply = await post('/echo', { age: 'canary-7f3a' })
    expect(reply.statusCode).toBe(400)
    expect(reply.json()).toMatchObject({ error: { code: 'INVALID_INPUT', path: 'body/age' } })
    expect(reply.body).not.toContain('canary-7f3a')
  })
  test('give the status of their code', async () => {
    expect((await post('/conflict', {})).statusCode).toBe(409)
    expect((await post('/input', {})).json()).toEqual({
      error: {
        code: 'INVALID_INPUT',
        message: 'certificate: expected base64 DER',
        path: 'certificate',
      },
    })
  })
  test.each([
    ['what is not ours', '/broken'],
    ['facts of ours that do not fit our schema', '/unfit'],
  ])('hide the detail of %s, in the answer and in the log', async (_title, url) => {
    const reply = await post(url, {})
    expect(reply.statusCode).toBe(500)
    expect(reply.body + written.join('')).not.toContain('canary-7f3a')
    expect(written.join('')).toContain('REQUEST_FAILED')
  })
  test('say that a database that is away is a reason to try again, and nothing more', async () => {
    const reply = await post('/away', {})
    expect(reply.statusCode).toBe(503)
    expect(reply.json()).toMatchObject({ error: { code: 'UNAVAILABLE' } })
    expect(reply.body + written.join('')).not.toContain('canary-7f3a')
  })
  test('refuse a body over the limit', async () => {
    const reply = await post('/echo', { age: 1, filler: 'x'.repeat(70_000) })
    expect(reply.statusCode).toBe(413)
  })
})
