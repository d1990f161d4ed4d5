import { cpSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fromHex, toBase64Url, toHex } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import type { PersonView } from './desk.ts'
import { keyPool } from './key-pool.ts'
import { openSimulator, type SimulatorCore } from './simulator-core.ts'
import { simulatorServer } from './simulator-http.ts'
import { startSimulator } from './simulator.ts'

const keySource = keyPool(2)
const HOST = 'issuer.localhost:8091'
const ORIGIN = `http://${HOST}`

let core: SimulatorCore
let app: FastifyInstance
let logged: string[]

function options() {
  return {
    environment: 'simulator',
    dataDir: mkdtempSync(join(tmpdir(), 'watashi-desk-')),
    clock: new FrozenClock('2026-11-26T03:00:00Z'),
    random: systemRandom,
    keySource,
  } as const
}

let madeOnce: string
beforeAll(async () => {
  const first = options()
  madeOnce = first.dataDir
  await openSimulator(first)
})

beforeEach(async () => {
  const copy = options()
  cpSync(madeOnce, copy.dataDir, { recursive: true })
  core = await openSimulator(copy)
  logged = []
  const log = createLog('debug', { write: (line: string) => void logged.push(line) })
  app = simulatorServer(core, { log, port: () => 8091 })
})

const get = (url: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url, headers: { host: HOST, ...headers } })

const postJson = (url: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url, payload, headers: { host: '127.0.0.1:8091', ...headers } })

const postForm = (url: string, fields: Record<string, string>, origin = ORIGIN) =>
  app.inject({
    method: 'POST',
    url,
    headers: { host: HOST, origin, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  })

function statusOf(id: string): string | undefined {
  return core.office.certificates.find((one) => one.id === id)?.revocation?.reason
}

describe('revocation lists', () => {
  test('are served by town, for all, and by the name in certificates', async () => {
    const town = await get('/crl/signature/99201.crl')
    const full = await get('/crl/authentication/full.crl')
    expect(town.headers['content-type']).toBe('application/pkix-crl')
    expect([town.statusCode, full.statusCode]).toEqual([200, 200])
    for (const { name, path } of core.status.distributionPoints) {
      const byName = await get(`/crl?dp=${toBase64Url(name)}`)
      expect(toHex(byName.rawPayload)).toBe(toHex((await get(path)).rawPayload))
    }
  })

  test('are others for next cards', async () => {
    const town = (await get('/crl/signature/99201-next.crl')).rawPayload
    expect(toHex(town)).not.toBe(toHex((await get('/crl/signature/99201.crl')).rawPayload))
  })

  test.each([
    ['/crl/signature/99201-last.crl', 404],
    ['/crl/signature/99999.crl', 400],
    ['/crl/signature/99201', 404],
    ['/crl/other/full.crl', 400],
    ['/crl?dp=AAAA', 404],
    ['/crl?dp=%3D', 400],
    ['/crl', 400],
  ])('are not served at %s', async (url, status) => {
    expect((await get(url)).statusCode).toBe(status)
  })

  test('that are down answer 503', async () => {
    core.switches.set({ crl: 'down', ocsp: 'down' })
    expect((await get('/crl/signature/full.crl')).statusCode).toBe(503)
  })
})

describe('OCSP', () => {
  const malformed = '30030a0101'

  test('answers a POST and the same request by GET', async () => {
    const posted = await app.inject({
      method: 'POST',
      url: '/ocsp/signature',
      headers: { 'content-type': 'application/ocsp-request', host: '127.0.0.1' },
      payload: Buffer.from(fromHex('3000')),
    })
    expect(posted.headers['content-type']).toBe('application/ocsp-response')
    expect(toHex(posted.rawPayload)).toBe(malformed)
    expect(toHex((await get('/ocsp/signature/MAA=')).rawPayload)).toBe(malformed)
  })

  test('calls a body of another type malformed or refuses it', async () => {
    const answer = await postJson('/ocsp/signature', {})
    expect(toHex(answer.rawPayload)).toBe(malformed)
  })
})

test('roots are listed with their digests and served', async () => {
  const { anchors } = (await get('/anchors')).json<{
    anchors: { kind: string; sha256: string; url: string }[]
  }>()
  const kinds = ['signature', 'authentication']
  expect(anchors.map(({ kind }) => kind)).toEqual([...kinds, ...kinds])
  expect(new Set(anchors.map(({ url }) => url)).size).toBe(4)
  for (const { sha256: digest, url } of anchors) {
    expect(toHex(sha256((await get(url)).rawPayload))).toBe(digest)
  }
  expect((await get('/anchors/other.cer')).statusCode).toBe(404)
})

describe('linkage', () => {
  const serialOf = (id: string) =>
    core.office.certificates.find((one) => one.id === id)?.serial.toString(16) ?? ''

  test('answers with the certificates of one person', async () => {
    const answer = await postJson('/api/linkage/resolve', {
      tenant: 'watashi',
      family: 'signature',
      serial: serialOf('misaki-card-signature-2'),
    })
    expect(answer.json()).toMatchObject({
      tokenKind: 'card',
      counterpart: { family: 'authentication', serial: serialOf('misaki-card-authentication-1') },
      predecessors: [{ family: 'signature', serial: serialOf('misaki-card-signature-1') }],
    })
  })

  test.each([
    ['consents', { document: 'd', message: 'AAAA', signature: 'AAAA' }, 400],
    ['consents', { document: 'd', message: '!', signature: 'AAAA' }, 400],
    ['consents', { message: 'AAAA', signature: 'AAAA' }, 400],
    ['consents/query', {}, 200],
    ['consents/withdraw', { consentId: 'made-up' }, 422],
    ['supply', { consentId: 'made-up' }, 422],
    ['supply', {}, 400],
  ])('latest attributes: %s %j is answered with %i', async (path, body, status) => {
    const serial = serialOf('misaki-card-signature-2')
    const whole = { tenant: 'watashi', serial, ...body }
    const answer = await postJson(`/api/latest-attributes/${path}`, whole)
    expect(answer.statusCode).toBe(status)
    expect(answer.body).not.toContain('模擬県')
    expect(logged.join()).not.toContain(serial)
  })

  test.each([
    [{ tenant: 'watashi', family: 'signature', serial: '0f' }, 400, 'INVALID_INPUT'],
    [{ tenant: 'watashi', family: 'signature', serial: 'F1' }, 400, 'INVALID_INPUT'],
    [{ tenant: 'watashi', family: 'other', serial: 'f1' }, 400, 'INVALID_INPUT'],
    [{ family: 'signature', serial: 'f1' }, 400, 'INVALID_INPUT'],
    [{ tenant: 'watashi', family: 'signature', serial: 'f1' }, 404, 'NOT_FOUND'],
  ])('refuses %j', async (body, status, code) => {
    const answer = await postJson('/api/linkage/resolve', body)
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toMatchObject({ error: { code } })
  })

  test('leaves no serial in the log', async () => {
    const serial = serialOf('misaki-card-signature-2')
    await postJson('/api/linkage/resolve', { family: 'signature', serial })
    expect(logged.length).toBe(1)
    expect(logged.join()).not.toContain(serial)
  })
})

describe('orders', () => {
  test('by JSON end, suspend and resume certificates', async () => {
    const url = '/api/certificates/hanako-phone-signature-1'
    await postJson(`${url}/suspend`, {})
    expect(statusOf('hanako-phone-signature-1')).toBe('certificateHold')
    await postJson(`${url}/resume`, {})
    expect(statusOf('hanako-phone-signature-1')).toBeUndefined()
    const answer = await postJson(`${url}/revoke`, { reason: 'keyCompromise' })
    expect(answer.statusCode).toBe(200)
    const { people } = answer.json<{ people: PersonView[] }>()
    const phone = people[0]?.tokens.find(({ kind }) => kind === 'phone')
    expect(phone?.certificates).toContainEqual(
      expect.objectContaining({ status: 'revoked', reason: 'keyCompromise' }),
    )
  })

  test('renew, move, issue and unblock', async () => {
    core.cards.pins('hanako-card').save({
      authentication: { pin: '1234', triesLeft: 0 },
      signature: { pin: 'ABC123', triesLeft: 0 },
    })
    await postJson('/api/tokens/hanako-card/unblock', { family: 'signature' })
    expect(core.cards.pins('hanako-card').load()).toMatchObject({
      authentication: { triesLeft: 0 },
      signature: { triesLeft: 5 },
    })
    await postJson('/api/people/hanako/move', { municipalityCode: '99202' })
    expect(statusOf('hanako-card-signature-1')).toBe('affiliationChanged')
    await postJson('/api/tokens/hanako-card/issue-signature', {})
    await postJson('/api/tokens/hanako-card/renew', {})
    expect(statusOf('hanako-card-signature-2')).toBe('superseded')
    expect(statusOf('hanako-card-authentication-1')).toBe('superseded')
    await postJson('/api/people/hanako/issue-phone', { pin: 'ABC123' })
    expect(core.office.certificates.some(({ id }) => id === 'hanako-phone-signature-2')).toBe(true)
  })

  test.each([
    ['/api/certificates/hanako-card-signature-1/revoke', { reason: 'boredom' }, 400],
    ['/api/certificates/hanako-card-signature-1/revoke', { reason: 'toString' }, 400],
    ['/api/certificates/nothing/revoke', { reason: 'superseded' }, 404],
    ['/api/certificates/hanako-card-signature-1/resume', {}, 409],
    ['/api/certificates/hanako-card-signature-1/explode', {}, 404],
    ['/api/tokens/nothing/renew', {}, 404],
    ['/api/tokens/hanako-card/unblock', { family: 'puk' }, 400],
    ['/api/people/hanako/move', { municipalityCode: '13113' }, 400],
    ['/api/people/nobody/record-death', {}, 404],
    ['/api/people/hanako/issue-phone', {}, 422],
    ['/api/people/hanako/issue-phone', { pin: 'ABC124' }, 422],
    ['/api/people/hanako/issue-phone', { pin: 'ABC123', phone: 'tablet' }, 400],
    ['/api/people/yota/issue-phone', { pin: 'ABC123' }, 409],
    ['/api/switches', { crl: 'lost' }, 400],
  ])('%s %j is refused', async (url, body, status) => {
    expect((await postJson(url, body)).statusCode).toBe(status)
  })

  test('from a page of another origin are refused', async () => {
    const foreign = { origin: 'http://evil.example' }
    const url = '/api/certificates/hanako-card-signature-1/revoke'
    const answer = await postJson(url, { reason: 'superseded' }, foreign)
    expect(answer.statusCode).toBe(403)
    expect(statusOf('hanako-card-signature-1')).toBeUndefined()
    const form = await postForm(
      '/desk/certificates/hanako-card-signature-1/revoke',
      { reason: 'superseded' },
      'null',
    )
    expect(form.statusCode).toBe(403)
    expect(statusOf('hanako-card-signature-1')).toBeUndefined()
  })

  test('to a foreign name of this machine are refused', async () => {
    expect((await get('/', { host: 'evil.example' })).statusCode).toBe(403)
  })
})

describe('the desk', () => {
  test.each([
    ['ja', 'これは模擬の発行局です'],
    ['en', 'This is a simulated issuer'],
  ])('says in %s that it is a simulator, and lists people and PINs', async (lang, words) => {
    const { body } = await get(`/?lang=${lang}`)
    expect(body).toContain(`<html lang="${lang}">`)
    expect(body).toContain(words)
    expect(body).toContain('<code>ABC123</code>')
    for (const id of ['hanako', 'ichiro', 'misaki', 'yota']) expect(body).toContain(`id="${id}"`)
  })

  test('shows neither serials nor attributes', async () => {
    const { body } = await get('/')
    for (const { serial } of core.office.certificates) {
      expect(body).not.toContain(String(serial))
      expect(body.toLowerCase()).not.toContain(serial.toString(16))
    }
    for (const { attributes } of core.office.people) expect(body).not.toContain(attributes.address)
  })

  test('labels every field, and no two things alike', async () => {
    const { body } = await get('/?lang=en')
    const ids = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, id] of body.matchAll(/<(?:select|input) id="([^"]+)"/g)) {
      expect(body).toContain(`<label for="${id}">`)
    }
  })

  test('carries out an order and comes back to say so', async () => {
    const answer = await postForm('/desk/certificates/hanako-card-signature-1/revoke', {
      reason: 'cessationOfOperation',
      lang: 'en',
    })
    expect(answer.statusCode).toBe(303)
    expect(answer.headers.location).toBe('/?done=1&lang=en')
    expect(statusOf('hanako-card-signature-1')).toBe('cessationOfOperation')
    const { body } = await get('/?done=1&lang=en')
    expect(body).toContain('role="status"')
    expect(body).toContain('revoked')
  })

  test('says in words why an order was refused', async () => {
    const answer = await postForm('/desk/certificates/hanako-card-signature-1/resume', {})
    expect(answer.statusCode).toBe(409)
    expect(answer.headers['content-type']).toContain('text/html')
    expect(answer.body).toContain('only a suspended certificate can be resumed')
  })

  test('answers an unknown address with a page for a browser, and with JSON for a program', async () => {
    const asBrowser = await get('/nowhere', { accept: 'text/html,*/*;q=0.8' })
    expect(asBrowser.statusCode).toBe(404)
    expect(asBrowser.headers['content-type']).toContain('text/html')
    expect((await get('/nowhere')).json()).toMatchObject({ error: { code: 'NOT_FOUND' } })
  })

  test('throws switches', async () => {
    await postForm('/desk/switches', { ocsp: 'down', linkageDelayMinutes: '90', lang: 'ja' })
    expect(core.switches.get()).toMatchObject({ ocsp: 'down', linkageDelayMinutes: 90 })
  })

  test('names each switch and its values in words', async () => {
    const { body } = await get('/?lang=en')
    expect(core.switches.get()).toMatchObject({ linkageDelayMinutes: 0 })
    expect(body).toContain('J-LIS takes 90 minutes')
    expect(body).toContain('<option value="wrong-partition">that of another town</option>')
  })
})

test('a started simulator is reachable on this machine, and stops', async () => {
  const log = createLog('silent')
  const simulator = await startSimulator({ ...options(), port: 0, log })
  const answer = await fetch(`${simulator.url}/anchors/signature.cer`)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  expect(toHex(bytes)).toBe(toHex(simulator.anchors[0]?.certificate ?? new Uint8Array()))
  expect(simulator.deskUrl).toBe(`http://issuer.localhost:${simulator.port}`)
  await simulator.close()
  await expect(fetch(`${simulator.url}/anchors`)).rejects.toThrow()
})
