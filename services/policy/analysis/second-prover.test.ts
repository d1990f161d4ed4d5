import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changedVersions, orderedAxes, Provers } from '../../../test/policy/smt/prover-agreement.ts'
import { Terms } from '../../../test/policy/smt/terms.ts'
import { Z3Prover } from '../../../test/policy/smt/z3.ts'
import { createFactsValidator } from '../../kernel/facts-check.ts'
import { readTime } from '../language/dates.ts'
import { PolicyStore } from '../policy-store.ts'

const store = new PolicyStore()
const schema = store.factsSchema()
const now = readTime('2026-12-01T00:00:00Z', 'UTC') ?? 0
const axes = store.list().flatMap((name) => {
  const { pack } = store.load(name)
  return orderedAxes(pack).map((axis) => ({ name, axis: axis.name, pack }))
})

let z3: Z3Prover
let provers: Provers
beforeAll(async () => {
  z3 = await Z3Prover.start()
  provers = new Provers({ z3, schema, validator: createFactsValidator(schema), now })
}, 60_000)
afterAll(async () => {
  await z3[Symbol.asyncDispose]()
})

describe('Z3 answers as the exact analysis does', () => {
  test.each(axes)('about $axis of $name', { timeout: 60_000 }, async ({ pack, axis }) => {
    const { asked, differences, open } = await provers.axis(pack, axis)
    expect({ differences, open }).toEqual({ differences: [], open: [] })
    expect(asked).toBeGreaterThan(0)
  })

  test.each(axes.filter(({ name }) => ['meti-idtf-2016', 'eidas', 'jp-ds500-2019'].includes(name)))(
    'about changed versions of $axis of $name',
    { timeout: 60_000 },
    async ({ pack, axis }) => {
      for (const version of changedVersions(pack, axis, 20)) {
        const said = [
          await provers.axis(version, axis),
          await provers.versions(pack, version, axis),
        ]
        expect(said.flatMap(({ differences }) => differences)).toEqual([])
      }
    },
  )
})

test('a rule that only one of them knows is a difference', async () => {
  const { pack } = store.load('eidas')
  const fewer = { ...pack, grants: pack.grants.filter(({ id }) => id !== 'EIDAS.MEANS.HIGH') }
  const { differences } = await provers.axis(pack, 'means', fewer)
  expect(differences).toEqual([
    'means: somebody has high? exact yes, Z3 no',
    'means: EIDAS.MEANS.HIGH holds of somebody? exact yes, Z3 no',
    'means: EIDAS.MEANS.HIGH matters? exact yes, Z3 no',
  ])
})

test('a problem that Z3 cannot read is no answer', () => {
  const terms = new Terms()
  terms.question('nonsense', '(no-such-function)')
  expect(() => z3.problem(terms)).toThrow(/invalid function/)
})
