import { axesIn } from '../language/ir-names.ts'
import type { Effect, MethodAxis, Pack, Rule } from '../language/pack.ts'

/** What has to be looked at together: a whole axis, one method of a set, or one note. */
export interface Focus {
  readonly pack: Pack
  /** Only this method is judged. */
  readonly method: string | undefined
}

/** Methods do not depend on each other, so each is looked at with its own rules; so is each note. */
export function fociOf(pack: Pack, axisName: string): readonly Focus[] {
  const axis = pack.axes.get(axisName)
  if (axis?.kind !== 'methods') return [{ pack, method: undefined }]
  const notes = pack.notes.filter((note) => note.axes.includes(axisName))
  return [
    ...axis.type.members.map((method) => ({ pack: focusOn(pack, axis, method), method })),
    ...notes.map((note) => {
      const read = new Set<string>()
      axesIn(note.condition, read)
      // A note about the methods that somebody has: one method is enough to show that it can hold.
      const [method = ''] = read.has(axisName) ? axis.type.members : []
      return { pack: { ...focusOn(pack, axis, method), notes: [note] }, method: '' }
    }),
  ]
}

/** The pack with the rules alone that give or take one method. */
export function focusOn(pack: Pack, axis: MethodAxis, method: string): Pack {
  const index = axis.type.members.indexOf(method)
  const bit = index < 0 ? 0 : 1 << index
  const about = (effect: Effect) => ((effect.get(axis.name) ?? 0) & bit) !== 0
  return {
    ...pack,
    grants: pack.grants.filter(({ gives }) => about(gives)),
    vetoes: pack.vetoes.filter(({ removes }) => about(removes)),
    caps: pack.caps.filter(({ to }) => to.has(axis.name)),
    notes: [],
  }
}

/** Is the rule among those that a focus looks at? */
export function looksAt({ pack, method }: Focus, rule: string): boolean {
  const rules: readonly Rule[] =
    method === '' ? pack.notes : [...pack.grants, ...pack.vetoes, ...pack.caps, ...pack.notes]
  return rules.some(({ id }) => id === rule)
}
