import { EPOCH } from '../../services/policy/language/coded-layout.ts'
import type { CompiledPack } from '../../services/policy/language/compiled-pack.ts'
import type { GeneratedProgram } from '../../services/policy/language/generated-program.ts'
import { T, U } from '../../services/policy/language/kleene.ts'
import type { Pack } from '../../services/policy/language/pack.ts'
import type { Item, Subject } from '../../services/policy/language/subject.ts'
import { traceAxes, type RuleTrace } from '../../services/policy/language/trace-pack.ts'

/** What one back-end says of one axis, in a form that compares as text. */
export interface Verdict {
  readonly lower: unknown
  readonly upper: unknown
  /** Rules that hold, in the order of strata and of the pack. Of an answer's rules none are told. */
  readonly certain: readonly string[]
  readonly possible: readonly string[]
}

/** Verdicts by axis. */
export type Verdicts = ReadonlyMap<string, Verdict>

/** Facts as a subject, where each record of it stands, and the clocks. */
export interface Moment {
  readonly subject: Subject
  readonly paths: ReadonlyMap<Item, string>
  readonly now: number
  readonly measuredAt: number
}

/** The one thing that is told of notes that may hold: not which. */
const OPEN_NOTES = 'open notes'

export function verdictsOfClosures(compiled: CompiledPack, moment: Moment): Verdicts {
  return new Map(
    [...compiled.pack.axes.keys()].map((axis) => [axis, verdictOfClosures(compiled, axis, moment)]),
  )
}

function verdictOfClosures(compiled: CompiledPack, axis: string, moment: Moment): Verdict {
  const { subject, now, measuredAt } = moment
  const env = {
    roots: subject.roots,
    now,
    measuredAt,
    axes: new Map<string, number>(),
    variables: [],
    nextTurn: Number.POSITIVE_INFINITY,
  }
  const { lower, upper, ...bounds } = compiled.evaluate(axis, env, subject.verifiedAt)
  const rules = [
    ...(bounds.axis.kind === 'answer' ? [] : bounds.grants),
    ...bounds.vetoes,
    ...bounds.caps,
  ]
  const notes = compiled.notes(axis, env, subject.verifiedAt)
  const ids = (code: number) =>
    rules.filter(({ truth }) => truth === code).map(({ rule }) => rule.id)
  return {
    lower,
    upper,
    certain: [...ids(T), ...notes.held.map(({ id }) => id)],
    possible: [...ids(U), ...(notes.open ? [OPEN_NOTES] : [])],
  }
}

export function verdictsOfTrace(pack: Pack, moment: Moment): Verdicts {
  return new Map(
    traceAxes(pack, moment).map(({ axis, lower, upper, grants, vetoes, caps, notes }) => {
      const rules = [...grants, ...vetoes, ...caps]
      const ids = (from: readonly RuleTrace[], code: number) =>
        from.filter(({ node }) => node.truth === code).map(({ rule }) => rule.id)
      const open = ids(notes, U).length > 0 ? [OPEN_NOTES] : []
      const certain = [...ids(rules, T), ...ids(notes, T)]
      return [axis.name, { lower, upper, certain, possible: [...ids(rules, U), ...open] }]
    }),
  )
}

/** How generated code looks at a subject. */
export type Variant = Parameters<GeneratedProgram['run']>[0]

/** Verdicts on the subject whose words start at 0. Bounds and turns look only at rules that can change a bound. */
export function verdictsOfProgram(
  program: GeneratedProgram,
  words: Int32Array,
  { variant, now, measuredAt }: { readonly variant: Variant } & Pick<Moment, 'now' | 'measuredAt'>,
): ReadonlyMap<string, Omit<Verdict, 'certain' | 'possible'> & Partial<Verdict>> {
  program.run(variant)(words, 0, now - EPOCH, measuredAt - EPOCH)
  const { out, plan } = program
  return new Map(
    plan.targets.map((axis, i) => {
      const bounds = { lower: out[2 * i], upper: out[2 * i + 1] }
      return [axis, variant.finds === 'fired' ? { ...bounds, ...firedOf(program, axis) } : bounds]
    }),
  )
}

function firedOf(
  { out, plan: { targets, words, axes, rules } }: GeneratedProgram,
  name: string,
): Pick<Verdict, 'certain' | 'possible'> {
  const own = [
    ...(axes.find((axis) => axis.name === name)?.rules ?? []),
    ...rules.filter(({ rule }) => rule.stratum === 'note' && rule.axes.includes(name)),
  ]
  const bit = (rule: { readonly index: number }, from: number) =>
    ((out[2 * targets.length + from + (rule.index >> 5)] ?? 0) & (1 << (rule.index & 31))) !== 0
  const certain = own.filter((rule) => bit(rule, 0))
  const open = own.filter((rule) => bit(rule, words) && !bit(rule, 0))
  const isNote = ({ rule }: (typeof own)[number]) => rule.stratum === 'note'
  return {
    certain: certain.map(({ rule }) => rule.id),
    possible: [
      ...open.filter((rule) => !isNote(rule)).map(({ rule }) => rule.id),
      ...(open.some(isNote) ? [OPEN_NOTES] : []),
    ],
  }
}
