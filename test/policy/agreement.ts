import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFactsValidator, type FactsValidator } from '../../services/kernel/facts-check.ts'
import { readTestFile } from '../../services/policy/case-file.ts'
import { CompiledPack } from '../../services/policy/language/compiled-pack.ts'
import { GeneratedProgram } from '../../services/policy/language/generated-program.ts'
import type { Pack } from '../../services/policy/language/pack.ts'
import type { Facts } from '../../services/policy/language/judged-facts.ts'
import { buildSubject, type Item } from '../../services/policy/language/subject.ts'
import type { PolicyStore } from '../../services/policy/policy-store.ts'
import { Dice, FactDrawer } from './random-facts.ts'
import {
  verdictsOfClosures,
  verdictsOfProgram,
  verdictsOfTrace,
  type Moment,
  type Variant,
  type Verdicts,
} from './verdicts.ts'

/** Axes of a pack that code can be generated for: all but answers. */
export function codedAxes(pack: Pack): readonly string[] {
  return [...pack.axes.values()].filter(({ kind }) => kind !== 'answer').map(({ name }) => name)
}

/** Draws facts near the cases of a pack. */
export function drawerFor(pack: Pack, store: PolicyStore, seed: number, now: number): FactDrawer {
  const folder = store.folderOf(pack.framework)
  const validator = createFactsValidator(store.factsSchema())
  return new FactDrawer(pack.catalogue, new Dice(seed), {
    cases: existsSync(folder) ? casesOf(folder, validator) : [],
    labels: labelsOf(pack),
    now,
  })
}

/** What is stored of a person has no options: a profile sets them. */
export function withoutOptions({ policy: _, ...facts }: Facts): Facts {
  return facts
}

function labelsOf(pack: Pack): readonly string[] {
  return [...pack.axes.values()].flatMap((axis) =>
    axis.kind === 'levels' ? axis.type.members : [],
  )
}

/** Facts of all cases that lie beside a pack's rules. */
function casesOf(folder: string, validator: FactsValidator): readonly Facts[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.yaml'))
    .flatMap((name) => {
      const path = join(folder, name)
      return readTestFile({ path, text: readFileSync(path, 'utf8') }, validator).map(
        ({ facts }) => facts,
      )
    })
}

/** What is said of a subject that generated code leaves to closures. */
export const NOT_CODED = 'the subject does not fit into integers'

/** Back-ends other than closures, which each may be given another pack to see that a difference is noticed. */
export interface OtherPacks {
  readonly closures?: Pack
  readonly tracer?: Pack
}

/** Closures, generated code and the tracing interpreter asked about the same facts. */
export class Agreement {
  readonly #pack: Pack
  readonly #traced: Pack
  readonly #closures: CompiledPack
  readonly #program: GeneratedProgram
  readonly #coder
  /** Subjects with an outcome that is unknown. */
  open = 0
  /** Subjects on which some rule certainly fired. */
  fired = 0

  constructor(pack: Pack, { closures = pack, tracer = pack }: OtherPacks = {}) {
    this.#pack = pack
    this.#traced = tracer
    this.#closures = new CompiledPack(closures)
    this.#program = new GeneratedProgram(pack, codedAxes(pack))
    this.#coder = this.#program.coder()
  }

  /** Texts of what differs; none when all agree. */
  differences(facts: Facts, now: number): readonly string[] {
    const { catalogue, options, zone } = this.#pack
    const paths = new Map<Item, string>()
    const subject = buildSubject(facts, { catalogue, options, zone, paths })
    const moment = { subject, paths, now, measuredAt: now - 60 }
    const closures = verdictsOfClosures(this.#closures, moment)
    if ([...closures.values()].some(({ certain }) => certain.length > 0)) this.fired += 1
    return [...this.#traces(closures, moment), ...this.#codes(closures, facts, moment)]
  }

  #traces(closures: Verdicts, moment: Moment): readonly string[] {
    const traces = verdictsOfTrace(this.#traced, moment)
    return [...closures].flatMap(([axis, verdict]) =>
      difference(`${axis}: tracing interpreter`, traces.get(axis), verdict),
    )
  }

  #codes(closures: Verdicts, facts: Facts, moment: Moment): readonly string[] {
    const coded = this.#coder.encode(facts)
    if (coded === undefined) return [NOT_CODED]
    if (coded.open) this.open += 1
    return variants(coded.open).flatMap((variant) => {
      const codes = verdictsOfProgram(this.#program, this.#coder.words, { ...moment, variant })
      return [...codes].flatMap(([axis, verdict]) => {
        const { lower, upper, ...fired } = closures.get(axis) ?? {}
        const wanted = { lower, upper, ...(variant.finds === 'fired' ? fired : {}) }
        const name = `${axis}: generated code, ${variant.kleene ? 'three' : 'two'}-valued for ${variant.finds}`
        return difference(name, verdict, wanted)
      })
    })
  }
}

/** Two-valued code is for subjects without an open outcome; the other serves them as well. */
function variants(open: boolean): readonly Variant[] {
  return (open ? [true] : [true, false]).flatMap((kleene) =>
    (['fired', 'bounds', 'turns'] as const).map((finds) => ({ kleene, finds })),
  )
}

function difference(name: string, found: unknown, closures: unknown): readonly string[] {
  const [own, theirs] = [JSON.stringify(found), JSON.stringify(closures)]
  return own === theirs ? [] : [`${name} ${own}, closures ${theirs}`]
}
