import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { registeredId, type RegistrationFile } from './read-registration.ts'

/** All `*.yaml` of a folder, in the order of their names, with what their variables stand for. */
export function readRegistrationFolder(
  folder: string,
  context: Pick<RegistrationFile, 'variables' | 'developmentKeys'>,
): readonly RegistrationFile[] {
  return readTexts(folder).map((named) => ({ ...named, ...context }))
}

/** Ids of the relying parties that a folder registers, before anything else about them is known. */
export function registeredIds(folder: string): readonly string[] {
  return readTexts(folder).flatMap(({ text }) => registeredId(text) ?? [])
}

function readTexts(folder: string): readonly Pick<RegistrationFile, 'file' | 'text'>[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => {
      const file = join(folder, name)
      return { file, text: readFileSync(file, 'utf8') }
    })
}
