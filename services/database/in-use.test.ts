import { expect, test } from 'vitest'
import { isInUse } from './in-use.ts'
import { openTemporaryDatabase } from './temporary-database.ts'

test('a file is in use for as long as a database is open on it', async () => {
  await using temporary = await openTemporaryDatabase()
  const { database, file } = temporary
  await database.run(async () => undefined)
  expect(isInUse(file)).toBe(true)
  expect(await database.run(async () => 'goes on')).toBe('goes on')
  await database.close()
  expect(isInUse(file)).toBe(false)
})

test('a file that is not there is not made', async () => {
  await using temporary = await openTemporaryDatabase()
  expect(() => isInUse(`${temporary.file}.other`)).toThrow()
})
