// npm test: installs what is missing, then runs every check and every tier of tests, and says in plain words what ran.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildWeb, generate, install, root, run } from './lib.mjs'

const CHECKS = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
  ['lint', 'eslint', ['.']],
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
  for (const [label, command, args] of CHECKS) {
    const ok = run(command, args) === 0
    console.log(`check: ${label}: ${ok ? 'ok' : 'FAILED'} (${seconds()})`)
    if (!ok) failedChecks.push(label)
  }
}
if (only === '--checks-only') process.exit(failedChecks.length === 0 ? 0 : 1)

const artefacts = join(root, 'test', 'artefacts')
mkdirSync(artefacts, { recursive: true })
const report = join(artefacts, 'vitest.json')
rmSync(report, { force: true })
const status = run('vitest', [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...(only === undefined || only.startsWith('--') ? [] : process.argv.slice(2)),
])

const results = JSON.parse(readFileSync(report, 'utf8'))
const skipped = results.numPendingTests + (results.numTodoTests ?? 0)
// A file that could not even be loaded holds no test that failed, so it counts as one.
const brokenFiles = results.testResults.filter(
  (file) =>
    file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
).length
const failed = results.numFailedTests + brokenFiles + failedChecks.length
if (failedChecks.length > 0) console.log(`checks that failed: ${failedChecks.join(', ')}`)
console.log(`took ${seconds()}`)
console.log(`${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`)
process.exit(status === 0 && failed === 0 && results.numPassedTests > 0 ? 0 : 1)
