import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CLASSES } from './classes.ts'
import { runDifferential, type DifferentialResult } from './differential.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    'at-once': { type: 'string', default: '2' },
    report: { type: 'boolean', default: false },
  },
})
const [count, seed, atOnce] = [values.count, values.seed, values['at-once']].map(Number)
if (
  count === undefined ||
  seed === undefined ||
  atOnce === undefined ||
  !(count > 0 && atOnce > 0)
) {
  console.error('expected --count and --at-once above 0, and a whole --seed')
  process.exit(2)
}

const began = performance.now()
console.log(`seed ${seed}`)
// To the second, as the times in messages are.
const now = new Date(Math.floor(Date.now() / 1000) * 1000)
const folder = join(import.meta.dirname, '../artefacts/differential')
const result = await runDifferential({ count, seed, now, atOnce, folder })
const lines = linesOf(result, (performance.now() - began) / 1000)
console.log(lines.join('\n'))
if (values.report) {
  const place = join(import.meta.dirname, '../reports')
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, 'differential.md'), `${lines.join('\n')}\n`)
}
process.exitCode = result.unexplained.length === 0 ? 0 : 1

function linesOf(
  { total, signedAgain, bothAccept, bothRefuse, kinds, classes, unexplained }: DifferentialResult,
  seconds: number,
): string[] {
  const tell = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { encoding: 'utf8' }).trim()
  const differ = total - bothAccept - bothRefuse
  return [
    '# Differential test against openssl',
    '',
    `\`npm run differential -- --count ${count} --seed ${seed}\`, commit ${tell('git', 'rev-parse', '--short', 'HEAD')}, ${now.toISOString().slice(0, 16)}Z, ${tell('openssl', 'version')}, ${seconds.toFixed(0)} s`,
    '',
    `${total} mutants, ${signedAgain} of them signed again after the change: ${bothAccept} accepted by both, ${bothRefuse} refused by both, ${differ} accepted by one alone, ${unexplained.length} of those unexplained.`,
    '',
    '| mutants of | number | accepted by both | refused by both | ours alone accepts | openssl alone accepts |',
    '| --- | --- | --- | --- | --- | --- |',
    ...[...kinds].map(
      ([kind, { both, neither, ours, openssl }]) =>
        `| ${kind} | ${both + neither + ours + openssl} | ${both} | ${neither} | ${ours} | ${openssl} |`,
    ),
    '',
    '| accepts alone | number | class | why | clause |',
    '| --- | --- | --- | --- | --- |',
    ...CLASSES.filter((one) => classes.has(one.class)).map(
      (one) =>
        `| ${one.accepts} | ${classes.get(one.class)} | ${one.class} | ${one.why} | ${one.clause} |`,
    ),
    ...(unexplained.length === 0
      ? []
      : ['', 'Unexplained:', '', ...unexplained.map((one) => `- ${one}`)]),
  ]
}
