import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'

/** Adds what a run found to a report, with the command and the commit that it was made on. */
export function appendReport({
  file,
  command,
  text,
  lines,
}: {
  readonly file: string
  readonly command: string
  readonly text: string
  readonly lines: readonly string[]
}): void {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const at = new Date().toISOString().slice(0, 16)
  appendFileSync(
    join(import.meta.dirname, '../reports', file),
    `## ${at}Z, commit ${commit}, \`${command} --report\`, Node ${process.version}\n\n${text}\n\n${lines.join('\n')}\n\n`,
  )
}
