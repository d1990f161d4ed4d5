import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { ensureDevelopmentKeys } from './development-keys.ts'

let dir: string
let clock: FrozenClock
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'watashi-keys-'))
  clock = new FrozenClock('2026-11-26T09:00:00Z')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const ensure = (relyingParties = ['library']) =>
  ensureDevelopmentKeys(dir, {
    ...{ environment: 'simulator', clock, random: systemRandom },
    relyingParties,
  })
const certificateOf = (file = '') => new X509Certificate(readFileSync(file))

test('makes a server certificate for the names clients use, and one that names each relying party', async () => {
  const { tls, relyingParties, authorityFile } = await ensure()
  const server = new X509Certificate(tls.certificate)
  expect(server.verify(certificateOf(authorityFile).publicKey)).toBe(true)
  for (const name of ['localhost', 'watashi.localhost']) expect(server.checkHost(name)).toBe(name)
  expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1')
  const client = certificateOf(relyingParties['library']?.certificateFile)
  expect(client.subjectAltName).toBe('URI:spiffe://watashi/rp/library')
  expect(client.verify(new X509Certificate(tls.clientAuthority).publicKey)).toBe(true)
})
test('the server’s authority vouches for no client', async () => {
  const { tls, authorityFile } = await ensure()
  const authority = certificateOf(authorityFile)
  expect(authority.fingerprint256).not.toBe(new X509Certificate(tls.clientAuthority).fingerprint256)
})
test('a second start reads what the first one made', async () => {
  const first = await ensure()
  expect((await ensure()).tls).toEqual(first.tls)
})
test('keys are for their owner alone', async () => {
  await ensure()
  for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
    const { mode } = statSync(join(dir, file))
    expect(mode & 0o077).toBe(0)
  }
})
test('what ends soon, or lost its authority, is made anew', async () => {
  const first = await ensure()
  clock.advance(360 * 86_400_000)
  const renewed = await ensure()
  expect(renewed.tls.certificate).not.toBe(first.tls.certificate)
  expect(renewed.tls.clientAuthority).toBe(first.tls.clientAuthority)
  rmSync(join(dir, 'tls/rp-ca.pem'))
  const other = await ensure()
  const client = certificateOf(other.relyingParties['library']?.certificateFile)
  expect(client.verify(new X509Certificate(other.tls.clientAuthority).publicKey)).toBe(true)
})
test('production gets none', async () => {
  await expect(
    ensureDevelopmentKeys(dir, {
      ...{ environment: 'production', clock, random: systemRandom, relyingParties: [] },
    }),
  ).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  expect(readdirSync(dir)).toEqual([])
})
