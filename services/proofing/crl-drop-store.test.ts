import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  issueCrl,
  NOW,
  type CrlOptions,
} from '../../test/pki/issue.ts'
import { parseCertificate } from '../jpki/certificate.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import { CrlArchive } from './crl-archive-store.ts'
import { crlFromFolder } from './crl-drop-store.ts'
import { CrlLists } from './crl-lists.ts'
import { createCrlDesk } from './crl-thread-pool.ts'

const authority = issueAuthority('signature')
const next = issueAuthority('signature', { generation: 2 })
const serial = Uint8Array.of(0x12, 0x34, 0x56, 0x78)
const revoked = (number: number): CrlOptions => ({ number, revoked: [{ serial, reason: 5 }] })

let folder: string
let kept: string
let clock: FrozenClock
let logged: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watashi-drop-'))
  kept = await mkdtemp(join(tmpdir(), 'watashi-kept-'))
  clock = new FrozenClock(NOW)
  logged = []
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(kept, { recursive: true, force: true })
})

function open(): Promise<CrlLists> {
  const log = createLog('debug', { write: (line) => logged.push(line) })
  return CrlLists.open({
    source: crlFromFolder({ folder, clock, log }),
    archive: new CrlArchive({
      folder: kept,
      anchors: [authority.anchor, next.anchor],
      sealing: new Secret(new Uint8Array(32)),
      random: systemRandom,
    }),
    desk: createCrlDesk(),
    freshness: { maximumAge: 36 * 3_600_000, clockSkew: 60_000 },
    refreshEvery: 0,
    clock,
    log,
  })
}

async function ask(lists: CrlLists, of = authority) {
  clock.advance(1_000) // so that the folder is looked at again
  const target = parseCertificate(issueCertificate(of, { serial }).der)
  const answer = await lists.status(
    { target, issuer: of.anchor, at: clock.now(), lowestNumber: async () => undefined },
    lists.beginTurn(),
  )
  return answer?.status
}

const put = (name: string, der: Uint8Array | string) => writeFile(join(folder, name), der)
const times = (code: string) => logged.filter((line) => line.includes(`"msg":"${code}"`)).length

test('a list is found by what it says of itself, under any name', async () => {
  const lists = await open()
  expect(await ask(lists)).toMatchObject({ status: 'unknown', cause: 'UNREACHABLE' })
  await put('of-another-town.crl', issueCrl(authority, { town: 'Shibuya-ku' }))
  await put('README.txt', 'not a list, and not looked at')
  expect(await ask(lists)).toMatchObject({ status: 'unknown', cause: 'UNREACHABLE' })
  await put('kiyose.crl', issueCrl(authority, { number: 7 }))
  expect(await ask(lists)).toMatchObject({ status: 'good' })
  await put('tomorrow.crl', issueCrl(authority, revoked(8)))
  expect(await ask(lists)).toMatchObject({ status: 'revoked' })
  expect(times('CRL_FILE_REFUSED')).toBe(0)
})

test('a list without a scope serves every town', async () => {
  await put('all.crl', issueCrl(authority, { town: null }))
  expect(await ask(await open())).toMatchObject({ status: 'good' })
})

test('each generation of the authority is served by its own list of the same name', async () => {
  await put('old.crl', issueCrl(authority, { number: 7 }))
  await put('new.crl', issueCrl(next, revoked(1)))
  const lists = await open()
  expect(await ask(lists)).toMatchObject({ status: 'good' })
  expect(await ask(lists, next)).toMatchObject({ status: 'revoked' })
})

test('a half-written file is told once and leaves the old list in service, until it is whole', async () => {
  const lists = await open()
  await put('list.crl', issueCrl(authority, { number: 7 }))
  await ask(lists)
  const whole = issueCrl(authority, revoked(8))
  await put('list.crl', whole.subarray(0, 300))
  expect(await ask(lists)).toMatchObject({ status: 'good' })
  expect(await ask(lists)).toMatchObject({ status: 'good' })
  expect(times('CRL_FILE_REFUSED')).toBe(1)
  await put('list.crl.part', whole)
  await rename(join(folder, 'list.crl.part'), join(folder, 'list.crl'))
  expect(await ask(lists)).toMatchObject({ status: 'revoked' })
})

test.each<[string, CrlOptions, string]>([
  [
    'with a wrong signature',
    { number: 8, spoil: (s) => s.map((octet) => octet ^ 1) },
    'BAD_SIGNATURE',
  ],
  ['with a lower number', { number: 6 }, 'OLDER_THAN_KNOWN'],
  ['from the future', { number: 8, thisUpdate: hoursFromNow(9) }, 'NOT_YET_VALID'],
])('a list %s is refused with a code and the old one is kept', async (_, options, reason) => {
  const lists = await open()
  await put('list.crl', issueCrl(authority, { number: 7 }))
  await ask(lists)
  await put('wrong.crl', issueCrl(authority, options))
  expect(await ask(lists)).toMatchObject({ status: 'good' })
  expect(logged.join('\n')).toContain(`"reason":"${reason}","msg":"CRL_REFUSED"`)
})

test('without new files the list in hand counts until it is stale, over a restart too', async () => {
  await put('list.crl', issueCrl(authority, { number: 7, nextUpdate: hoursFromNow(100) }))
  await ask(await open())
  await rm(join(folder, 'list.crl'))
  const lists = await open()
  expect(await ask(lists)).toMatchObject({ status: 'good' })
  clock.advance(31 * 3_600_000) // it was four hours old
  expect(await ask(lists)).toMatchObject({ status: 'good' })
  clock.advance(2 * 3_600_000)
  expect(await ask(lists)).toMatchObject({ status: 'unknown', cause: 'STALE' })
})
