import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz, type FuzzResult } from './fuzz.ts'
import type { FuzzTarget } from './target.ts'
import { FUZZ_TARGETS } from './targets.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    report: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
const names = FUZZ_TARGETS.map(({ name }) => name)
const unknown = values.target.filter((name) => !names.includes(name))
if (unknown.length > 0 || !(seconds > 0) || !Number.isInteger(seed)) {
  console.error(`expected --seconds above 0, a whole --seed, --target one of ${names.join(', ')}`)
  process.exit(2)
}

const reports = join(import.meta.dirname, '../reports/fuzz.md')
const folder = join(import.meta.dirname, '../artefacts/fuzz')
const HEADING = `# Fuzzing

Last run of each target. An execution is one input with everything that is checked of it.

| target | what | command | seed | commit | day | seconds | executions | executions/s | corpus | findings |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const chosen = FUZZ_TARGETS.filter(
  ({ name }) => values.target.length === 0 || values.target.includes(name),
)
let found = 0
console.log(`seed ${seed}`)
for (const target of chosen) {
  const result = await fuzz(target, { seconds, seed, guided: true, folder })
  found += result.findings.length
  console.log(rowOf(target, result))
  for (const finding of result.findings) console.log(`  ${finding}`)
  if (values.report) keep(target, result)
}
process.exitCode = found === 0 ? 0 : 1

function rowOf({ name, what }: FuzzTarget, result: FuzzResult): string {
  const { executions, corpus, findings } = result
  const cells = [
    ...[name, what, `\`npm run fuzz -- --seconds ${seconds} --target ${name} --seed ${seed}\``],
    ...[seed, commit, new Date().toISOString().slice(0, 10), result.seconds.toFixed(0), executions],
    ...[Math.round(executions / result.seconds), corpus, findings.length],
  ]
  return `| ${cells.join(' | ')} |`
}

/** Puts the row in the place of the target's last one. */
function keep(target: FuzzTarget, result: FuzzResult): void {
  const kept = existsSync(reports) ? readFileSync(reports, 'utf8') : HEADING
  const rows = kept
    .slice(HEADING.length)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(`| ${target.name} |`))
  writeFileSync(reports, `${HEADING}${[...rows, rowOf(target, result)].join('\n')}\n`)
}
