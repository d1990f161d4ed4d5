import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('./crash-program.ts', import.meta.url))

/** Where the program kills itself, and at which passing. */
const POINTS: readonly [point: string, nth: number][] = [
  ['migrate.before_commit', 1],
  ['c.before', 7],
  ['c.mid', 9],
  ['c.before_commit', 11],
  ['c.after_commit', 3],
  ['c.after_commit', 17],
  ['c.after_ack', 13],
  ['r.after-read', 3],
  ['r.before-append', 4],
  ['r.append_before_commit', 10],
  ['r.after-append', 3],
  ['r.after-append', 8],
  ['r.after-mark', 3],
  ['k.after-fetch', 6],
  ['k.mid', 8],
  ['k.before-commit', 7],
  ['k.after-commit', 2],
  ['k.after-commit', 9],
]

interface Acknowledgement {
  readonly command: string
  readonly key: string
  readonly n: number
}

/**
 * One file, killed at every point in turn; each start recovers from the kill before it. What the program acknowledged is
 * remembered here, and the file is read by this process.
 */
describe('after kill -9 at any point', () => {
  let folder: string
  let file: string
  let keyFile: string
  const acknowledged: Acknowledgement[] = []
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'watashi-crash-'))
    file = join(folder, 'watashi.sqlite')
    keyFile = join(folder, 'event.pem')
    const { privateKey } = generateKeyPairSync('ed25519')
    await writeFile(keyFile, privateKey.export({ format: 'pem', type: 'pkcs8' }))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function runUntilKilled(
    point: string,
    nth: number,
    onSettled: () => void,
  ): Promise<{ signal: string | null; code: number | null; errors: string }> {
    const child = spawn(process.execPath, [PROGRAM, file, point, String(nth), keyFile], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.stdin.on('error', () => undefined) // killed before it could read
    const exit = once(child, 'exit') as Promise<[number | null, string | null]>
    for await (const line of createInterface({ input: child.stdout })) {
      const [word, command = '', key = '', n = ''] = line.split(' ')
      if (word === 'ack') acknowledged.push({ command, key, n: Number(n) })
      if (word !== 'settled') continue
      onSettled()
      child.stdin.write('go\n')
    }
    const [code, signal] = await exit
    return { code, signal, errors }
  }

  test.each(POINTS)(
    '%s (passing %i): nothing is lost, doubled or out of order',
    async (point, nth) => {
      const { signal, errors } = await runUntilKilled(point, nth, () => {
        expectWhole(file, acknowledged)
      })
      expect({ signal, errors }).toEqual({ signal: 'SIGKILL', errors: '' })
      if (!point.startsWith('migrate.')) expectNoEffectTwice(file)
    },
  )

  test('a last start finds everything in its place', async () => {
    let settled = false
    const { code, errors } = await runUntilKilled('none', 1, () => {
      settled = true
      expectWhole(file, acknowledged)
    })
    expect({ code, errors, settled }).toEqual({ code: 0, errors: '', settled: true })
    expect(acknowledged.length).toBeGreaterThan(POINTS.length)
  })
})

interface Effect {
  readonly key: string
  readonly n: number
}

/** Every acknowledged command is in the state, and the projection equals the state: each effect once, in order. */
function expectWhole(file: string, acknowledged: readonly Acknowledgement[]): void {
  const database = new Sqlite(file, { readonly: true })
  try {
    const all = <T>(sql: string): T[] => database.prepare<[], T>(sql).all()
    expect(all('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
    const done = new Map(
      all<Acknowledgement>('select command, key, n from crash_done').map((one) => [
        one.command,
        one,
      ]),
    )
    for (const one of acknowledged) expect(done.get(one.command)).toEqual(one)
    const effects = Map.groupBy(
      all<Effect>('select key, n from crash_effect order by seq'),
      (one) => one.key,
    )
    const accounts = all<Effect>('select key, n from crash_account')
    expect(accounts.reduce((sum, one) => sum + one.n, 0)).toBe(done.size)
    for (const { key, n } of accounts) {
      expect((effects.get(key) ?? []).map((one) => one.n)).toEqual(
        Array.from({ length: n }, (_, i) => i + 1),
      )
    }
    expect(all('select * from eventlog_parked_event')).toEqual([])
    expect(all('select * from eventlog_outbox')).toEqual([])
  } finally {
    database.close()
  }
}

/** Right after the kill some effects may be missing; none may be there twice or before an earlier one. */
function expectNoEffectTwice(file: string): void {
  const database = new Sqlite(file)
  try {
    const rows = database.prepare<[], Effect>('select key, n from crash_effect order by seq').all()
    for (const [, effects] of Map.groupBy(rows, (one) => one.key)) {
      expect(effects.map((one) => one.n)).toEqual(effects.map((_, i) => i + 1))
    }
  } finally {
    database.close()
  }
}
