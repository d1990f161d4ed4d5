import { execFileSync } from 'node:child_process'

/**
 * What a module of this folder prints as JSON when it runs in a process of its own, `--expose-gc` given: nothing is warm, and neither
 * memory nor collections of garbage of other measurements are in its figures.
 */
export function inOwnProcess(file: string, ...arguments_: readonly string[]): unknown {
  const module = new URL(file, import.meta.url).pathname
  const output = execFileSync(process.execPath, ['--expose-gc', module, ...arguments_], {
    encoding: 'utf8',
  })
  return JSON.parse(output)
}
