import type { Columns, Contribution } from './close-signatures.ts'
import type { Node } from './diagrams.ts'
import { ElementClasses } from './element-classes.ts'
import type { Elements } from './element-signatures.ts'
import { profilesOf } from './related-elements.ts'
import { NotCovered } from './open-question.ts'
import { openOn } from './open-reasons.ts'

/**
 * Lists whose elements look at those of the same document alone: what each document adds, whatever entries it has. Documents are
 * then as separate as the elements of other lists.
 */
export function documentsOf(
  elements: Elements,
  tuple: readonly Node[],
  { layouts, nodes }: Columns,
): readonly Contribution[] {
  const { group } = elements
  for (const layout of layouts) {
    if (layout.kind === 'count' || (layout.kind === 'slots' && !layout.byDocument))
      throw new NotCovered(openOn(group.id, 'documentEntriesCounted'))
    if (layout.kind === 'slots' && (layout.strongest !== undefined || layout.keys.length > 0))
      throw new NotCovered(openOn(group.id, 'documentEntriesRanked'))
  }
  const classes = new ElementClasses(elements, tuple, nodes.length)
  const document = group.element.variables.get(documentField(elements))
  const isNamed = (a: number) =>
    document?.values[classes.valuesOf(a).get(document.id) ?? 0] !== undefined
  const found = new Map<string, Contribution>()
  const add = (members: readonly number[], signatures: readonly (readonly number[])[]) => {
    const bits = nodes.map((_, i) => (signatures.some((one) => one[i] === 1) ? '1' : '0')).join('')
    if (found.has(bits)) return
    const values = members.map((a) => classes.valuesOf(a))
    found.set(bits, { bits, elements: () => values })
  }
  for (const a of classes.numbers) if (!isNamed(a)) add([a], [classes.signature(a, new Set())])
  const named = classes.numbers.filter(isNamed)
  for (const profile of profilesOf(classes, named, group.id))
    if (profile.present.length > 0)
      add(
        profile.present,
        profile.present.map((a) => classes.signature(a, profile.found)),
      )
  return [...found.values()]
}

/** Does an element look at those of its own document only? */
export function areDocuments({ group }: Elements): boolean {
  const fields = [...group.relations.values()].map(({ document }) => document)
  return fields.length > 0 && fields.every((field) => field !== undefined && field === fields[0])
}

function documentField({ group }: Elements): string {
  const [relation] = group.relations.values()
  return relation?.document ?? ''
}
