import { RandomNumbers } from '../mutation/random.ts'
import { MutantMaker } from './make-mutants.ts'
import type { Judgement, Mutant } from './mutant.ts'
import { OpensslJudge } from './openssl-judge.ts'
import { ourJudgement } from './our-judge.ts'

/** Targets of one path that go into one call. */
const BATCH = 40

export interface Compared {
  readonly mutant: Mutant
  readonly ours: Judgement
  readonly openssl: Judgement
}

export interface CompareOptions {
  readonly count: number
  readonly seed: number
  /** Time for which OCSP answers are made, and at which they are judged. */
  readonly now: Date
  /** Calls of openssl at a time. */
  readonly atOnce: number
}

/** Makes mutants and has both judges look at each. */
export async function* compare(options: CompareOptions): AsyncGenerator<Compared> {
  const { count, seed, now, atOnce } = options
  using judge = new OpensslJudge()
  const maker = new MutantMaker(new RandomNumbers(seed), now)
  for (let made = 0; made < count;) {
    const size = Math.min(BATCH * atOnce * 2, count - made)
    const mutants = Array.from({ length: size }, (_, i) => maker.make(made + i))
    made += size
    const waiting = callsFor(mutants)
    const done: Compared[] = []
    const work = async (): Promise<void> => {
      for (let call = waiting.shift(); call !== undefined; call = waiting.shift()) {
        const judged = await judge.judge(call)
        call.forEach((mutant, i) => {
          const openssl = judged[i]
          if (openssl === undefined) throw new TypeError('expected a judgement on each mutant')
          done.push({ mutant, openssl, ours: ourJudgement(mutant, now) })
        })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    yield* done.sort((a, b) => a.mutant.number - b.mutant.number)
  }
}

function callsFor(mutants: readonly Mutant[]): Mutant[][] {
  const together = Map.groupBy(
    mutants.filter((one) => one.kind === 'target'),
    ({ what }) => what,
  )
  const alone = mutants.filter(({ kind }) => kind !== 'target').map((one) => [one])
  return [...[...together.values()].flatMap(inBatches), ...alone]
}

function inBatches<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / BATCH) }, (_, i) =>
    list.slice(i * BATCH, (i + 1) * BATCH),
  )
}
