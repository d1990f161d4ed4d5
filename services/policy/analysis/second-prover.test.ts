import { describe, expect, test } from 'vitest'
import { store } from '../../../test/policy/analysis-stand.ts'
import { changedVersions, orderedAxes } from '../../../test/policy/smt/prover-agreement.ts'
import { withProvers } from '../../../test/policy/smt/stand.ts'
import { Terms } from '../../../test/policy/smt/terms.ts'

const axes = store.list().flatMap((name) => {
  const { pack } = store.load(name)
  return orderedAxes(pack).map((axis) => ({ name, axis: axis.name, pack }))
})

const stand = withProvers()

describe('Z3 answers as the exact analysis does', () => {
  test.each(axes)('about $axis of $name', { timeout: 60_000 }, async ({ pack, axis }) => {
    const { asked, differences, open } = await stand().provers.axis(pack, axis)
    expect({ differences, open }).toEqual({ differences: [], open: [] })
    expect(asked).toBeGreaterThan(0)
  })

  test.each(axes.filter(({ name }) => ['meti-idtf-2016', 'eidas', 'jp-ds500-2019'].includes(name)))(
    'about changed versions of $axis of $name',
    { timeout: 60_000 },
    async ({ pack, axis }) => {
      for (const version of changedVersions(pack, axis, 20)) {
        const said = [
          await stand().provers.axis(version, axis),
          await stand().provers.versions(pack, version, axis),
        ]
        expect(said.flatMap(({ differences }) => differences)).toEqual([])
      }
    },
  )
})

test('a rule that only one of them knows is a difference', async () => {
  const { pack } = store.load('eidas')
  const fewer = { ...pack, grants: pack.grants.filter(({ id }) => id !== 'EIDAS.MEANS.HIGH') }
  const { differences } = await stand().provers.axis(pack, 'means', fewer)
  expect(differences).toEqual([
    'means: somebody has high? exact yes, Z3 no',
    'means: EIDAS.MEANS.HIGH holds of somebody? exact yes, Z3 no',
    'means: EIDAS.MEANS.HIGH matters? exact yes, Z3 no',
  ])
})

test('a problem that Z3 cannot read is no answer', () => {
  const terms = new Terms()
  terms.question('nonsense', '(no-such-function)')
  expect(() => stand().z3.problem(terms)).toThrow(/invalid function/)
})
