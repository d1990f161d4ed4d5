// npm test: installs what is missing, then runs every check and every tier of tests, and says in plain words what ran.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { buildWeb, generate, install, root, run, runBeside } from './lib.mjs'

const CHECKS = [
  ['lint', 'eslint', ['.']],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['types', 'tsc', ['-p', '.']],
  ['types of the pages', 'tsc', ['-p', 'web']],
  [
    'boundaries',
    'depcruise',
    ['--config', '.dependency-cruiser.cjs', 'services', 'web', 'deploy', 'test', 'bench'],
  ],
  ['unused code', 'knip', []],
  ['proto lint', 'buf', ['lint']],
  ['proto format', 'buf', ['format', '-d', '--exit-code']],
  ['proto breaking', 'buf', ['breaking', '--against', 'proto/baseline.binpb']],
  ['migrations', 'node', ['scripts/generate-migrations.mjs', '--check']],
]

const only = process.argv[2]
const began = Date.now()
const seconds = () => `${((Date.now() - began) / 1000).toFixed(0)} s`

install({ dev: true })
generate()
buildWeb()

const failedChecks = []
if (only !== '--tests-only') {
  // Two at a time: most of them have use for one core.
  const waiting = [...CHECKS]
  const lane = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const [label, command, args] = check
      const { status, output } = await runBeside(command, args)
      const ok = status === 0
      process.stdout.write(output)
      console.log(`check: ${label}: ${ok ? 'ok' : 'FAILED'} (${seconds()})`)
      if (!ok) failedChecks.push(label)
    }
  }
  await Promise.all([lane(), lane()])
}
if (only === '--checks-only') process.exit(failedChecks.length === 0 ? 0 : 1)

const artefacts = join(root, 'test', 'artefacts')
mkdirSync(artefacts, { recursive: true })
// Unit tests share nothing, so they may use every core; integration tests start whole products.
const TIERS =
  only === undefined || only.startsWith('--')
    ? [
        ['unit', ['--project', 'unit', `--maxWorkers=${Math.max(2, availableParallelism() - 1)}`]],
        ['integration', ['--project', 'integration']],
      ]
    : [['chosen', process.argv.slice(2)]]
const totals = { passed: 0, failed: failedChecks.length, skipped: 0 }
let allEnded = true
for (const [name, args] of TIERS) {
  const report = join(artefacts, `vitest-${name}.json`)
  rmSync(report, { force: true })
  const status = run('vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ])
  if (status !== 0) allEnded = false
  const results = JSON.parse(readFileSync(report, 'utf8'))
  // A file that could not even be loaded holds no test that failed, so it counts as one.
  const brokenFiles = results.testResults.filter(
    (file) =>
      file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length
  totals.passed += results.numPassedTests
  totals.failed += results.numFailedTests + brokenFiles
  totals.skipped += results.numPendingTests + (results.numTodoTests ?? 0)
  console.log(`tests: ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds()})`)
}
if (failedChecks.length > 0) console.log(`checks that failed: ${failedChecks.join(', ')}`)
console.log(`took ${seconds()}`)
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(allEnded && totals.failed === 0 && totals.passed > 0 ? 0 : 1)
