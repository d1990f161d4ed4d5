import { existsSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { systemClock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { openEventCore, type EventCoreDependencies } from './event-core.ts'

const folder = mkdtempSync(join(tmpdir(), 'watashi-core-'))
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

function dependencies(): EventCoreDependencies {
  return {
    config: readConfig({ DATA_DIR: folder }),
    keys: { dir: join(folder, 'keys'), makeMissing: true, random: systemRandom },
    clock: systemClock,
    random: systemRandom,
    log: createLog('silent'),
  }
}
