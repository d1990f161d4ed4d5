import { analyzeAxis } from '../../../services/policy/analysis/analyze.ts'
import { rulesOn } from '../../../services/policy/analysis/axis-model.ts'
import { compareAxis } from '../../../services/policy/analysis/compare.ts'
import { plainLevel, Replay } from '../../../services/policy/analysis/example.ts'
import type { AxisReport, Finding } from '../../../services/policy/analysis/report.ts'
import type { FactsValidator } from '../../../services/kernel/facts-check.ts'
import type { Seconds } from '../../../services/policy/language/dates.ts'
import { mutantsOf } from '../../../services/policy/language/mutants.ts'
import type { Axis, Pack } from '../../../services/policy/language/pack.ts'
import type { ScoreValue } from '../../../services/policy/language/score-value.ts'
import type { Facts } from '../../../services/policy/language/judged-facts.ts'
import { SecondProver, type Witness } from './second-prover.ts'
import type { Z3Prover } from './z3.ts'

/** What came of asking both provers the same questions. */
export interface ProverAgreement {
  readonly asked: number
  /** Questions that the exact analysis left open. */
  readonly open: readonly string[]
  readonly differences: readonly string[]
}

type OrderedAxis = Exclude<Axis, { kind: 'answer' }>

/** Axes that Z3 is asked about: answers have no order. */
export function orderedAxes(pack: Pack): readonly OrderedAxis[] {
  return [...pack.axes.values()].filter((axis) => axis.kind !== 'answer')
}

/** Versions of a pack with one small fault in a rule of the axis: every `every`th. */
export function changedVersions(pack: Pack, axis: string, every: number): readonly Pack[] {
  const conditions = (one: Pack) =>
    JSON.stringify(rulesOn(one, axis).map(({ condition }) => condition))
  const own = conditions(pack)
  return mutantsOf(pack)
    .filter((_, i) => i % every === Math.floor(every / 2))
    .map(({ make }) => make())
    .filter((version) => conditions(version) !== own)
}

interface ProversOptions {
  readonly z3: Z3Prover
  readonly schema: Facts
  readonly validator: FactsValidator
  readonly now: Seconds
}

/** The exact analysis and Z3, asked the same questions. Whoever finds a person has the ordinary engine score them. */
export class Provers {
  readonly #options: ProversOptions
  readonly #second: SecondProver

  constructor(options: ProversOptions) {
    this.#options = options
    this.#second = new SecondProver({ ...options, prover: options.z3 })
  }

  /**
   * Levels, rules and their effect, and steps by more evidence, on one axis. Z3 may be given another pack, to see that a difference
   * is noticed.
   */
  async axis(pack: Pack, name: string, second = pack): Promise<ProverAgreement> {
    const { schema, now } = this.#options
    const axis = orderedAxis(pack, name)
    const report = analyzeAxis({ pack, schema, now }, name)
    if (report.engine === 'none') return openOnly(`${name}: ${report.reason?.en ?? ''}`)
    const witnesses = await this.#second.axis(second, name)
    const tally = new Tally()
    for (const value of axis.type.members) {
      const unreachable = found(report, ['unreachable-level']).some(({ level }) => level === value)
      const witness = witnesses.get(`value ${value}`)
      tally.compare(`${name}: somebody has ${value}`, !unreachable, witness)
      if (witness !== undefined) this.#replayValue(tally, second, axis, value, witness)
    }
    for (const { id } of rulesOn(pack, name)) {
      const kindsOf = found(report, EFFECTS).filter(({ rule }) => rule === id)
      const isDead = kindsOf.some(({ kind }) => kind === 'dead-rule')
      tally.compare(`${name}: ${id} holds of somebody`, !isDead, witnesses.get(`rule ${id}`))
      if (!hasEffect(pack, axis, id, kindsOf)) continue
      const matters = kindsOf.length === 0
      tally.compare(`${name}: ${id} matters`, matters, witnesses.get(`effect ${id}`))
    }
    await this.#entries(tally, { pack: second, axis, report })
    return tally
  }

  async #entries(
    tally: Tally,
    { pack, axis, report }: { pack: Pack; axis: OrderedAxis; report: AxisReport },
  ): Promise<void> {
    if (axis.kind === 'levels' && axis.minimum !== undefined) return
    if (report.open.length > 0) {
      tally.open.push(...report.open.map(({ en }) => en))
      return
    }
    const witnesses = await this.#second.entries(pack, axis.name)
    const faults = found(report, ['non-monotone'])
    const steps = found(report, ['non-monotone', 'declared-step'])
    const questions = [
      ['fault', faults],
      ['step', steps],
    ] as const
    for (const [question, findings] of questions) {
      const witness = witnesses.get(question)
      tally.compare(
        `${axis.name}: more evidence lowers (${question})`,
        findings.length > 0,
        witness,
      )
      if (witness === undefined) continue
      this.#valid(tally, witness.early)
      const [was, is] = [witness.early, witness.facts].map((facts) =>
        this.#score(tally, pack, axis, { ...witness, facts }),
      )
      if (was === undefined || is === undefined || !isLess(axis, is, was))
        tally.differences.push(
          `${axis.name}: Z3's person does not fall: ${JSON.stringify(witness)}`,
        )
    }
  }

  /** Whom a newer version raises and lowers. */
  async versions(before: Pack, after: Pack, name: string): Promise<ProverAgreement> {
    const { schema, now } = this.#options
    const axis = orderedAxis(after, name)
    const difference = compareAxis({ before, after, schema, now }, name)
    if (difference.change === 'open') return openOnly(`${name}: ${difference.reason?.en ?? ''}`)
    const witnesses = await this.#second.versions(before, after, name)
    const tally = new Tally()
    for (const what of ['raised', 'lowered'] as const) {
      const witness = witnesses.get(what)
      tally.compare(`${name}: somebody is ${what}`, difference[what] !== undefined, witness)
      if (witness === undefined) continue
      const [old, next] = [before, after].map((pack) => this.#score(tally, pack, axis, witness))
      const [less, more] = what === 'raised' ? [old, next] : [next, old]
      if (less === undefined || more === undefined || !isLess(axis, less, more))
        tally.differences.push(`${name}: Z3's person is not ${what}: ${JSON.stringify(witness)}`)
    }
    return tally
  }

  /**
   * Single facts that give somebody more when they turn, and take from somebody else: no way of turning is the better one. Asked of
   * Z3 alone; whoever it finds is scored before and after.
   */
  async turns(
    pack: Pack,
    name: string,
  ): Promise<{ readonly both: readonly string[]; readonly differences: readonly string[] }> {
    const axis = orderedAxis(pack, name)
    const witnesses = await this.#second.facts(pack, name)
    const tally = new Tally()
    for (const [question, witness] of witnesses) {
      const [before, after] = [witness.early, witness.facts].map((facts) =>
        this.#score(tally, pack, axis, { facts, at: witness.at }),
      )
      const [less, more] = question.startsWith('more ') ? [before, after] : [after, before]
      if (less === undefined || more === undefined || !isLess(axis, less, more))
        tally.differences.push(`${name}: not ${question}: ${JSON.stringify(witness)}`)
    }
    const turning = (way: string) =>
      [...witnesses.keys()].flatMap((key) => (key.startsWith(way) ? [key.slice(way.length)] : []))
    const taking = new Set(turning('less '))
    const both = turning('more ').filter((fact) => taking.has(fact))
    return { both: both.sort(), differences: tally.differences }
  }

  #replayValue(tally: Tally, pack: Pack, axis: OrderedAxis, value: string, witness: Witness): void {
    const scored = this.#score(tally, pack, axis, witness)
    const has =
      axis.kind === 'levels'
        ? scored !== undefined && plainLevel(scored) === value
        : scored !== undefined && scored.length !== 0
    if (!has)
      tally.differences.push(
        `${axis.name}: Z3's person of ${value} scores ${JSON.stringify(scored)}: ${JSON.stringify(witness)}`,
      )
  }

  #score(
    tally: Tally,
    pack: Pack,
    axis: OrderedAxis,
    { facts, at }: Pick<Witness, 'facts' | 'at'>,
  ): ScoreValue | undefined {
    if (!this.#valid(tally, facts)) return undefined
    return new Replay(pack).score(axis.name, facts, at).value
  }

  #valid(tally: Tally, facts: Facts): boolean {
    const { policy: _, ...rest } = facts
    try {
      this.#options.validator.facts(rest)
      return true
    } catch (error) {
      tally.differences.push(`Z3's person is invalid: ${String(error)}: ${JSON.stringify(facts)}`)
      return false
    }
  }
}

class Tally implements ProverAgreement {
  asked = 0
  readonly open: string[] = []
  readonly differences: string[] = []

  compare(question: string, exact: boolean, witness: Witness | undefined): void {
    this.asked += 1
    if (exact === (witness !== undefined)) return
    const z3 = witness === undefined ? 'no' : `yes: ${JSON.stringify(witness)}`
    this.differences.push(`${question}? exact ${exact ? 'yes' : 'no'}, Z3 ${z3}`)
  }
}

const EFFECTS: readonly Finding['kind'][] = [
  'dead-rule',
  'shadowed-rule',
  'redundant-rule',
  'always-capped',
]

function found({ findings }: AxisReport, kinds: readonly Finding['kind'][]): readonly Finding[] {
  return findings.filter(({ kind }) => kinds.includes(kind))
}

/**
 * Is it asked whether the rule changes a value? A note changes none, one that is shown may matter by its name alone, and what is
 * always lowered may still matter below.
 */
function hasEffect(
  pack: Pack,
  axis: OrderedAxis,
  id: string,
  without: readonly Finding[],
): boolean {
  if (pack.notes.some((note) => note.id === id)) return false
  if (without.some(({ kind }) => kind === 'always-capped')) return false
  return axis.kind === 'methods' || axis.shows === undefined || without.length > 0
}

function orderedAxis(pack: Pack, name: string): OrderedAxis {
  const axis = orderedAxes(pack).find((one) => one.name === name)
  if (axis === undefined) throw new TypeError(`no levels on ${name}`)
  return axis
}

function openOnly(reason: string): ProverAgreement {
  return { asked: 0, open: [reason], differences: [] }
}

function isLess(axis: OrderedAxis, less: ScoreValue, more: ScoreValue): boolean {
  if (axis.kind === 'levels') {
    const rank = (value: ScoreValue) => axis.type.members.indexOf(plainLevel(value))
    return rank(less) < rank(more)
  }
  const methods = (value: ScoreValue) => (Array.isArray(value) ? (value as readonly string[]) : []) // a list holds methods
  return methods(more).some((method) => !methods(less).includes(method))
}
