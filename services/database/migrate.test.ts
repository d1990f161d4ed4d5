import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, expect, test } from 'vitest'
import { migrate } from './migrate.ts'
import { openTemporaryDatabase } from './temporary-database.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** Migration files as the generator writes them, one statement each. */
async function migrations(...statements: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watashi-migrations-'))
  folders.push(folder)
  await mkdir(join(folder, 'sqlite/meta'), { recursive: true })
  const entries = statements.map((_, idx) => ({
    idx,
    version: '6',
    when: 1_700_000_000_000 + idx,
    tag: `000${idx}_step`,
    breakpoints: true,
  }))
  await writeFile(join(folder, 'sqlite/meta/_journal.json'), JSON.stringify({ entries }))
  for (const [i, statement] of statements.entries()) {
    await writeFile(join(folder, `sqlite/000${i}_step.sql`), statement)
  }
  return folder
}

const CREATE = 'create table thing (id text primary key)'
const ALTER = "alter table thing add column note text not null default 'none'"

test('applies what is new and keeps the rows that are there', async () => {
  await using temporary = await openTemporaryDatabase()
  const { database } = temporary
  expect(await migrate(database, [{ service: 'one', folder: await migrations(CREATE) }])).toBe(1)
  await database.run(async (tx) => tx.run(sql`insert into thing values ('a')`))
  const next = [{ service: 'one', folder: await migrations(CREATE, ALTER) }]
  expect(await migrate(database, next)).toBe(1)
  expect(await migrate(database, next)).toBe(0)
  const rows = await database.read(async (tx) => tx.all(sql`select * from thing`))
  expect(rows).toEqual([{ id: 'a', note: 'none' }])
})

test('applies the migrations of all services, or of none', async () => {
  await using temporary = await openTemporaryDatabase()
  const { database } = temporary
  const good = { service: 'one', folder: await migrations(CREATE) }
  const bad = { service: 'two', folder: await migrations('create tabel oops (id text)') }
  await expect(migrate(database, [good, bad])).rejects.toThrow()
  const tables = await database.read(async (tx) => tx.all(sql`select name from sqlite_master`))
  expect(tables).toEqual([])
})

test('applies an older-dated file of another service', async () => {
  await using temporary = await openTemporaryDatabase()
  const { database } = temporary
  await migrate(database, [{ service: 'one', folder: await migrations(CREATE, ALTER) }])
  const other = await migrations('create table other (id text primary key)')
  expect(await migrate(database, [{ service: 'two', folder: other }])).toBe(1)
})

test('refuses to start when an applied migration was edited', async () => {
  await using temporary = await openTemporaryDatabase()
  const { database } = temporary
  await migrate(database, [{ service: 'one', folder: await migrations(CREATE) }])
  const edited = await migrations('create table thing (id text primary key, extra text)')
  await expect(migrate(database, [{ service: 'one', folder: edited }])).rejects.toThrow('edited')
})
