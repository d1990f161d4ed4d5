import { drawerFor, withoutOptions } from '../../test/policy/agreement.ts'
import { PolicyLibrary } from '../../services/policy/policy-library.ts'
import { PolicyStore } from '../../services/policy/policy-store.ts'
import { Population } from '../../services/policy/population.ts'
import { cpuMilliseconds } from '../measure.ts'
import { NOW } from './subjects.ts'

const PERSONS = 100_000
const DISTINCT = 4_000
const TURNS = 9
const PROFILE = 'watashi-default'
const DRAFTS = [
  {
    what: 'a level of meti-idtf-2016',
    path: 'meti-idtf-2016/proofing.rules.yaml',
    from: "grant: { proofing: '2' }",
    to: "grant: { proofing: '3' }",
  },
  {
    what: 'a level of nist-63-4',
    path: 'nist-63-4/identity.rules.yaml',
    from: 'grant: { IAL: IAL2 }',
    to: 'grant: { IAL: IAL3 }',
  },
] as const

/** What the studio's thread does at a key: the text of a draft read, and everybody counted who is held, on all axes. */
export function benchImpact(): readonly string[] {
  const store = new PolicyStore()
  const library = new PolicyLibrary(store.library.documents)
  const before = library.policyOf(PROFILE)
  const at = new Date(NOW * 1000)
  const drawers = ['nist-800-63A-4', 'meti-idtf-2016'].map((framework, i) =>
    drawerFor(before.frameworks.pack(framework), store, i + 1, NOW),
  )
  const proofings = Array.from({ length: DISTINCT }, (_, i) =>
    JSON.stringify([withoutOptions(drawers[i % 2]?.draw() ?? {})]),
  )
  const population = new Population()
  for (let i = 0; i < PERSONS; i += 1)
    population.put({ subjectRef: `person-${i}`, proofings: proofings[i % DISTINCT] })
  const impactOf = ({ path, from, to }: (typeof DRAFTS)[number]) => {
    const text = library.documents.get(path)
    if (text?.includes(from) !== true) throw new Error(`${path} has no ${from}`)
    const documents = new Map(library.documents).set(path, text.replace(from, to))
    const after = new PolicyLibrary(documents, undefined, library).policyOf(PROFILE)
    return population.impact(before, after, at)
  }
  return DRAFTS.map((draft) => {
    impactOf(draft) // everybody is read and scored under what is in force
    const times = Array.from({ length: TURNS }, () => cpuMilliseconds(() => impactOf(draft)))
    const [best = 0, median = 0] = [0, Math.floor(TURNS / 2)].map(
      (i) => times.toSorted((a, b) => a - b)[i],
    )
    const moved = impactOf(draft).axes.reduce((sum, axis) => sum + axis.raised + axis.lowered, 0)
    if (moved === 0) throw new Error('a draft of the bench moves nobody')
    return `| impact of a draft (${draft.what}) on ${PERSONS.toLocaleString('en')} held persons, YAML to the matrix of every axis | best ${best.toFixed(0)} ms, median ${median.toFixed(0)} ms; ${moved.toLocaleString('en')} moved | – | – | ≤ 250 ms |`
  })
}
