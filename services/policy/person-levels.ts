import { endianness } from 'node:os'
import { toHex } from '../kernel/bytes.ts'
import { canonicalJson, type Json } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import type { ActivePolicy } from './active-policy.ts'
import {
  CODING_VERSION,
  codeProofings,
  exchange,
  joinBlocks,
  nextBlock,
  proofingsAt,
  type CodedProofing,
} from './coded-proofings.ts'
import { identityLevel } from './identity-level.ts'
import { EPOCH } from './language/coded-layout.ts'
import { isInPeriod } from './language/dates.ts'
import type { FactCoder } from './language/fact-coder.ts'
import { fullLayout } from './language/full-layout.ts'
import { isOfBounds } from './language/generated-engine.ts'
import { GeneratedProgram, ifGenerated } from './language/generated-program.ts'
import type { AxisRef, Pack, PackOption } from './language/pack.ts'
import type { Facts } from './language/judged-facts.ts'
import { ROOTS_OF_PERSONS } from './subject-facts.ts'

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
  /** Whether codes say all that there is: no axis is one for which only the scorer can be asked. */
  readonly areCoded: boolean
  readonly #policy: ActivePolicy
  readonly #programs: readonly AxisProgram[]
  #coding: string | undefined

  constructor(policy: ActivePolicy) {
    this.#policy = policy
    this.#programs = programsOf(policy)
    this.areCoded = this.#programs.flatMap(({ refs }) => refs).length === policy.person.length
  }

  /**
   * In the order of the policy's axes. Pure but for the count. Throws as `identityLevel` does.
   *
   * @param words the proofings by `code`, where they were coded before
   */
  of(
    proofings: readonly Facts[],
    at: Date,
    words: Int32Array = this.code(proofings),
  ): readonly PersonLevel[] {
    const found = this.#find(words, at)
    return this.#policy.person.map((ref) => found.get(ref) ?? this.#ask(ref, proofings, at))
  }

  /** What is known of a person as integers, to be asked for levels by whoever has the same `coding`. */
  code(proofings: readonly Facts[]): Int32Array {
    const facts = proofings.length === 0 ? [{}] : proofings
    return joinBlocks(this.#programs.map((program) => program.code(facts)))
  }

  /** The same as `of` the proofings that were coded; nothing where the scorer has to be asked, who needs the facts. Pure. */
  ofCoded(words: Int32Array, at: Date): readonly PersonLevel[] | undefined {
    const found = this.#find(words, at)
    const { person } = this.#policy
    return found.size === person.length ? person.flatMap((ref) => found.get(ref) ?? []) : undefined
  }

  /** Digest of all that the words of `code` depend on besides the proofings. */
  get coding(): string {
    return (this.#coding ??= toHex(sha256(canonicalJson(this.#description))))
  }

  get #description(): Json {
    const programs = this.#programs.map(({ description }) => description)
    return [CODING_VERSION, endianness(), programs]
  }

  /** By axis, without those for which the scorer has to be asked. */
  #find(words: Int32Array, at: Date): ReadonlyMap<AxisRef, PersonLevel> {
    const found = new Map<AxisRef, PersonLevel>()
    let block = 0
    for (const program of this.#programs) {
      for (const [ref, level] of program.levels(words, block, at)) found.set(ref, level)
      block = nextBlock(words, block)
    }
    return found
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
  readonly #options: ReadonlyMap<string, PackOption>
  readonly #coder: FactCoder
  readonly #members: readonly (readonly string[])[]
  #runs: boolean | undefined

  /** Throws `NotGenerated`. */
  constructor(policy: ActivePolicy, refs: readonly AxisRef[]) {
    const [{ framework = '' } = {}] = refs
    const { pack, options } = policy.frameworks.source(framework)
    this.refs = refs
    this.#pack = pack
    this.#options = options
    // With a place for every fact: rules that look at others than before can be asked with what was coded for those.
    this.#program = new GeneratedProgram(
      pack,
      refs.map(({ axis }) => axis),
      fullLayout(pack.catalogue, options, ROOTS_OF_PERSONS),
    )
    this.#coder = this.#program.coder(options)
    this.#members = refs.map((ref) => policy.offered(ref.framework, ref.axis).axis.type.members)
  }

  get description(): Json {
    const { catalogue, zone } = this.#pack
    return {
      layout: this.#program.layout.description,
      enums: [...catalogue.enums].map(([name, { members }]) => [name, members]),
      checks: catalogue.checkTypes,
      options: [...this.#options].map(([name, { value }]) => [name, value]),
      zone,
    }
  }

  code(proofings: readonly Facts[]): Int32Array {
    return codeProofings(this.#coder, proofings)
  }

  /** The highest level over the proofings of a block, by axis; empty where the scorer has to be asked. */
  levels(
    words: Int32Array,
    block: number,
    at: Date,
  ): readonly (readonly [ref: AxisRef, level: PersonLevel])[] {
    const { effective } = this.#pack
    const seconds = Math.floor(at.getTime() / 1000)
    const proofings = proofingsAt(words, block)
    if (proofings === undefined || !isInPeriod(effective, seconds) || !this.#isReady()) return []
    const highest = this.refs.map(() => 1)
    const ends = this.refs.map(() => effective.until ?? Infinity)
    for (const proofing of proofings) this.#add(words, proofing, seconds - EPOCH, highest, ends)
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

  /** Whether there is code; it is made for the first person. */
  #isReady(): boolean {
    return (this.#runs ??=
      ifGenerated(() => {
        for (const finds of ['bounds', 'turns'] as const)
          this.#program.run({ kleene: false, finds })
        return true
      }) ?? false)
  }

  /** Takes one proofing into the highest levels and the earliest ends, both by axis. */
  #add(
    words: Int32Array,
    proofing: CodedProofing,
    now: number,
    highest: number[],
    ends: number[],
  ): void {
    const program = this.#program
    const { start } = proofing
    const own = this.refs.map((_, i) => {
      const end = program.until(words, start, false, now, i) + EPOCH
      ends[i] = Math.min(ends[i] ?? Infinity, end)
      return program.out[2 * i] ?? 1
    })
    own.forEach((level, i) => (highest[i] = Math.max(highest[i] ?? 1, level)))
    for (const statusEnd of proofing.ends) {
      const { until } = statusEnd
      if (until <= now + EPOCH || ends.every((end) => end <= until)) continue
      // A good status that runs out ends a level where losing the piece would matter.
      exchange(words, proofing, statusEnd)
      program.run({ kleene: false, finds: 'bounds' })(words, start, now, now)
      exchange(words, proofing, statusEnd)
      own.forEach((level, i) => {
        if (program.out[2 * i] !== level) ends[i] = Math.min(ends[i] ?? Infinity, until)
      })
    }
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
