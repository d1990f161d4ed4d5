import { parseArgs } from 'node:util'
import { PolicyStore } from '../../services/policy/policy-store.ts'
import { Agreement, drawerFor } from './agreement.ts'
import { appendReport, commitOfNow } from './report.ts'

const DAY = 86_400
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    report: { type: 'boolean', default: false },
  },
})
const [count, seed] = [Number(values.count), Number(values.seed)]
const now = Date.parse('2026-11-01T00:00:00Z') / 1000
const store = new PolicyStore()
const names = store.list()
const lines = [
  '| pack | subjects | with a rule that fired | with an open outcome | differences |',
  '| --- | --- | --- | --- | --- |',
]
let different = 0
const commit = commitOfNow()

for (const name of names) {
  const { pack } = store.load(name)
  const agreement = new Agreement(pack)
  const drawer = drawerFor(pack, store, seed, now)
  const share = Math.ceil(count / names.length)
  let differing = 0
  for (let subject = 0; subject < share; subject += 1) {
    const facts = drawer.draw()
    const found = agreement.differences(facts, now + (subject % 60) * DAY)
    if (found.length === 0) continue
    differing += 1
    if (differing <= 3) console.error(`${name}: ${found.join('\n')}\n${JSON.stringify(facts)}`)
  }
  different += differing
  lines.push(`| ${name} | ${share} | ${agreement.fired} | ${agreement.open} | ${differing} |`)
  console.log(lines.at(-1))
}

if (values.report)
  appendReport({
    file: 'policy-differential.md',
    command: `npm run differential:policy -- --count ${count} --seed ${seed}`,
    commit,
    text: 'Closures, generated code (two-valued where nothing is open, three-valued, each for fired rules, bounds and turns) and the tracing interpreter on the same random facts: bounds, every rule that fired or may fire, notes. Answers, for which no code is generated, by closures and tracer.',
    lines,
  })
process.exitCode = different === 0 ? 0 : 1
