import type { ActivePolicy } from './active-policy.ts'
import { identityLevel } from './identity-level.ts'
import { EPOCH } from './language/coded-layout.ts'
import { isInPeriod } from './language/dates.ts'
import type { Coded, FactCoder } from './language/fact-coder.ts'
import { isOfBounds } from './language/generated-engine.ts'
import { GeneratedProgram, ifGenerated } from './language/generated-program.ts'
import type { AxisRef, Pack } from './language/pack.ts'
import type { Facts } from './language/judged-facts.ts'

/** Level of a person on one identity axis, without its reasons. */
export interface PersonLevel extends Pick<AxisRef, 'framework' | 'axis'> {
  /** Label, or `indeterminate`. */
  readonly level: string
  readonly validUntil: Date | undefined
}

/**
 * What `identityLevel` says of all identity axes, for many persons: by code generated from the rules where that decides, and by
 * asking the scorer where it does not (outcomes that are open, equivalences, a platform that forbids code from strings).
 */
export class PersonLevels {
  /** How many levels the scorer was asked for. */
  asked = 0
  readonly #policy: ActivePolicy
  readonly #programs: readonly AxisProgram[]

  constructor(policy: ActivePolicy) {
    this.#policy = policy
    this.#programs = programsOf(policy)
  }

  /** In the order of the policy's axes. Pure but for the count. Throws as `identityLevel` does. */
  of(proofings: readonly Facts[], at: Date): readonly PersonLevel[] {
    const facts = proofings.length === 0 ? [{}] : proofings
    const found = new Map(this.#programs.flatMap((program) => program.levels(facts, at)))
    return this.#policy.person.map((ref) => found.get(ref) ?? this.#ask(ref, proofings, at))
  }

  #ask(ref: AxisRef, proofings: readonly Facts[], at: Date): PersonLevel {
    this.asked += 1
    const { framework, axis, level, validUntil } = identityLevel(this.#policy, ref, proofings, at)
    return { framework, axis, level, validUntil }
  }
}

/** Axes of one framework as one generated program. */
class AxisProgram {
  readonly refs: readonly AxisRef[]
  readonly #pack: Pack
  readonly #program: GeneratedProgram
  readonly #coder: FactCoder
  readonly #members: readonly (readonly string[])[]

  /** Throws `NotGenerated`, and `EvalError` where the platform forbids code from strings. */
  constructor(policy: ActivePolicy, refs: readonly AxisRef[]) {
    const [{ framework = '' } = {}] = refs
    const { pack, options } = policy.frameworks.source(framework)
    this.refs = refs
    this.#pack = pack
    this.#program = new GeneratedProgram(
      pack,
      refs.map(({ axis }) => axis),
    )
    for (const finds of ['bounds', 'turns'] as const) this.#program.run({ kleene: false, finds })
    this.#coder = this.#program.coder(options)
    this.#members = refs.map((ref) => policy.offered(ref.framework, ref.axis).axis.type.members)
  }

  /** The highest level over the proofings, by axis; empty where the scorer has to be asked. */
  levels(
    proofings: readonly Facts[],
    at: Date,
  ): readonly (readonly [ref: AxisRef, level: PersonLevel])[] {
    const { effective } = this.#pack
    const seconds = Math.floor(at.getTime() / 1000)
    if (!isInPeriod(effective, seconds)) return []
    const highest = this.refs.map(() => 1)
    const ends = this.refs.map(() => effective.until ?? Infinity)
    for (const facts of proofings) {
      const coded = this.#coder.encode(facts)
      if (coded === undefined || coded.open) return []
      if (!this.#add(facts, coded, seconds - EPOCH, highest, ends)) return []
    }
    return this.refs.map((ref, i) => {
      const end = ends[i] ?? Infinity
      const level = {
        framework: ref.framework,
        axis: ref.axis,
        level: this.#members[i]?.[31 - Math.clz32(highest[i] ?? 1)] ?? '',
        validUntil: Number.isFinite(end) ? new Date(end * 1000) : undefined,
      }
      return [ref, level] as const
    })
  }

  /** Takes one proofing into the highest levels and the earliest ends, both by axis; false where the scorer has to be asked. */
  #add(facts: Facts, { judged }: Coded, now: number, highest: number[], ends: number[]): boolean {
    const { words } = this.#coder
    const program = this.#program
    const own = this.refs.map((_, i) => {
      const end = program.until(words, 0, false, now, i) + EPOCH
      ends[i] = Math.min(ends[i] ?? Infinity, end)
      return program.out[2 * i] ?? 1
    })
    own.forEach((level, i) => (highest[i] = Math.max(highest[i] ?? 1, level)))
    for (const { evidence, until } of judged.statusEnds) {
      if (until <= now + EPOCH || ends.every((end) => end <= until)) continue
      // A good status that runs out ends a level where losing the piece would matter.
      const without = this.#coder.encode(facts, 0, { revoke: evidence })
      if (without === undefined || without.open) return false
      program.run({ kleene: false, finds: 'bounds' })(this.#coder.words, 0, now, now)
      own.forEach((level, i) => {
        if (program.out[2 * i] !== level) ends[i] = Math.min(ends[i] ?? Infinity, until)
      })
    }
    return true
  }
}

function programsOf(policy: ActivePolicy): readonly AxisProgram[] {
  const { frameworks } = policy
  const bySource = Map.groupBy(
    policy.person.filter((ref) => isPlain(policy, ref)),
    ({ framework }) => frameworks.source(framework),
  )
  return [...bySource.values()].flatMap(
    (refs) => ifGenerated(() => new AxisProgram(policy, refs)) ?? [],
  )
}

/** Whether a program's bounds say all of an axis: equivalences look at other frameworks. */
export function isPlain(policy: ActivePolicy, { framework, axis }: AxisRef): boolean {
  const { pack } = policy.frameworks.source(framework)
  return (
    !policy.frameworks.isRaisedByOthers(framework, axis) &&
    isOfBounds(pack)(policy.offered(framework, axis).axis)
  )
}
