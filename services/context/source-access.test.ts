import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccessFiles, IdentityConfig } from '../config/identity.ts'
import { systemClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { ensureDevelopmentKeys, type RelyingPartyKeyFiles } from '../rpc/development-keys.ts'
import { accessProblems, openSourceAccess } from './source-access.ts'

const CANARY = 'canary-that-nobody-may-see'
const folder = mkdtempSync(join(tmpdir(), 'watashi-access-'))
let own: RelyingPartyKeyFiles
let other: RelyingPartyKeyFiles
beforeAll(async () => {
  const { relyingParties } = await ensureDevelopmentKeys(folder, {
    environment: 'simulator',
    clock: systemClock,
    random: systemRandom,
    relyingParties: ['own', 'other'],
  })
  const { own: first, other: second } = relyingParties
  if (first === undefined || second === undefined) throw new Error('two clients')
  own = first
  other = second
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let written = 0
function file(text: string): string {
  const path = join(folder, `file-${(written += 1)}`)
  writeFileSync(path, text)
  return path
}

function problems(access: AccessFiles): readonly string[] {
  const cards: IdentityConfig = {
    kind: 'cards',
    environment: 'production',
    crl: { kind: 'folder', folder },
    ocsp: undefined,
    linkage: { url: 'https://va.example', access, tenant: 'us' },
  }
  return accessProblems(cards)
}

describe('what a service wants to be shown', () => {
  test('is read from the files, and a secret is printed nowhere', () => {
    const access = openSourceAccess('CRL', {
      CLIENT_CERT_FILE: own.certificateFile,
      CLIENT_KEY_FILE: own.keyFile,
      CA_FILE: own.certificateFile,
      TOKEN_FILE: file(`${CANARY}\n`),
    })
    expect(access.authorization?.reveal()).toBe(`Bearer ${CANARY}`)
    expect(access.clientCertificate).toContain('BEGIN CERTIFICATE')
    expect(JSON.stringify(access)).not.toMatch(/canary|PRIVATE/)
    const basic = openSourceAccess('CRL', { BASIC_FILE: file('user:pass:word\n') })
    expect(basic.authorization?.reveal()).toBe('Basic dXNlcjpwYXNzOndvcmQ=')
  })

  test.each<[string, string, () => AccessFiles]>([
    ['TOKEN_FILE', 'a token of two lines', () => ({ TOKEN_FILE: file(`${CANARY}\n${CANARY}`) })],
    ['TOKEN_FILE', 'no token', () => ({ TOKEN_FILE: file('\n') })],
    ['TOKEN_FILE', 'no file', () => ({ TOKEN_FILE: join(folder, 'nowhere') })],
    ['BASIC_FILE', 'no password', () => ({ BASIC_FILE: file(CANARY) })],
    ['BASIC_FILE', 'a header', () => ({ BASIC_FILE: file(`${CANARY}:x\r\nx: y`) })],
    ['CA_FILE', 'no certificate', () => ({ CA_FILE: file(CANARY) })],
    [
      'CLIENT_KEY_FILE',
      'the key of another certificate',
      () => ({ CLIENT_CERT_FILE: own.certificateFile, CLIENT_KEY_FILE: other.keyFile }),
    ],
    [
      'CLIENT_KEY_FILE',
      'no key',
      () => ({ CLIENT_CERT_FILE: own.certificateFile, CLIENT_KEY_FILE: file(CANARY) }),
    ],
    [
      'CLIENT_CERT_FILE',
      'a broken certificate',
      () => ({
        CLIENT_CERT_FILE: file('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n'),
        CLIENT_KEY_FILE: own.keyFile,
      }),
    ],
  ])('names %s, and nothing that is in it, for %s', (name, _, access) => {
    const [told, ...more] = problems(access())
    expect(told).toMatch(new RegExp(`^\`LINKAGE_${name}\`: expected `))
    expect(told).not.toContain(CANARY)
    expect(more).toEqual([])
  })

  test('that is in order is no problem', () => {
    expect(problems({})).toEqual([])
    expect(problems({ TOKEN_FILE: file('abc') })).toEqual([])
  })
})
