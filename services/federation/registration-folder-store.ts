import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RegistrationFile } from './read-registration.ts'

/** All `*.yaml` of a folder, in the order of their names, with what their variables stand for. */
export function readRegistrationFolder(
  folder: string,
  context: Pick<RegistrationFile, 'variables' | 'developmentKeys'>,
): readonly RegistrationFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => {
      const file = join(folder, name)
      return { file, text: readFileSync(file, 'utf8'), ...context }
    })
}
