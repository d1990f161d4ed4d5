import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Compared } from './compare.ts'
import { isTrueOf } from './facts.ts'

/** Why the two judges may differ: one of them follows a clause that the other does not. */
interface DifferenceClass {
  readonly class: string
  /** Which of them accepts. */
  readonly accepts: 'ours' | 'openssl'
  /** Only for these kinds of mutants. */
  readonly kinds?: readonly string[]
  /** The reason of the one that refuses: a regular expression for all of it. */
  readonly reason: string
  /** What has to be true of the mutant: the words of the one that refuses do not suffice where ours accepts. */
  readonly fact?: string
  readonly why: string
  readonly clause: string
}

export const CLASSES = JSON.parse(
  readFileSync(join(import.meta.dirname, 'differences.json'), 'utf8'),
) as readonly DifferenceClass[] // kept in the repository, and read by nobody else

/** The class of a disagreement; null for one that nothing explains. */
export function classOf({ mutant, ours, openssl }: Compared): DifferenceClass | null {
  const accepts = ours.accepts ? 'ours' : 'openssl'
  const { reason } = ours.accepts ? openssl : ours
  const found = CLASSES.find(
    (one) =>
      one.accepts === accepts &&
      (one.kinds === undefined || one.kinds.includes(mutant.kind)) &&
      new RegExp(`^(?:${one.reason})$`).test(reason) &&
      (one.fact === undefined || isTrueOf(one.fact, mutant)),
  )
  return found ?? null
}
