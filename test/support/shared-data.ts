import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const shared = process.env['WATASHI_SHARED'] ?? resolve(import.meta.dirname, '../../../shared')

/** A folder of data that the project did not write; null, with one printed line, where it is not there. */
export function sharedFolder(name: string): string | null {
  const folder = resolve(shared, 'data', name)
  if (existsSync(folder)) return folder
  console.log(`skipped: ${name} is not in ${resolve(shared, 'data')}`)
  return null
}
