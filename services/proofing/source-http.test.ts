import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startOperatorService, type OperatorService } from '../../test/pki/crl-server.ts'
import { systemClock } from '../kernel/clock.ts'
import { Unavailable } from '../kernel/errors.ts'
import { Secret } from '../kernel/secret.ts'
import { systemRandom } from '../kernel/random.ts'
import { ensureDevelopmentKeys, type DevelopmentKeys } from '../rpc/development-keys.ts'
import { linkageOverHttp } from './linkage-http.ts'
import { ocspOverHttp } from './revocation-http.ts'
import { sourceOverHttp, type SourceAccess, type SourceQuestion } from './source-http.ts'

const TOKEN = 'canary-token-that-nobody-else-may-see'
const LINKED = { personId: 'a-person-at-this-tenant', predecessors: [] }
const NAME = { kind: 'signature', serial: '51' } as const

const folder = mkdtempSync(join(tmpdir(), 'watashi-source-'))
let ours: DevelopmentKeys
let theirs: DevelopmentKeys
const services: OperatorService[] = []
beforeAll(async () => {
  const made = (name: string) =>
    ensureDevelopmentKeys(join(folder, name), {
      environment: 'simulator',
      clock: systemClock,
      random: systemRandom,
      relyingParties: ['client'],
    })
  ours = await made('ours')
  theirs = await made('theirs')
})
afterEach(async () => {
  for (const service of services.splice(0)) await service.close()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function started(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  over: 'tls' | 'plain' = 'plain',
): Promise<OperatorService> {
  const service = await startOperatorService(answer, over === 'tls' ? ours.tls : undefined)
  services.push(service)
  return service
}

function clientOf({ relyingParties: { client } }: DevelopmentKeys): SourceAccess {
  return {
    clientCertificate: readFileSync(client?.certificateFile ?? '', 'utf8'),
    clientKey: new Secret(readFileSync(client?.keyFile ?? '', 'utf8')),
  }
}

const trusting = (keys: DevelopmentKeys): SourceAccess => ({
  authorities: readFileSync(keys.authorityFile, 'utf8'),
})
const bearing: SourceAccess = { authorization: new Secret(`Bearer ${TOKEN}`) }

const get = (url: string, limits: Partial<SourceQuestion> = {}): SourceQuestion => ({
  ...{ method: 'GET', url, timeout: 5_000, cap: 1_000 },
  ...limits,
})

async function refusal(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => new Error('expected a refusal'),
    (error: unknown) => error,
  )
}

describe('a service that wants a client certificate', () => {
  const whole = () => ({ ...trusting(ours), ...clientOf(ours) })
  const linkage = (_: IncomingMessage, response: ServerResponse) =>
    void response.end(JSON.stringify(LINKED))

  test('answers who shows one', async () => {
    const { url } = await started(linkage, 'tls')
    expect(await sourceOverHttp(whole())(get(url))).toMatchObject({ status: 200 })
    expect(await linkageOverHttp(url, 'us', whole()).resolve(NAME)).toMatchObject({
      outcome: 'linked',
    })
    const ocsp = ocspOverHttp(() => url, whole())
    expect(await ocsp.fetchOcsp('', new Uint8Array(1))).toHaveLength(JSON.stringify(LINKED).length)
  })

  test.each<[string, () => SourceAccess]>([
    ['no certificate', () => trusting(ours)],
    ['one of another authority', () => ({ ...trusting(ours), ...clientOf(theirs) })],
  ])('is unavailable with %s', async (_, access) => {
    const service = await started(linkage, 'tls')
    expect(await refusal(sourceOverHttp(access())(get(service.url)))).toBeInstanceOf(Unavailable)
    expect(await linkageOverHttp(service.url, 'us', access()).resolve(NAME)).toEqual({
      outcome: 'unavailable',
    })
    expect(service.requests).toEqual([])
  })

  test.each<[string, () => SourceAccess]>([
    ['nobody vouches for', () => clientOf(ours)],
    ['another authority vouches for', () => ({ ...clientOf(ours), ...trusting(theirs) })],
  ])('is told nothing when its own is one that %s', async (_, access) => {
    const service = await started(linkage, 'tls')
    const ask = sourceOverHttp({ ...access(), ...bearing })
    expect(await refusal(ask(get(service.url)))).toBeInstanceOf(Unavailable)
    expect(service.requests).toEqual([])
  })
})

describe('a service that wants a token', () => {
  const guarded = (request: IncomingMessage, response: ServerResponse) => {
    const isKnown = request.headers.authorization === `Bearer ${TOKEN}`
    response.writeHead(isKnown ? 200 : 401).end(JSON.stringify(LINKED))
  }

  test('answers who has it, and nobody without', async () => {
    const { url } = await started(guarded)
    const ocsp = (access?: SourceAccess) =>
      ocspOverHttp(() => url, access).fetchOcsp('', new Uint8Array(1))
    expect(await ocsp(bearing)).not.toHaveLength(0)
    expect(await refusal(ocsp())).toBeInstanceOf(Unavailable)
  })

  test('is followed nowhere else', async () => {
    const elsewhere = await started((_, response) => void response.end())
    for (const status of [301, 302, 303, 307, 308]) {
      const service = await started((_, response) => {
        response.writeHead(status, { location: elsewhere.url }).end(JSON.stringify(LINKED))
      })
      expect(await refusal(sourceOverHttp(bearing)(get(service.url)))).toBeInstanceOf(Unavailable)
      expect(await linkageOverHttp(service.url, 'us', bearing).resolve(NAME)).toEqual({
        outcome: 'unavailable',
      })
    }
    expect(elsewhere.requests).toEqual([])
  })

  test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['refuses', (_, response) => void response.writeHead(403).end(TOKEN)],
    ['hangs up', (request) => void request.socket.destroy()],
    ['answers with no HTTP', ({ socket }) => void socket.end('nonsense\r\n\r\n')],
    ['sends elsewhere', (_, response) => void response.writeHead(302, { location: '/' }).end()],
  ])('has it in no error when it %s', async (_, answer) => {
    const { url } = await started(answer)
    const asked = ocspOverHttp(() => url, bearing).fetchOcsp('', new Uint8Array(1))
    const error = await refusal(asked)
    expect(error).toBeInstanceOf(Unavailable)
    expect(inspect(error, { depth: 8, showHidden: true })).not.toContain(TOKEN)
  })
})

describe('an answer', () => {
  test('that does not end in time, or is too long, is none', async () => {
    const { url } = await started((_, response) => void response.write('begun'))
    const ask = sourceOverHttp()
    expect(await refusal(ask(get(url, { timeout: 200 })))).toBeInstanceOf(Unavailable)
    expect(await refusal(ask(get(url, { cap: 4 })))).toBeInstanceOf(Unavailable)
  })

  test('is asked for again when the service had just closed the connection, and not when it hangs up on a new one', async () => {
    const used = new WeakSet()
    const service = await started(({ socket }, response) => {
      if (used.has(socket)) return void socket.destroy()
      used.add(socket)
      response.end('here')
    })
    const ask = sourceOverHttp()
    expect(await ask(get(service.url))).toMatchObject({ status: 200 })
    expect(await ask(get(service.url))).toMatchObject({ status: 200 })
    expect(service.requests).toHaveLength(3)

    const away = await started(({ socket }) => void socket.destroy())
    expect(await refusal(ask(get(away.url)))).toBeInstanceOf(Unavailable)
    expect(away.requests).toHaveLength(1)
  })
})
