import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KeySeries } from './key-series-store.ts'
import { temporaryKeyFiles } from './temporary-key-series.ts'

function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

test('keys have a number each, are made once, and are found by whoever looks later', () => {
  const files = temporaryKeyFiles()
  const keys = new KeySeries(files, 'signs')
  expect(keys.find(1)?.publicKey.equals(keys.pinned)).toBe(true)
  expect(keys.find(2)).toBeUndefined()
  const made = keys.make(2)
  expect(keys.make(2).publicKey.equals(made.publicKey)).toBe(true)
  expect(new KeySeries(files, 'signs').find(2)?.publicKey.equals(made.publicKey)).toBe(true)
  expect(made.publicKey.equals(keys.pinned)).toBe(false)
  expect(readdirSync(files.dir).sort()).toEqual(['signs-2.pem', 'signs.pem'])
})

test('the first key may be its public half alone, and then signs nothing', () => {
  const files = temporaryKeyFiles()
  const { pinned } = new KeySeries(files, 'signs')
  writeFileSync(join(files.dir, 'signs.pem'), publicPem(pinned))
  const keys = new KeySeries(files, 'signs')
  expect(keys.pinned.equals(pinned)).toBe(true)
  expect(keys.find(1)).toBeUndefined()
})

test('in production the first key has to be there, and the next one is made when it is asked for', () => {
  const files = temporaryKeyFiles()
  const production = { ...files, makeMissing: false }
  const invalid = expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error
  expect(() => new KeySeries(production, 'signs')).toThrow(invalid)
  const { pinned } = new KeySeries(files, 'signs')
  const keys = new KeySeries(production, 'signs')
  expect(keys.pinned.equals(pinned)).toBe(true)
  expect(keys.find(2)).toBeUndefined()
  expect(keys.make(2).publicKey.equals(pinned)).toBe(false)
})

test.each([
  ['no PEM', 'nonsense'],
  ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
])('%s is refused', (_what, content) => {
  const files = temporaryKeyFiles()
  const keys = new KeySeries(files, 'signs')
  const text =
    typeof content === 'string' ? content : content.export({ type: 'pkcs8', format: 'pem' })
  const invalid = expect.objectContaining({
    code: 'CONFIG_INVALID',
    message: 'signs-2.pem: expected an Ed25519 key',
  }) as Error
  writeFileSync(join(files.dir, 'signs-2.pem'), text)
  expect(() => keys.find(2)).toThrow(invalid)
})

test('a folder that cannot be written to is told of, and the key may be put there', () => {
  const files = temporaryKeyFiles()
  const keys = new KeySeries(files, 'signs')
  // A file in its place: not even who may write everywhere can put a key into it.
  rmSync(files.dir, { recursive: true })
  writeFileSync(files.dir, '')
  expect(() => keys.make(2)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }) as Error)
  rmSync(files.dir)
  expect(keys.find(2)).toBeUndefined()
})
