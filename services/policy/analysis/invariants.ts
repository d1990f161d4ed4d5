import type { Seconds } from '../language/dates.ts'
import type { Invariant, LevelAxis, MethodAxis, Pack } from '../language/pack.ts'
import type { Text } from '../language/text.ts'
import type { Facts } from '../language/judged-facts.ts'
import type { PackModel } from './axis-model.ts'
import { neverRaises } from './compare.ts'
import { NEVER, type Node } from './diagrams.ts'
import { ExactModel, instantsOf } from './exact.ts'
import { exampleOf, Replay } from './example.ts'
import { fociOf, focusOn, type Focus } from './focus.ts'
import { loweringEntries } from './monotone.ts'
import type { Example } from './report.ts'
import { OpenQuestion } from './open-question.ts'

interface InvariantQuestion {
  readonly pack: Pack
  /** What is in force; absent for a pack that has no version before it. */
  readonly before: Pack | undefined
  /** facts.schema.json. */
  readonly schema: Facts
  readonly now: Seconds
}

export interface InvariantResult {
  readonly invariant: Invariant
  /** `false` comes with a person of whom it does not hold, where there can be one; `open` when it was not proved either way. */
  readonly holds: boolean | 'open'
  readonly text: Text
  readonly example: Example | undefined
}

/** What became of each statement that a pack makes about itself. All of them hold before it is published. */
export function proveInvariants(question: InvariantQuestion): readonly InvariantResult[] {
  return question.pack.invariants.map((invariant) => {
    try {
      return { invariant, ...new Proof(question).of(invariant) }
    } catch (error) {
      if (!(error instanceof OpenQuestion)) throw error
      return { invariant, ...open(invariant, error.reason) }
    }
  })
}

type Outcome = Omit<InvariantResult, 'invariant'>

class Proof {
  readonly #question: InvariantQuestion
  readonly #replay: Replay

  constructor(question: InvariantQuestion) {
    this.#question = question
    this.#replay = new Replay(question.pack)
  }

  of(invariant: Invariant): Outcome {
    switch (invariant.kind) {
      case 'monotone':
        return this.#monotone(invariant)
      case 'needs':
        return this.#needs(invariant)
      case 'reachable':
        return this.#reachable(invariant)
      case 'never-raises':
        return this.#neverRaises(invariant)
    }
  }

  #monotone(invariant: Invariant & { readonly kind: 'monotone' }): Outcome {
    const { pack, schema } = this.#question
    const axis = pack.axes.get(invariant.axis)
    if (axis === undefined) throw new TypeError(`no axis ${invariant.axis}`)
    const steps = this.#instants().flatMap((now) =>
      fociOf(pack, axis.name).map((focus) =>
        loweringEntries({ focus, axis, schema, now, replay: this.#replay }),
      ),
    )
    const fault = steps
      .flatMap(({ findings }) => findings)
      .find(({ kind }) => kind === 'non-monotone')
    if (fault !== undefined) return { holds: false, text: fault.text, example: fault.example }
    const [left] = steps.flatMap((step) => step.open)
    return left === undefined ? holds(invariant) : { holds: 'open', text: left, example: undefined }
  }

  #needs(invariant: Invariant & { readonly kind: 'needs' }): Outcome {
    const { pack, schema } = this.#question
    const axis = pack.axes.get(invariant.axis)
    if (axis === undefined || axis.kind === 'answer')
      throw new TypeError(`no levels on ${invariant.axis}`)
    const { rules, index } = aboutMember(pack, axis, invariant.member)
    const [template] = [...rules.grants, ...pack.grants]
    if (template === undefined) return holds(invariant)
    // The condition is asked about as a rule without effect would be.
    const asked = { ...template, ...invariant, stratum: 'note' as const, axes: [axis.name] }
    const withCondition = { ...rules, notes: [{ ...asked, flags: [], oblige: [] }] }
    for (const now of this.#instants()) {
      const exact = new ExactModel([{ pack: withCondition, axis: axis.name }], schema, now)
      const model = exact.model(0)
      const has = heldBy(model, axis)[index] ?? NEVER
      const person = exact.person(exact.diagrams.without(has, model.condition(invariant.condition)))
      if (person === undefined) continue
      const { value } = this.#replay.score(axis.name, person, now)
      return {
        holds: false,
        text: {
          ja: `条件を満たさずに${axis.name}の${invariant.member}に達する人がいます`,
          en: `somebody reaches ${invariant.member} of ${axis.name} without the condition`,
        },
        example: exampleOf(person, now, [value]),
      }
    }
    return holds(invariant)
  }

  #reachable(invariant: Invariant): Outcome {
    const { pack } = this.#question
    const instants = this.#instants()
    for (const axis of pack.axes.values()) {
      if (axis.kind === 'answer') continue
      for (const member of axis.type.members) {
        const { rules, index } = aboutMember(pack, axis, member)
        if (instants.some((now) => this.#isReached(rules, axis, index, now))) continue
        const text = {
          ja: `${axis.name}の${member}には誰も達しません`,
          en: `nobody reaches ${member} of ${axis.name}`,
        }
        return { holds: false, text, example: undefined }
      }
    }
    return holds(invariant)
  }

  #isReached(pack: Pack, axis: LevelAxis | MethodAxis, index: number, now: Seconds): boolean {
    const exact = new ExactModel([{ pack, axis: axis.name }], this.#question.schema, now)
    const nodes = heldBy(exact.model(0), axis)
    const above = axis.kind === 'levels' ? (nodes[index + 1] ?? NEVER) : NEVER
    return exact.possible(exact.diagrams.without(nodes[index] ?? NEVER, above))
  }

  #neverRaises(invariant: Invariant): Outcome {
    const { pack: after, before, schema, now } = this.#question
    if (before === undefined) return holds(invariant)
    const result = neverRaises({ before, after, schema, now })
    if (result.holds === true) return holds(invariant)
    if (result.holds === 'open') return open(invariant, result.open[0]?.reason)
    const [difference] = result.raised
    return {
      holds: false,
      text: {
        ja: `${difference?.axis ?? ''}で前の版より高い値になる人がいます`,
        en: `somebody gets more on ${difference?.axis ?? ''} than from the version before`,
      },
      example: difference?.raised,
    }
  }

  #instants(): readonly Seconds[] {
    return instantsOf([this.#question.pack], this.#question.now)
  }
}

/** The rules that bear on a level or a method, and where it stands on its axis. */
function aboutMember(pack: Pack, axis: LevelAxis | MethodAxis, member: string) {
  const rules: Focus['pack'] = axis.kind === 'methods' ? focusOn(pack, axis, member) : pack
  return { rules, index: axis.type.members.indexOf(member) }
}

function heldBy(model: PackModel, axis: LevelAxis | MethodAxis): readonly Node[] {
  return axis.kind === 'levels' ? model.reached(axis) : model.methods(axis)
}

function holds(invariant: Invariant): Outcome {
  const what = nameOf(invariant)
  return {
    holds: true,
    text: { ja: `${what.ja}：成立`, en: `${what.en}: holds` },
    example: undefined,
  }
}

function open(invariant: Invariant, reason: Text | undefined): Outcome {
  const what = nameOf(invariant)
  return {
    holds: 'open',
    text: {
      ja: `${what.ja}：証明されていません（${reason?.ja ?? ''}）`,
      en: `${what.en}: not proved (${reason?.en ?? ''})`,
    },
    example: undefined,
  }
}

function nameOf(invariant: Invariant): Text {
  switch (invariant.kind) {
    case 'monotone': {
      const { axis, except } = invariant
      const but = except.join(', ')
      return {
        ja: `証拠が増えても${axis}は下がらない${but === '' ? '' : `（${but}の変化を除く）`}`,
        en: `more evidence never lowers ${axis}${but === '' ? '' : ` but by ${but}`}`,
      }
    }
    case 'needs':
      return {
        ja: `${invariant.axis}の${invariant.member}には条件が必要`,
        en: `${invariant.member} of ${invariant.axis} needs its condition`,
      }
    case 'reachable':
      return { ja: 'すべての段階と方法に達しうる', en: 'each level and method is reached' }
    case 'never-raises':
      return { ja: '前の版より高くならない', en: 'nobody gets more than before' }
  }
}
