import { ServiceError } from '../kernel/errors.ts'
import { gapsOf, PackCoverage, type ConditionCoverage } from '../policy/language/coverage.ts'
import type { Pack } from '../policy/language/pack.ts'
import type { PolicyIo } from './policy-io.ts'
import { instantOf, type LoadedCase } from './policy-case-files.ts'

/** What the cases of one run have shown of the packs that they were held against. */
export class CoverageReport {
  readonly #packs = new Map<Pack, PackCoverage>()

  /** A case that cannot be answered shows nothing. */
  add(loaded: LoadedCase, io: PolicyIo): void {
    const { framework, axis, facts } = loaded.one
    try {
      const pack = loaded.frameworks.pack(framework)
      const coverage = this.#packs.get(pack) ?? new PackCoverage(pack)
      this.#packs.set(pack, coverage)
      coverage.add(loaded.frameworks.trace({ framework, axis, facts, at: instantOf(loaded, io) }))
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error
    }
  }

  /** Each gap at its place, then the totals of the pack; with `json` one object per pack. */
  print(io: PolicyIo, json: boolean): void {
    for (const [{ framework }, coverage] of this.#packs) {
      const { conditions, totals } = coverage
      if (json) {
        const gaps = conditions.filter((one) => gapsOf(one).length > 0).map(conditionToJson)
        io.print(JSON.stringify({ pack: framework, ...totals, gaps }))
        continue
      }
      for (const one of conditions) {
        const gaps = gapsOf(one)
        const { file, line, column } = one.place
        if (gaps.length > 0)
          io.print(`${file}:${line}:${column} \`${one.text}\` ${gaps.join(', ')}`)
      }
      io.print(
        `${framework}: ${totals.conditions} conditions: ${totals.true} true, ${totals.false} false, ` +
          `${totals.unknown} of ${totals.canBeUnknown} unknown; ` +
          `${totals.mcdc} MC/DC in ${totals.decisions} decisions`,
      )
    }
  }
}

function conditionToJson(one: ConditionCoverage) {
  const { place, text } = one
  return {
    ...place,
    text,
    true: one.true,
    false: one.false,
    unknown: one.unknown,
    can_be_unknown: one.canBeUnknown,
    decided_true: one.decidedTrue,
    decided_false: one.decidedFalse,
    gaps: gapsOf(one),
  }
}
