import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { classOf } from './classes.ts'
import { compare, type Compared, type CompareOptions } from './compare.ts'
import type { Mutant } from './mutant.ts'

/** How many mutants of a kind each of the judges accepted. */
export interface Tally {
  both: number
  neither: number
  ours: number
  openssl: number
}

export interface DifferentialResult {
  readonly total: number
  readonly signedAgain: number
  readonly bothAccept: number
  readonly bothRefuse: number
  readonly kinds: ReadonlyMap<Mutant['kind'], Tally>
  /** Disagreements by class. */
  readonly classes: ReadonlyMap<string, number>
  /** Disagreements that no class explains, in words. */
  readonly unexplained: readonly string[]
}

/** Compares the judges on many mutants; what nothing explains is written to a folder with all that it was judged with. */
export async function runDifferential(
  options: CompareOptions & { readonly folder: string },
): Promise<DifferentialResult> {
  const kinds = new Map<Mutant['kind'], Tally>()
  const classes = new Map<string, number>()
  const unexplained: string[] = []
  let signedAgain = 0
  for await (const compared of compare(options)) {
    const { mutant, ours, openssl } = compared
    if (mutant.isSignedAgain) signedAgain += 1
    const tally = kinds.get(mutant.kind) ?? { both: 0, neither: 0, ours: 0, openssl: 0 }
    kinds.set(mutant.kind, tally)
    tally[sideOf(compared)] += 1
    if (ours.accepts === openssl.accepts) continue
    const found = classOf(compared)
    if (found !== null) classes.set(found.class, (classes.get(found.class) ?? 0) + 1)
    else unexplained.push(keep(compared, options.folder))
  }
  const sum = (side: keyof Tally): number =>
    kinds.values().reduce((total, tally) => total + tally[side], 0)
  const [bothAccept, bothRefuse] = [sum('both'), sum('neither')]
  const total = bothAccept + bothRefuse + sum('ours') + sum('openssl')
  return { total, signedAgain, bothAccept, bothRefuse, kinds, classes, unexplained }
}

function sideOf({ ours, openssl }: Compared): keyof Tally {
  if (ours.accepts) return openssl.accepts ? 'both' : 'ours'
  return openssl.accepts ? 'openssl' : 'neither'
}

/** Writes the parts of a mutant, and gives the line that tells of it. */
function keep({ mutant, ours, openssl }: Compared, folder: string): string {
  const place = join(folder, String(mutant.number))
  mkdirSync(place, { recursive: true })
  for (const [name, part] of Object.entries(mutant)) {
    const parts = part instanceof Uint8Array ? [part] : Array.isArray(part) ? part : []
    parts.forEach((der: Uint8Array, i) => {
      writeFileSync(join(place, `${name}-${i}.der`), der)
    })
  }
  const said = ours.accepts
    ? `ours accepts, openssl says "${openssl.reason}"`
    : `openssl accepts, ours says "${ours.reason}"`
  return `${mutant.number}, ${mutant.kind} of ${mutant.what}: ${said}`
}
