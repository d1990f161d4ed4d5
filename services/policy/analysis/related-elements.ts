import type { Closure, Columns, Vector } from './close-signatures.ts'
import type { Node } from './diagrams.ts'
import { ElementClasses, type Found } from './element-classes.ts'
import type { Elements } from './element-signatures.ts'
import type { Assignment } from './scope.ts'
import { NotCovered, TooLarge } from './open-question.ts'
import { openAs, openOn } from './open-reasons.ts'

const MAX_PROFILES = 3_000
const MAX_UNIONS = 300

/** Lists whose elements look at each other: every set of kinds of elements is tried. */
export function closeRelated(
  elements: Elements,
  tuple: readonly Node[],
  { layouts, nodes }: Columns,
): Closure {
  if (layouts.some(({ kind }) => kind !== 'exists'))
    throw new NotCovered(openOn(elements.group.id, 'countedBesideCompared'))
  const classes = new ElementClasses(elements, tuple, nodes.length)
  const [plain, sought] = [true, false].map((is) =>
    classes.numbers.filter((a) => classes.isPlain(a) === is),
  )
  const vectors = new Map<string, Vector>()
  const found = new Map<string, readonly Assignment[]>()
  for (const profile of profilesOf(classes, sought ?? [], elements.group.id)) {
    const signatureOf = (a: number) => classes.signature(a, profile.found)
    for (const set of unions(plain ?? [], signatureOf, profile.present)) {
      const key = set.values.join()
      if (vectors.has(key)) continue
      vectors.set(key, { key, values: set.values })
      found.set(
        key,
        set.members.map((a) => classes.valuesOf(a)),
      )
    }
  }
  return { vectors: [...vectors.values()], elements: found }
}

export interface Profile {
  readonly found: Found
  readonly present: readonly number[]
}

/** What elements of some classes can be together: what each of them finds, and which of them still count. */
export function profilesOf(
  classes: ElementClasses,
  members: readonly number[],
  id: string,
): readonly Profile[] {
  const start: Profile = { found: new Set(), present: [] }
  const seen = new Set(['|'])
  const queue = [start]
  for (const { found, present } of queue) {
    for (const b of members) {
      const next = classes.with(found, b)
      const all = present.includes(b) ? present : [...present, b]
      // What is found stays found: an element of which nothing can hold any more is as good as gone.
      const counting = all.filter((a) => classes.counts(a, next)).sort((x, y) => x - y)
      const key = `${[...next].sort((x, y) => x - y).join()}|${counting.join()}`
      if (seen.has(key)) continue
      if (seen.size > MAX_PROFILES) throw new TooLarge(openOn(id, 'states'))
      seen.add(key)
      queue.push({ found: next, present: all })
    }
  }
  return queue
}

/** Every union of signatures, beside those of the elements that are there anyway. */
function unions(
  members: readonly number[],
  signatureOf: (member: number) => readonly number[],
  present: readonly number[],
): readonly { readonly values: readonly number[]; readonly members: readonly number[] }[] {
  const join = (a: readonly number[], b: readonly number[]) => a.map((bit, i) => bit | (b[i] ?? 0))
  const [first, ...rest] = present.map(signatureOf)
  const none = signatureOf(members[0] ?? present[0] ?? 0).map(() => 0)
  const start = { values: rest.reduce(join, first ?? none), members: present }
  const signatures = new Map(members.map((member) => [signatureOf(member).join(), member]))
  const queue = [start]
  const seen = new Set([start.values.join()])
  for (const { values, members: so } of queue) {
    for (const member of signatures.values()) {
      const next = join(values, signatureOf(member))
      if (seen.has(next.join())) continue
      seen.add(next.join())
      if (seen.size > MAX_UNIONS) throw new TooLarge(openAs('statesOfRelated'))
      queue.push({ values: next, members: [...so, member] })
    }
  }
  return queue
}
