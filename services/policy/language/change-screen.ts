import type { CodedLayout } from './coded-layout.ts'
import { changedRules, type RuleChange } from './changed-rules.ts'
import { compileSource } from './compile-source.ts'
import { Emission, periodOf, sourceOf, type AxisValues, type GeneratedSource } from './emission.ts'
import { ValueEmitter } from './emit-values.ts'
import { NormalForm, NotGenerated } from './normal-form.ts'
import type { Pack } from './pack.ts'

type Screen = (words: Int32Array, start: number, now: number, measuredAt: number) => boolean

/**
 * Tells whose levels a change of some rules can touch, by the changed conditions alone: who answers each of them as before, with
 * certainty, has the levels of before. Sound, not complete: who is concerned may keep the level.
 */
export class ChangeScreen {
  readonly #screens: readonly Screen[]

  /** Nothing where more than conditions differ. Throws `NotGenerated`, and `EvalError` where code from strings is forbidden. */
  static between(
    before: Pack,
    after: Pack,
    axes: readonly string[],
    layout: CodedLayout,
  ): ChangeScreen | undefined {
    const changes = changedRules(before, after, axes, layout)
    return changes === undefined ? undefined : new ChangeScreen(changes, layout)
  }

  private constructor(changes: readonly RuleChange[], layout: CodedLayout) {
    const outputs = { out: new Int32Array(0), turns: new Float64Array(1) }
    this.#screens = [false, true].map((kleene) => {
      const form = new NormalForm(layout)
      return compileSource<Screen>(screenSource(form, changes, kleene), form.lookups, outputs)
    })
  }

  /** Of a subject coded in the layout at a coded instant; `open` as the subject has an outcome that is open. */
  concerns(words: Int32Array, start: number, open: boolean, now: number): boolean {
    return this.#screens[open ? 1 : 0]?.(words, start, now, now) ?? true
  }
}

/** No changed condition reads an axis. */
const NO_AXES: AxisValues = {
  maskOf: (axis) => {
    throw new NotGenerated(`axis ${axis} in a changed condition`)
  },
  madeFrom: () => [],
}

function screenSource(
  form: NormalForm,
  changes: readonly RuleChange[],
  kleene: boolean,
): GeneratedSource {
  const emission = new Emission(form, { kleene, finds: 'bounds' })
  const { root } = emission
  const values = new ValueEmitter(emission, NO_AXES)
  const conditions = changes.map((change) =>
    change.map(({ rule, tables }) => form.condition(rule.rule.condition, tables)),
  )
  for (const node of conditions.flat()) node.uses += 1
  changes.forEach((change, i) => {
    const [one, other = '0'] = change.map(({ rule }, j) => {
      const node = conditions[i]?.[j]
      if (node === undefined) throw new TypeError('a rule without its condition')
      const code = values.code(node, root)
      const name = emission.name('z')
      root.lines.push(`const ${name} = ${[...periodOf(rule), code].join(' && ')} || 0;`)
      return name
    })
    root.lines.push(`if (${one} === 2 || ${one} !== ${other}) return true;`)
  })
  root.lines.push('return false;')
  return sourceOf(emission)
}
