import { existsSync, mkdtempSync, renameSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { systemClock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { openEventCore, type EventCoreDependencies } from './event-core.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watashi-core-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('closes the database when its schema cannot be brought up to date', async () => {
  const file = join(folder, 'watashi.sqlite')
  await (await openEventCore(dependencies())).close()
  const editor = new Sqlite(file)
  editor.exec(`update eventlog_migrations set hash = 'edited'`)
  editor.close()

  await expect(openEventCore(dependencies())).rejects.toThrow(ConfigError)
  // SQLite takes its write-ahead log away when the last connection has closed.
  expect(existsSync(`${file}-wal`)).toBe(false)
  expect(existsSync(file)).toBe(true)
})

describe('the keys that events are signed with', () => {
  const keyFile = (name: string) => join(folder, 'keys', `events-${name}.pem`)
  const start = async () => (await openEventCore(dependencies())).close()

  test('are those of the first start', async () => {
    await start()
    await start()
  })

  test('stop the start, all named at once, when others have taken their place, and do until they are back', async () => {
    await start()
    for (const name of ['proofing', 'wallet']) renameSync(keyFile(name), `${keyFile(name)}.away`)
    const refusal = { code: 'CONFIG_INVALID', message: expect.stringMatching(NAMES_BOTH) as string }
    await expect(start()).rejects.toMatchObject(refusal)
    await expect(start()).rejects.toMatchObject(refusal)
    expect(existsSync(join(folder, 'watashi.sqlite-wal'))).toBe(false)
    for (const name of ['proofing', 'wallet']) renameSync(`${keyFile(name)}.away`, keyFile(name))
    await start()
  })
})

const NAMES_BOTH = /`KEYS_DIR`.*events-proofing\.pem, events-wallet\.pem$/

function dependencies(): EventCoreDependencies {
  return {
    config: readConfig({ DATA_DIR: folder }),
    keys: { dir: join(folder, 'keys'), makeMissing: true, random: systemRandom },
    clock: systemClock,
    random: systemRandom,
    log: createLog('silent'),
  }
}
