import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startOperatorService, type OperatorService } from '../../test/pki/crl-server.ts'
import {
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  issueCrl,
  NOW,
  type CrlOptions,
} from '../../test/pki/issue.ts'
import { parseCertificate } from '../jpki/certificate.ts'
import { toHex } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import type { TrustAnchor } from '../jpki/trust-anchor.ts'
import { CrlArchive } from './crl-archive-store.ts'
import { CrlLists } from './crl-lists.ts'
import { createCrlDesk } from './crl-thread-pool.ts'
import { crlOverHttp } from './revocation-http.ts'

const authority = issueAuthority('signature')
const serial = Uint8Array.of(0x12, 0x34, 0x56, 0x78)
const certificate = parseCertificate(issueCertificate(authority, { serial }).der)
const revoked = (number: number, ...serials: Uint8Array[]): CrlOptions => ({
  number,
  revoked: serials.map((one) => ({ serial: one, reason: 5 })),
})

let folder: string
let service: OperatorService
let clock: FrozenClock
let logged: string[]
const opened: CrlLists[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watashi-lists-'))
  service = await startOperatorService((_, response) => response.end())
  clock = new FrozenClock(NOW)
  logged = []
})
afterEach(async () => {
  for (const lists of opened.splice(0)) await lists.close()
  await service.close()
  await rm(folder, { recursive: true, force: true })
})

function serve(options: CrlOptions | 'down', tag?: string): void {
  const der = options === 'down' ? null : issueCrl(authority, options)
  service.answer = (request, response) => {
    if (der === null) return void response.writeHead(503).end()
    if (tag !== undefined) response.setHeader('etag', tag)
    const isKnown = tag !== undefined && request.headers['if-none-match'] === tag
    response.writeHead(isKnown ? 304 : 200).end(isKnown ? undefined : der)
  }
}

function archiveOf(anchors: readonly TrustAnchor[], key = 1): CrlArchive {
  const sealing = new Secret(new Uint8Array(32).fill(key))
  return new CrlArchive({ folder, anchors, sealing, random: systemRandom })
}

/** As a process that starts: everything that it knows of before is in the folder. */
async function open(refreshEvery = 0): Promise<CrlLists> {
  const lists = await CrlLists.open({
    source: crlOverHttp(`${service.url}/crl`),
    archive: archiveOf([authority.anchor]),
    desk: createCrlDesk(),
    freshness: { maximumAge: 36 * 3_600_000, clockSkew: 60_000 },
    refreshEvery,
    clock,
    log: createLog('debug', { write: (line) => logged.push(line) }),
  })
  opened.push(lists)
  return lists
}

async function ask(lists: CrlLists, lowest?: bigint) {
  const answer = await lists.status(
    {
      target: certificate,
      issuer: authority.anchor,
      at: clock.now(),
      lowestNumber: async () => lowest,
    },
    lists.beginTurn(),
  )
  return answer?.status
}

const good = { status: 'good' }
const because = (cause: string) => ({ status: 'unknown', cause })

describe('a list', () => {
  test('is kept with what it is, readable by its owner alone', async () => {
    serve(revoked(7))
    expect(await ask(await open())).toMatchObject(good)
    const names = await readdir(folder)
    expect(names.map((name) => name.split('.').at(-1)).sort()).toEqual(['json', 'sealed'])
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
    const metadata = names.find((name) => name.endsWith('.json')) ?? ''
    expect(JSON.parse(await readFile(join(folder, metadata), 'utf8'))).toMatchObject({
      environment: 'simulator',
      issuer: authority.anchor.sha256,
      number: '7',
    })
  })

  test('gives way to the next one, and the difference is told once', async () => {
    const lists = await open()
    const other = Uint8Array.of(0x22)
    serve(revoked(7, other))
    expect(await ask(lists)).toMatchObject(good)
    expect(lists.takeChanges()).toEqual([])
    serve(revoked(8, serial))
    expect(await ask(lists)).toMatchObject({ status: 'revoked', reason: 'cessationOfOperation' })
    const [change, ...more] = lists.takeChanges()
    expect(more).toEqual([])
    expect(change).toMatchObject({ kind: 'signature', issuer: authority.anchor.sha256 })
    expect(change?.serials.map(toHex).sort()).toEqual(['12345678', '22'])
    expect(lists.takeChanges()).toEqual([])
    expect((await readdir(folder)).filter((name) => name.endsWith('.sealed'))).toHaveLength(1)
  })

  test('with the same entries changes nothing', async () => {
    const lists = await open()
    serve(revoked(7, serial))
    await ask(lists)
    serve(revoked(8, serial))
    await ask(lists)
    expect(lists.takeChanges()).toEqual([])
  })

  test.each<[string, CrlOptions]>([
    ['OLDER_THAN_KNOWN', revoked(6)],
    ['OLDER_THAN_KNOWN', { number: 7, thisUpdate: hoursFromNow(-5) }],
    ['BAD_SIGNATURE', { number: 8, spoil: (s) => s.map((octet) => octet ^ 1) }],
    ['WRONG_SCOPE', { number: 8, town: 'Shibuya-ku' }],
    ['NOT_YET_VALID', { number: 8, thisUpdate: hoursFromNow(2) }],
    ['UNSUPPORTED', { number: null }],
  ])('that is %s leaves the one before where it was', async (cause, options) => {
    const lists = await open()
    serve(revoked(7))
    await ask(lists)
    const before = await readdir(folder)
    serve(options)
    expect(await ask(lists)).toMatchObject(because(cause))
    expect(logged.join('\n')).toContain(`"reason":"${cause}","msg":"CRL_REFUSED"`)
    expect(await readdir(folder)).toEqual(before)
    serve(revoked(7))
    expect(await ask(lists)).toMatchObject(good)
  })

  test('that is no whole one is refused', async () => {
    const der = issueCrl(authority, revoked(7))
    service.answer = (_, response) => response.end(der.subarray(0, der.length - 9))
    expect(await ask(await open())).toMatchObject(because('MALFORMED'))
    expect(await readdir(folder)).toEqual([])
  })

  test('below a number that another process has seen is not believed', async () => {
    serve(revoked(7))
    const lists = await open()
    expect(await ask(lists, 8n)).toMatchObject(because('OLDER_THAN_KNOWN'))
    expect(await ask(lists, 7n)).toMatchObject(good)
  })
})

describe('after a kill', () => {
  test('list and number are there again, and the difference is to the list before', async () => {
    serve(revoked(7))
    await ask(await open())
    const after = await open()
    serve(revoked(6))
    expect(await ask(after)).toMatchObject(because('OLDER_THAN_KNOWN'))
    serve(revoked(8, serial))
    expect(await ask(after)).toMatchObject({ status: 'revoked' })
    expect(after.takeChanges()).toMatchObject([{ serials: [serial] }])
  })

  test.each([
    ['changed', (path: string) => writeFile(path, 'not what was written')],
    ['gone', (path: string) => rm(path)],
  ])('a list that is %s on disk is fetched again, and its number stands', async (_, spoil) => {
    serve(revoked(7))
    await ask(await open())
    const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.sealed'))
    await spoil(join(folder, name))
    serve(revoked(6))
    expect(await ask(await open())).toMatchObject(because('OLDER_THAN_KNOWN'))
    serve(revoked(7))
    expect(await ask(await open())).toMatchObject(good)
  })

  test('what another root has signed is not taken up', async () => {
    serve(revoked(7))
    await ask(await open())
    const other = issueAuthority('signature', { generation: 2 })
    expect(await archiveOf([other.anchor]).load()).toEqual([])
    expect(await archiveOf([authority.anchor]).load()).toHaveLength(1)
  })

  test('another key opens nothing, and no file holds a serial', async () => {
    serve(revoked(7, serial))
    await ask(await open())
    expect(await archiveOf([authority.anchor]).load()).toMatchObject([{ number: 7n }])
    expect(await archiveOf([authority.anchor], 2).load()).toMatchObject([{ number: 7n, der: null }])
    for (const name of await readdir(folder)) {
      expect((await readFile(join(folder, name))).includes(Buffer.from(serial))).toBe(false)
    }
  })

  test('half-written metadata are as good as none', async () => {
    serve(revoked(7))
    await ask(await open())
    const [name = ''] = (await readdir(folder)).filter((one) => one.endsWith('.json'))
    await writeFile(join(folder, name), '{"version":1,')
    expect(await ask(await open())).toMatchObject(good)
  })
})

describe('a source', () => {
  test('is asked again when it is due, and not before', async () => {
    serve(revoked(7))
    const lists = await open(600_000)
    await ask(lists)
    serve(revoked(8, serial))
    clock.advance(599_000)
    expect(await ask(lists)).toMatchObject(good)
    expect(service.requests).toHaveLength(1)
    clock.advance(1_000)
    expect(await ask(lists)).toMatchObject({ status: 'revoked' })
    expect(service.requests).toHaveLength(2)
  })

  test('is asked once for all questions of a turn, and once for questions at the same time', async () => {
    serve(revoked(7))
    const lists = await open()
    const turn = lists.beginTurn()
    const inquiry = {
      target: certificate,
      issuer: authority.anchor,
      at: NOW,
      lowestNumber: async () => undefined,
    }
    await lists.status(inquiry, turn)
    await Promise.all([lists.status(inquiry, turn), lists.status(inquiry, turn)])
    expect(service.requests).toHaveLength(1)
    await lists.status(inquiry, lists.beginTurn())
    expect(service.requests).toHaveLength(2)
  })

  test('that says that nothing changed is an answer', async () => {
    serve(revoked(7), '"seven"')
    const lists = await open()
    await ask(lists)
    expect(await ask(lists)).toMatchObject(good)
    expect(service.requests).toHaveLength(2)
  })

  test('that does not answer makes nothing good, however fresh the list in hand is', async () => {
    serve(revoked(7))
    const lists = await open(600_000)
    await ask(lists)
    serve('down')
    clock.advance(600_000)
    expect(await ask(lists)).toMatchObject(because('UNREACHABLE'))
    serve(revoked(7))
    // It is left alone for half a minute.
    clock.advance(29_000)
    expect(await ask(lists)).toMatchObject(because('UNREACHABLE'))
    clock.advance(1_000)
    expect(await ask(lists)).toMatchObject(good)
  })

  test('that is down is not waited for at each of many points', async () => {
    serve('down')
    const lists = await open(600_000)
    const askAll = async () => {
      for (let n = 0; n < 20; n += 1) {
        const { der } = issueCertificate(authority, { serial, town: `Town-${n}` })
        const target = parseCertificate(der)
        const inquiry = {
          target,
          issuer: authority.anchor,
          at: NOW,
          lowestNumber: async () => undefined,
        }
        const answer = await lists.status(inquiry, lists.beginTurn())
        expect(answer?.status).toMatchObject(because('UNREACHABLE'))
      }
    }
    await askAll()
    expect(service.requests).toHaveLength(5)
    clock.advance(30_000)
    await askAll()
    expect(service.requests).toHaveLength(6)
    serve(revoked(7))
    clock.advance(30_000)
    expect(await ask(lists)).toMatchObject(good)
  })

  test('that repeats a list it was refused with is not believed for that', async () => {
    serve(revoked(7), '"seven"')
    const lists = await open()
    await ask(lists)
    serve({ number: 8, town: 'Shibuya-ku' }, '"other"')
    expect(await ask(lists)).toMatchObject(because('WRONG_SCOPE'))
    expect(await ask(lists)).toMatchObject(because('WRONG_SCOPE'))
  })
})
