import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { issueAuthority, NOW } from '../../test/pki/issue.ts'
import { missingForStart } from '../context/missing-for-start.ts'
import { loadAnchors } from '../context/trust-anchors.ts'
import { toBase64 } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { importAnchors, listAnchors, type ImportOptions } from './anchors.ts'

const shared = process.env['WATASHI_SHARED'] ?? resolve(import.meta.dirname, '../../../shared')
const published = join(shared, 'data/jpki-ca')
const havePublished = existsSync(published)
if (!havePublished)
  console.warn(`SKIPPED: published roots are not at ${published} (WATASHI_SHARED)`)

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'watashi-anchors-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const place = (trustEnvironment: TrustEnvironment) => ({
  trustEnvironment,
  dataDir,
  keysDir: join(dataDir, 'keys'),
})

function run(work: (io: Parameters<typeof importAnchors>[2]) => number) {
  const out: string[] = []
  const complaints: string[] = []
  const io = {
    print: (line: string) => void out.push(line),
    complain: (line: string) => void complaints.push(line),
    clock: new FrozenClock(NOW),
  }
  return { code: work(io), out, complaints }
}

const take = (environment: TrustEnvironment, options: ImportOptions) =>
  run((io) => importAnchors(place(environment), options, io))
const list = (environment: TrustEnvironment) =>
  run((io) => listAnchors(place(environment), { json: true }, io)).out.map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  )

function written(name: string, bytes: Uint8Array | string): string {
  const file = join(dataDir, name)
  writeFileSync(file, bytes)
  return file
}

const pem = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${toBase64(der).replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`

describe.skipIf(!havePublished)('the published roots', () => {
  const file = (name: string) => join(published, name)

  test('are imported for production once, and said for what they are', () => {
    const files = readdirSync(published).map(file)
    const first = take('production', { files })
    expect(first).toMatchObject({ code: 0, complaints: [] })
    expect(first.out.find((line) => line.startsWith('signca01.cer'))).toMatch(
      /generation 1, 2015-10-20 to 2025-10-19, expired: kept for checks of the past alone.*: imported$/,
    )
    expect(first.out.find((line) => line.startsWith('authca03.cer'))).toMatch(
      /利用者証明用\), generation 3, 2023-07-16 to 2033-07-15, SHA-256/,
    )
    expect(take('production', { files }).out.join()).not.toContain(': imported')
    expect(list('production')).toHaveLength(6)
    expect(list('production').filter(({ state }) => state === 'expired')).toHaveLength(2)
    expect(missingForStart(place('production'))).toEqual([expect.stringContaining('KEYS_DIR')])
  })

  test('are taken in PEM as well', () => {
    const both = ['signca02.cer', 'authca02.cer'].map((name) => pem(readFileSync(file(name))))
    expect(take('production', { files: [written('both.pem', both.join(''))] }).code).toBe(0)
    expect(list('production').map(({ generation }) => generation)).toEqual([2, 2])
  })

  test.each(['jpki-test', 'simulator'] as const)('are refused in %s', (environment) => {
    const files = [file('signca03.cer')]
    const pin = ['signature:d227f6cde11d35c5252178f106f843d24651944975413b539fa2fb68dbfa365f']
    if (environment === 'simulator') {
      expect(() => take(environment, { files })).toThrow('the simulator brings its own roots')
    } else {
      expect(take(environment, { files, pin })).toMatchObject({ code: 2, out: [] })
    }
    expect(existsSync(join(dataDir, 'anchors'))).toBe(false)
  })

  test('do not start a process when those of one kind are expired', () => {
    take('production', { files: [file('signca03.cer'), file('authca01.cer')] })
    expect(missingForStart(place('production'))).toContainEqual(
      expect.stringMatching(
        /for authentication certificates of production: `watashi anchors import/,
      ),
    )
  })

  test('one file that is refused leaves all of them out', () => {
    const files = [
      file('signca03.cer'),
      written('self-made.cer', issueAuthority('signature').certificate),
    ]
    const { code, complaints } = take('production', { files })
    expect(code).toBe(2)
    expect(complaints[0]).toMatch(/self-made\.cer: expected a root that is pinned here/)
    expect(list('production')).toEqual([])
  })

  test('copied to another environment they stop it', async () => {
    take('production', { files: [file('signca03.cer')] })
    await cp(join(dataDir, 'anchors/production'), join(dataDir, 'anchors/jpki-test'), {
      recursive: true,
    })
    expect(() => loadAnchors(place('jpki-test'))).toThrow(/environments are never mixed/)
    expect(missingForStart(place('jpki-test'))).toEqual([expect.stringContaining('never mixed')])
  })

  test('changed on disk they stop it', () => {
    take('production', { files: [file('signca03.cer')] })
    const [name = ''] = readdirSync(join(dataDir, 'anchors/production'))
    const path = join(dataDir, 'anchors/production', name)
    const other = toBase64(issueAuthority('signature', { environment: 'production' }).certificate)
    const record = JSON.parse(readFileSync(path, 'utf8')) as object
    writeFileSync(path, JSON.stringify({ ...record, certificate: other }))
    expect(() => loadAnchors(place('production'))).toThrow(/pinned here/)
    writeFileSync(path, 'half a fi')
    expect(() => loadAnchors(place('production'))).toThrow(/expected JSON/)
  })
})

describe('roots of test cards', () => {
  const signature = issueAuthority('signature', { environment: 'jpki-test' })
  const authentication = issueAuthority('authentication', { environment: 'jpki-test' })
  const pinOf = (kind: string, { anchor }: typeof signature) => `${kind}:${anchor.sha256}`

  test('are taken under the pins that the operator names, and again without', () => {
    const files = [
      written('s.cer', signature.certificate),
      written('a.cer', authentication.certificate),
    ]
    const pin = [
      pinOf('signature', signature),
      pinOf('authentication', authentication)
        .toUpperCase()
        .replace('AUTHENTICATION', 'authentication'),
    ]
    expect(take('jpki-test', { files, pin })).toMatchObject({ code: 0 })
    expect(take('jpki-test', { files })).toMatchObject({ code: 0 })
    expect(list('jpki-test')).toMatchObject([
      { kind: 'signature', environment: 'jpki-test', generation: null },
      { kind: 'authentication' },
    ])
    expect(list('production')).toEqual([])
    expect(missingForStart(place('jpki-test'))).toEqual([])
    const relyingPartyDir = join(dataDir, 'no-such-folder')
    expect(missingForStart({ ...place('jpki-test'), relyingPartyDir })).toEqual([
      expect.stringContaining('`RP_DIR`'),
    ])
  })

  test.each([
    ['without a pin', signature, []],
    ['with the pin of another', signature, [pinOf('signature', authentication)]],
    ['under the wrong kind', signature, [pinOf('authentication', signature)]],
    [
      'when it is a root of the simulator',
      issueAuthority('signature'),
      [pinOf('signature', issueAuthority('signature'))],
    ],
  ])('are refused %s', (_, root, pin) => {
    const files = [written('root.cer', root.certificate)]
    expect(take('jpki-test', { files, pin })).toMatchObject({ code: 2, out: [] })
    expect(list('jpki-test')).toEqual([])
  })

  test.each([
    ['a pin of no kind', { pin: [`root:${signature.anchor.sha256}`] }],
    ['half a pin', { pin: ['signature:d227'] }],
  ])('%s is bad input', (_, { pin }) => {
    const files = [written('root.cer', signature.certificate)]
    expect(() => take('jpki-test', { files, pin })).toThrow('--pin')
  })

  test('a pin changes nothing in production', () => {
    const files = [written('root.cer', signature.certificate)]
    const pin = [pinOf('signature', signature)]
    expect(() => take('production', { files, pin })).toThrow('--pin')
    expect(take('production', { files })).toMatchObject({ code: 2 })
  })

  test.each([
    ['is not there', () => 'no-such-file.cer'],
    ['is empty', () => written('empty.cer', '')],
    ['is too long', () => written('long.cer', new Uint8Array(65_537))],
    [
      'is no PEM',
      () => written('bad.pem', '-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----'),
    ],
  ])('a file that %s is refused', (_, file) => {
    expect(take('jpki-test', { files: [file()], pin: [] })).toMatchObject({ code: 2 })
  })
})
