import { parseArgs } from 'node:util'
import type { Json } from '../kernel/canonical-json.ts'
import { InvalidInput, ServiceError } from '../kernel/errors.ts'
import { conditionKeys } from '../policy/language/decisions.ts'
import { nearMisses, type NearMiss, type Seed } from '../policy/language/near-misses.ts'
import type { Pack } from '../policy/language/pack.ts'
import { INDETERMINATE } from '../policy/language/score-value.ts'
import { CASE_OPTIONS, instantOf, loadCases, type LoadedCase } from './policy-case-files.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'
import { refuse } from './policy-score.ts'

const TRIED = 40_000

/**
 * `watashi policy cases FILE… [--framework ID]… [--policies DIR] [--limit N] [--json]`: cases near to those of the files that show what
 * they do not, as a test file to be read, named and kept by the author; with `--json` one object a line. What each expects is what the
 * pack answers now: whoever keeps one says that it is right. Exit code 0, 2 for a bad call.
 */
export function policyCases(args: readonly string[], io: PolicyIo): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...CASE_OPTIONS, limit: { type: 'string' } },
      allowPositionals: true,
    })
    const limit = values.limit === undefined ? TRIED : Number(values.limit)
    if (!Number.isInteger(limit) || limit < 1) throw new InvalidInput('--limit', 'a number from 1')
    const cases = loadCases(positionals, values, io)
    if (values.json !== true) io.print('tests:')
    for (const [pack, own] of byPack(cases)) {
      for (const { answer, near } of generate(pack, own, limit, io)) {
        if (values.json === true) io.print(JSON.stringify({ ...near, expected: answer }))
        else for (const line of toYaml(near, answer)) io.print(line)
      }
    }
    return EXIT.holds
  } catch (error) {
    return refuse(error, io)
  }
}

function byPack(cases: readonly LoadedCase[]): ReadonlyMap<Pack, readonly LoadedCase[]> {
  const packs = new Map<Pack, LoadedCase[]>()
  for (const loaded of cases) {
    const pack = loaded.frameworks.pack(loaded.one.framework)
    packs.set(pack, [...(packs.get(pack) ?? []), loaded])
  }
  return packs
}

function* generate(pack: Pack, cases: readonly LoadedCase[], limit: number, io: PolicyIo) {
  const [first] = cases
  if (first === undefined) return
  const { frameworks, validator } = first
  const question = (seed: Seed) => {
    const { framework, axis, at } = seed
    const facts = validator.facts(seed.facts)
    return {
      framework,
      axis,
      facts,
      at: instantOf({ ...first, one: { ...first.one, framework, at } }, io),
    }
  }
  const trace = (seed: Seed) => {
    try {
      return frameworks.trace(question(seed))
    } catch (error) {
      if (error instanceof ServiceError) return undefined
      throw error
    }
  }
  const seeds = cases.map(({ one: { framework, axis, at, facts } }) => ({
    framework,
    axis,
    at,
    facts,
  }))
  const keys = conditionKeys(pack)
  const keysOf = (rule: string) => keys.get(rule) ?? []
  for (const near of nearMisses(seeds, { pack, trace, keysOf, limit })) {
    const score = frameworks.score(question(near))
    const missing = score.missing.map(({ path }) => path)
    const value = score.value as Json // strings, lists of strings, nested objects of strings and booleans
    yield { near, answer: { value, ...(value === INDETERMINATE ? { missing } : {}) } }
  }
}

/** JSON is YAML: one line for the facts keeps a generated file short. */
function toYaml({ framework, axis, at, facts, shows }: NearMiss, answer: Json): readonly string[] {
  const name = shows
    .slice(0, 3)
    .map(({ text, gap }) => `${text.slice(0, 60)} ${gap.replace('never ', '')}`)
  return [
    `  - name: ${JSON.stringify(name.join('; '))}`,
    `    framework: ${framework}`,
    ...(at === undefined ? [] : [`    at: ${JSON.stringify(at)}`]),
    `    facts: ${JSON.stringify(facts)}`,
    `    expect: ${JSON.stringify({ [axis]: answer })}`,
  ]
}
