import { parseArgs } from 'node:util'
import { createFactsValidator } from '../../../services/kernel/facts-check.ts'
import { PolicyStore } from '../../../services/policy/policy-store.ts'
import { appendReport, commitOfNow } from '../report.ts'
import { changedVersions, orderedAxes, Provers, type ProverAgreement } from './prover-agreement.ts'
import { Z3Prover } from './z3.ts'

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    pack: { type: 'string', multiple: true },
    report: { type: 'boolean', default: false },
  },
})
const every = Number(values.every)
const now = Date.parse('2026-12-01T00:00:00Z') / 1000
const store = new PolicyStore()
const schema = store.factsSchema()
const lines = [
  '| axis | changed versions | questions | left open by the exact analysis | differences | seconds |',
  '| --- | --- | --- | --- | --- | --- |',
]
let different = 0
const commit = commitOfNow()

await using z3 = await Z3Prover.start()
const provers = new Provers({ z3, schema, validator: createFactsValidator(schema), now })
for (const name of values.pack ?? store.list()) {
  const { pack } = store.load(name)
  for (const axis of orderedAxes(pack)) {
    const started = performance.now()
    const said: ProverAgreement[] = [await provers.axis(pack, axis.name)]
    const versions = changedVersions(pack, axis.name, every)
    for (const version of versions) {
      said.push(await provers.axis(version, axis.name))
      said.push(await provers.versions(pack, version, axis.name))
    }
    const asked = said.reduce((sum, one) => sum + one.asked, 0)
    const open = said.flatMap((one) => one.open)
    const differences = said.flatMap((one) => one.differences)
    for (const difference of differences) console.error(`${name}: ${difference}`)
    different += differences.length
    const seconds = Math.round((performance.now() - started) / 1000)
    lines.push(
      `| ${name} ${axis.name} | ${versions.length} | ${asked} | ${open.length} | ${differences.length} | ${seconds} |`,
    )
    console.log(lines.at(-1))
  }
}

if (values.report)
  appendReport({
    file: 'policy-prover.md',
    command: `npm run prover:policy -- --every ${every}`,
    commit,
    text: 'Z3 (lists of three entries, four checks of a type, every person that it finds scored by the ordinary engine) and the exact analysis on the same questions: who has each level or method, of whom each rule holds and on whom it makes a difference, whom more evidence lowers, whom a changed version raises and lowers. A changed version has one condition negated or one limit shifted.',
    lines,
  })
process.exitCode = different === 0 ? 0 : 1
