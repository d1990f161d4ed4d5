import { ServiceError } from '../kernel/errors.ts'
import { missesOf } from '../policy/case-file.ts'
import { Frameworks } from '../policy/frameworks.ts'
import { observe } from '../policy/language/coverage.ts'
import { mutantsOf, type Mutant } from '../policy/language/mutants.ts'
import type { Pack } from '../policy/language/pack.ts'
import { instantOf, type LoadedCase } from './policy-case-files.ts'
import type { PolicyIo } from './policy-io.ts'

/** How many faults of a pack its cases notice, and those that they do not. */
export interface MutationScore {
  readonly pack: string
  readonly mutants: number
  readonly killed: number
  readonly survivors: readonly Mutant[]
}

/**
 * Puts every fault of `mutantsOf` into each pack that the cases are of, one at a time, and asks the cases again. Only cases that
 * reach the changed condition can notice it, and the one that noticed the last is asked first.
 */
export function mutationScores(
  cases: readonly LoadedCase[],
  io: PolicyIo,
): readonly MutationScore[] {
  const packs = new Map<Pack, LoadedCase[]>()
  for (const loaded of cases) {
    const pack = loaded.frameworks.pack(loaded.one.framework)
    packs.set(pack, [...(packs.get(pack) ?? []), loaded])
  }
  return [...packs].map(([pack, own]) => scoreOf(pack, own, io))
}

/** Each survivor at its place, then the score; with `json` one object per pack. */
export function printMutation(scores: readonly MutationScore[], io: PolicyIo, json: boolean): void {
  for (const { pack, mutants, killed, survivors } of scores) {
    if (json) {
      const told = survivors.map(({ place, text, change }) => ({ ...place, text, change }))
      io.print(JSON.stringify({ pack, mutants, killed, survivors: told }))
      continue
    }
    for (const { place, text, change } of survivors)
      io.print(`${place.file}:${place.line}:${place.column} \`${text}\` ${change}: no case notices`)
    io.print(`${pack}: ${killed} of ${mutants} faults noticed`)
  }
}

function scoreOf(pack: Pack, cases: readonly LoadedCase[], io: PolicyIo): MutationScore {
  const reach = reachOf(pack, cases, io)
  const mutants = mutantsOf(pack)
  let first: LoadedCase | undefined
  const survivors = mutants.filter((mutant) => {
    const frameworks = new Frameworks([{ pack: mutant.make() }])
    const asked = reach.get(mutant.key) ?? []
    const ordered = first !== undefined && asked.includes(first) ? [first, ...asked] : asked
    const killer = ordered.find((loaded) => notices({ ...loaded, frameworks }, io))
    first = killer ?? first
    return killer === undefined
  })
  const killed = mutants.length - survivors.length
  return { pack: pack.framework, mutants: mutants.length, killed, survivors }
}

/** Cases by the conditions that they evaluate. */
function reachOf(
  pack: Pack,
  cases: readonly LoadedCase[],
  io: PolicyIo,
): ReadonlyMap<string, readonly LoadedCase[]> {
  const reach = new Map<string, LoadedCase[]>()
  for (const loaded of cases) {
    for (const key of keysOf(pack, loaded, io)) {
      const own = reach.get(key) ?? []
      own.push(loaded)
      reach.set(key, own)
    }
  }
  return reach
}

function keysOf(pack: Pack, loaded: LoadedCase, io: PolicyIo): ReadonlySet<string> {
  const { framework, axis, facts } = loaded.one
  try {
    const at = instantOf(loaded, io)
    const traces = loaded.frameworks.trace({ framework, axis, facts, at })
    return new Set(observe(pack, traces).map(({ key }) => key))
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return new Set() // a case without an answer shows nothing
  }
}

function notices(loaded: LoadedCase, io: PolicyIo): boolean {
  const { framework, axis, facts, expected } = loaded.one
  const score = loaded.frameworks.score({ framework, axis, facts, at: instantOf(loaded, io) })
  return missesOf(expected, score).length > 0
}
