import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFactsValidator, type FactsValidator } from '../../services/kernel/facts-check.ts'
import { readTestFile } from '../../services/policy/case-file.ts'
import { EPOCH } from '../../services/policy/language/coded-layout.ts'
import { CompiledPack } from '../../services/policy/language/compiled-pack.ts'
import { GeneratedProgram } from '../../services/policy/language/generated-program.ts'
import { T, U } from '../../services/policy/language/kleene.ts'
import type { Pack } from '../../services/policy/language/pack.ts'
import type { Facts } from '../../services/policy/language/score.ts'
import { buildSubject, type Subject } from '../../services/policy/language/subject.ts'
import type { PolicyStore } from '../../services/policy/policy-store.ts'
import { Dice, FactDrawer } from './random-facts.ts'

/** What one back-end says of one axis, in a form that compares as text. */
interface Verdict {
  readonly lower: unknown
  readonly upper: unknown
  readonly certain: readonly string[]
  readonly possible: readonly string[]
}

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

/** Closures and generated code asked about the same facts. */
export class Agreement {
  readonly #pack: Pack
  readonly #closures: CompiledPack
  readonly #program: GeneratedProgram
  readonly #coder
  open = 0

  /** `closures` may be another pack, to see that a difference is noticed. */
  constructor(pack: Pack, closures = pack) {
    this.#pack = pack
    this.#closures = new CompiledPack(closures)
    this.#program = new GeneratedProgram(pack, codedAxes(pack))
    this.#coder = this.#program.coder()
  }

  /** Texts of what differs; none when they agree. */
  differences(facts: Facts, now: number): readonly string[] {
    const { catalogue, options, zone } = this.#pack
    const subject = buildSubject(facts, { catalogue, options, zone })
    const coded = this.#coder.encode(facts)
    if (coded === undefined) return ['the subject does not fit into integers']
    if (coded.open) this.open += 1
    const closed = codedAxes(this.#pack).map((axis) => this.#closed(axis, subject, now))
    const found: string[] = []
    for (const kleene of coded.open ? [true] : [true, false]) {
      for (const finds of ['fired', 'bounds', 'turns'] as const) {
        this.#program.run({ kleene, finds })(this.#coder.words, 0, now - EPOCH, now - 60 - EPOCH)
        codedAxes(this.#pack).forEach((axis, i) => {
          const own = this.#generated(i)
          // Bounds and turns look only at rules that can change a bound.
          const wanted = (verdict: Verdict) =>
            JSON.stringify(finds !== 'fired' ? [verdict.lower, verdict.upper] : verdict)
          const [ours, theirs] = [wanted(own), wanted(closed[i] ?? own)]
          if (ours !== theirs)
            found.push(
              `${axis} (${kleene ? 'three' : 'two'}-valued): generated ${ours}, closures ${theirs}`,
            )
        })
      }
    }
    return found
  }

  #closed(axis: string, { roots, verifiedAt }: Subject, now: number): Verdict {
    const env = {
      roots,
      now,
      measuredAt: now - 60,
      axes: new Map<string, number>(),
      variables: [],
      nextTurn: Number.POSITIVE_INFINITY,
    }
    const { lower, upper, ...bounds } = this.#closures.evaluate(axis, env, verifiedAt)
    const rules = [...bounds.grants, ...bounds.vetoes, ...bounds.caps]
    const notes = this.#closures.notes(axis, env, verifiedAt)
    const ids = (code: number) =>
      rules.filter(({ truth }) => truth === code).map(({ rule }) => rule.id)
    return {
      lower,
      upper,
      certain: [...ids(T), ...notes.held.map(({ id }) => id)],
      possible: [...ids(U), ...(notes.open ? ['open notes'] : [])],
    }
  }

  #generated(index: number): Verdict {
    const { out, plan } = this.#program
    const { targets, words, axes, rules } = plan
    const name = targets[index] ?? ''
    const axis = axes.find((one) => one.name === name)
    const own = [
      ...(axis?.rules ?? []),
      ...rules.filter(({ rule }) => rule.stratum === 'note' && rule.axes.includes(name)),
    ]
    const bit = (rule: { readonly index: number }, from: number) =>
      ((out[2 * targets.length + from + (rule.index >> 5)] ?? 0) & (1 << (rule.index & 31))) !== 0
    const certain = own.filter((rule) => bit(rule, 0))
    const open = own.filter((rule) => bit(rule, words) && !bit(rule, 0))
    const notes = open.filter(({ rule }) => rule.stratum === 'note')
    return {
      lower: out[2 * index],
      upper: out[2 * index + 1],
      certain: certain.map(({ rule }) => rule.id),
      possible: [
        ...open.filter(({ rule }) => rule.stratum !== 'note').map(({ rule }) => rule.id),
        ...(notes.length > 0 ? ['open notes'] : []),
      ],
    }
  }
}
