import { afterAll, beforeAll } from 'vitest'
import { createFactsValidator } from '../../../services/kernel/facts-check.ts'
import { now, schema } from '../analysis-stand.ts'
import { Provers } from './prover-agreement.ts'
import { Z3Prover } from './z3.ts'

/** Both provers for the tests of a file. */
export interface ProverStand {
  readonly z3: Z3Prover
  readonly provers: Provers
}

/** Starts Z3 before the tests of a file and ends it after them; gives what is there meanwhile. */
export function withProvers(): () => ProverStand {
  let stand: ProverStand | undefined
  beforeAll(async () => {
    const z3 = await Z3Prover.start()
    const validator = createFactsValidator(schema)
    stand = { z3, provers: new Provers({ z3, schema, validator, now }) }
  }, 60_000)
  afterAll(async () => {
    await stand?.z3[Symbol.asyncDispose]()
  })
  return () => {
    if (stand === undefined) throw new TypeError('the provers are there for the tests alone')
    return stand
  }
}
