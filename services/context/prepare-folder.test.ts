import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../kernel/errors.ts'
import { prepareFolder } from './prepare-folder.ts'

const folder = mkdtempSync(join(tmpdir(), 'watashi-folder-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a folder that the configuration names', () => {
  test('is made with those above it, and nothing is left in it', () => {
    const path = join(folder, 'a/b/c')
    prepareFolder('DATA_DIR', path)
    expect(readdirSync(path)).toEqual([])
  })
  test('is taken as it is where it exists', () => {
    const path = join(folder, 'kept')
    mkdirSync(path)
    writeFileSync(join(path, 'file'), '')
    prepareFolder('DATA_DIR', path)
    expect(readdirSync(path)).toEqual(['file'])
  })
  test.each([
    ['a file', 'file'],
    ['a place inside a file', 'file/data'],
  ])('is refused with the name of its variable when it is %s', (_, name) => {
    writeFileSync(join(folder, 'file'), '')
    const prepare = () => prepareFolder('DATA_DIR', join(folder, name))
    expect(prepare).toThrow(ConfigError)
    expect(prepare).toThrow(/^`DATA_DIR`: expected a folder/)
  })
  test.skipIf(!existsSync('/proc/self'))('is refused at once where the system makes none', () => {
    for (const path of ['/proc', '/proc/watashi', '/proc/watashi/data']) {
      expect(() => prepareFolder('DATA_DIR', path)).toThrow(/^`DATA_DIR`: /)
    }
  })
})
