import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'

/** The commit that is worked on. A long run asks for it at its start. */
export function commitOfNow(): string {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
}

/** Adds what a run found to a report, with the command and the commit that it was started on. */
export function appendReport({
  file,
  command,
  commit,
  text,
  lines,
}: {
  readonly file: string
  readonly command: string
  readonly commit: string
  readonly text: string
  readonly lines: readonly string[]
}): void {
  const at = new Date().toISOString().slice(0, 16)
  appendFileSync(
    join(import.meta.dirname, '../reports', file),
    `## ${at}Z, started on commit ${commit}, \`${command} --report\`, Node ${process.version}\n\n${text}\n\n${lines.join('\n')}\n\n`,
  )
}
