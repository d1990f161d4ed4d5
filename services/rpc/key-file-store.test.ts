import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadSecretKey, loadSigningKey } from './key-file-store.ts'
import { temporaryKeyFiles } from './temporary-key-series.ts'

test('development keys are made once, are read back, and are the owner’s alone', () => {
  const files = temporaryKeyFiles()
  const key = loadSecretKey(files, 'kek')
  expect(loadSecretKey(files, 'kek').reveal()).toEqual(key.reveal())
  const first = loadSigningKey(files, 'events-proofing')
  expect(loadSigningKey(files, 'events-proofing').publicKey.equals(first.publicKey)).toBe(true)
  expect(statSync(join(files.dir, 'kek.key')).mode & 0o077).toBe(0)
})

test('without leave to make keys, a missing one stops the start', () => {
  const files = temporaryKeyFiles(false)
  expect(() => loadSecretKey(files, 'kek')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
  expect(() => loadSigningKey(files, 'events-proofing')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
})

test('a key of the wrong length is refused', () => {
  const files = temporaryKeyFiles()
  loadSecretKey(files, 'kek')
  writeFileSync(join(files.dir, 'short.key'), 'YWJj\n')
  expect(() => loadSecretKey(files, 'short')).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  )
})
