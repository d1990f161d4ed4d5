import { analyzeAxis } from '../../services/policy/analysis/analyze.ts'
import { PolicyStore } from '../../services/policy/policy-store.ts'
import { cpuMilliseconds } from '../measure.ts'
import { NOW } from './subjects.ts'

/** Everything that is proved of an axis, each axis of every released pack once: the two that take longest, and all. */
export function benchAnalysis(): readonly string[] {
  const store = new PolicyStore()
  const schema = store.factsSchema()
  const packs = store.list().map((name) => store.load(name).pack)
  const axes = packs
    .filter(({ status }) => status === 'released')
    .flatMap((pack) => [...pack.axes.keys()].map((axis) => ({ pack, axis })))
    .map(({ pack, axis }) => {
      const took = cpuMilliseconds(() => {
        const { engine } = analyzeAxis({ pack, schema, now: NOW }, axis)
        if (engine !== 'exact') throw new TypeError(`${pack.framework} ${axis} is not proved`)
      })
      return { name: `${pack.framework} ${axis}`, took }
    })
    .sort((a, b) => b.took - a.took)
  const seconds = (some: typeof axes) =>
    `${(some.reduce((sum, { took }) => sum + took, 0) / 1000).toFixed(1)} s`
  const largest = axes.slice(0, 2)
  return [
    `| full analysis of the two axes that take longest (${largest.map(({ name }) => name).join(', ')}), each the first time | ${seconds(largest)} | all ${axes.length} axes of the released packs: ${seconds(axes)} | – | ≤ 5 s |`,
  ]
}
