import { mkdirSync, mkdtempSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError } from '../kernel/errors.ts'

/** Makes a folder where there is none. Throws `ConfigError` naming the variable when nothing can be written in it. */
export function prepareFolder(variable: string, path: string, mode = 0o777): void {
  try {
    makeFolders(path, mode)
    rmdirSync(mkdtempSync(join(path, '.probe-')))
  } catch (error) {
    throw new ConfigError(
      `\`${variable}\`: expected a folder that can be made and written to, not ${path}`,
      { cause: error },
    )
  }
}

// NOTE: mkdirSync with `recursive` never returns where the system refuses a folder with ENOENT, as /proc does.
function makeFolders(path: string, mode: number): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return
  makeFolders(dirname(path), mode)
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Another process, started at the same time, was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
