import { expect, test } from 'vitest'
import { changed, rule, store } from '../../../test/policy/analysis-stand.ts'
import { orderedAxes } from '../../../test/policy/smt/prover-agreement.ts'
import { withProvers } from '../../../test/policy/smt/stand.ts'

const stand = withProvers()

/** A piece that counts as stronger has to be verified in a stronger way (SP 800-63A §4.2.6): the step that the pack declares. */
const WORTH = ['checks.authentic.passed', 'evidence.strength']
/** A session of a higher level is ended earlier. */
const LIMITS = ['session.auth_aal']

/** Facts of which neither way of turning is the better one. */
const DECLARED: Readonly<Record<string, readonly string[]>> = {
  // A document counts by its strongest entry alone, as the pack declares.
  'gpg45 confidence': ['scores.evidence.strength'],
  'nist-63-3 IAL': WORTH,
  'nist-63-4 IAL': WORTH,
  'nist-63-3 session': LIMITS,
  'nist-63-4 session': LIMITS,
  // A single audience: neither none nor two.
  'nist-63-4 FAL': ['assertion.audiences'],
}

const axes = store.list().flatMap((name) => {
  const { pack } = store.load(name)
  return orderedAxes(pack).map((axis) => ({ name, axis: axis.name, pack }))
})

test.each(axes)(
  'a flag, a level or a number that turns the better way never lowers $axis of $name, but where it is declared',
  { timeout: 60_000 },
  async ({ name, axis, pack }) => {
    const { both, differences } = await stand().provers.turns(pack, axis)
    expect(differences).toEqual([])
    expect(both).toEqual(DECLARED[`${name} ${axis}`] ?? [])
  },
)

test('a flag that a grant asks for and a cap punishes is found', async () => {
  const cap = `    cap: { enrolment: low }\n    when: enrolment.photo_or_biometric_evidence && enrolment.possession == assumed\n`
  const pack = changed('eidas', rule('caps', 'ZZ.PUNISHES', cap))
  expect(await stand().provers.turns(pack, 'enrolment')).toEqual({
    both: ['enrolment.photo_or_biometric_evidence'],
    differences: [],
  })
})
