// npm run coverage: which lines and branches of the verifier its unit tests reach; fails below the thresholds. With --report the
// table is kept in test/reports/coverage.md.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { generate, install, root, run } from './lib.mjs'

const THRESHOLDS = { lines: 100, branches: 95 }
const TESTS = ['services/jpki', 'services/cli/pki/public-suites.test.ts']
const folder = join(root, 'test', 'artefacts', 'coverage')

install({ dev: true })
generate()
rmSync(folder, { recursive: true, force: true })
const status = run('vitest', [
  'run',
  '--project=unit',
  ...TESTS,
  '--coverage.enabled',
  '--coverage.include=services/jpki/**/*.ts',
  '--coverage.reporter=json',
  `--coverage.reportsDirectory=${folder}`,
])
if (status !== 0) process.exit(status)

const covered = JSON.parse(readFileSync(join(folder, 'coverage-final.json'), 'utf8'))
const files = Object.entries(covered)
  .map(([path, file]) => ({ name: relative(root, path), ...measure(path, file) }))
  .sort((a, b) => a.name.localeCompare(b.name))
const total = files.reduce(
  (sum, { lines, branches }) => ({
    lines: sum.lines.concat(lines),
    branches: sum.branches.concat(branches),
  }),
  { lines: [], branches: [] },
)
const table = [
  '| file | lines | branches | not reached |',
  '| --- | --- | --- | --- |',
  ...files.map(({ name, lines, branches }) => row(name, lines, branches)),
  row('all', total.lines, total.branches),
].join('\n')
console.log(table)
if (process.argv.includes('--report')) report()

const missed = Object.entries(THRESHOLDS).filter(([what, least]) => percent(total[what]) < least)
for (const [what, least] of missed) console.error(`coverage of ${what} is below ${least} %`)
process.exitCode = missed.length === 0 ? 0 : 1

/**
 * Whether each line and branch was reached. A line with `satisfies never` counts neither way: the compiler proves that nothing
 * reaches it.
 */
function measure(path, { statementMap, s, branchMap, b }) {
  const source = readFileSync(path, 'utf8').split('\n')
  const isProven = ({ start, end }) =>
    source
      .slice(start.line - 1, end.line ?? start.line)
      .some((line) => line.includes('satisfies never'))
  const lines = new Map()
  for (const [id, place] of Object.entries(statementMap)) {
    if (isProven(place)) continue
    const { line } = place.start
    lines.set(line, (lines.get(line) ?? false) || s[id] > 0)
  }
  const branches = Object.entries(branchMap).flatMap(([id, { loc, locations }]) =>
    locations.flatMap((place, i) => {
      const at = place.start?.line === undefined ? loc : place
      return b[id][i] === 0 && isProven(at) ? [] : [{ at: at.start.line, reached: b[id][i] > 0 }]
    }),
  )
  return { lines: [...lines].map(([at, reached]) => ({ at, reached })), branches }
}

function percent(parts) {
  return parts.length === 0
    ? 100
    : (100 * parts.filter(({ reached }) => reached).length) / parts.length
}

function row(name, lines, branches) {
  const missing = [...lines, ...branches].filter(({ reached }) => !reached).map(({ at }) => at)
  const where = name === 'all' ? '' : [...new Set(missing)].sort((a, b) => a - b).join(', ')
  return `| ${name} | ${percent(lines).toFixed(2)} % | ${percent(branches).toFixed(2)} % | ${where} |`
}

function report() {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  })
  const heading = `## ${new Date().toISOString().slice(0, 16)}Z, commit ${commit.trim()}, \`npm run coverage -- --report\``
  const text = `# Coverage of services/jpki by its unit tests\n\nThresholds: all lines, ${THRESHOLDS.branches} % of branches. Lines with \`satisfies never\` count neither way.\nBranches that are left are defaults of reads by index, which the types ask for and no input takes.\n\n${heading}\n\n${table}\n`
  const file = join(root, 'test', 'reports', 'coverage.md')
  writeFileSync(file, text)
  run('prettier', ['--write', '--log-level', 'warn', file])
}
