import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFactsValidator } from '../kernel/facts-check.ts'
import { readTestFile } from './case-file.ts'
import { CompiledPack } from './language/compiled-pack.ts'
import { buildSubject } from './language/subject.ts'
import { POLICIES_DIRECTORY, PolicyStore } from './policy-store.ts'

interface Piece {
  readonly doc: string
  readonly strength: number
  readonly validity: number
}
interface Scores {
  readonly evidence: readonly Piece[]
  readonly activity: number
  readonly fraud: number
  readonly verification: number
}

const store = new PolicyStore()
const { pack } = store.load('gpg45')
const compiled = new CompiledPack(pack)
const path = join(POLICIES_DIRECTORY, 'gpg45/gpg45.test.yaml')
const cases = readTestFile(
  { path, text: readFileSync(path, 'utf8') },
  createFactsValidator(store.factsSchema()),
)

/** Every profile that holds, whatever its level. */
function profiles({ evidence, activity, fraud, verification }: Scores) {
  const facts = {
    scores: { evidence: evidence.map((one) => ({ ...one })), activity, fraud, verification },
  }
  const { roots } = buildSubject(facts, {
    catalogue: pack.catalogue,
    options: new Map(),
    zone: 'UTC',
  })
  const env = { roots, now: 0, measuredAt: 0, axes: new Map(), variables: [], nextTurn: Infinity }
  return compiled.evaluate('confidence', env, undefined).grants.map(({ rule }) => rule.id)
}

/** The same scores with one of their numbers lower by one. */
function lowered(scores: Scores): readonly Scores[] {
  const outer = (['activity', 'fraud', 'verification'] as const)
    .filter((name) => scores[name] > 0)
    .map((name) => ({ ...scores, [name]: scores[name] - 1 }))
  const inner = scores.evidence.flatMap((piece, i) =>
    (['strength', 'validity'] as const).map((name) => ({
      ...scores,
      evidence: scores.evidence.with(i, { ...piece, [name]: piece[name] - 1 }),
    })),
  )
  return [...outer, ...inner]
}

describe('the profiles of GPG45', () => {
  const exact = cases.filter(({ id }) => id.endsWith('at its numbers'))

  test('are 32, each with a case at its numbers', () => {
    expect(pack.grants).toHaveLength(32)
    expect(exact.flatMap(({ expected }) => expected.fired)).toEqual(pack.grants.map(({ id }) => id))
  })

  test.each(exact.map((one) => [one.id, one] as const))(
    '%s: each number lower by one, or a piece less, is no longer the profile',
    (_, { facts, expected }) => {
      const scores = facts['scores'] as unknown as Scores // valid against the schema
      const [rule] = expected.fired
      expect(profiles(scores)).toContain(rule)
      const without = scores.evidence.map((_, i) => ({
        ...scores,
        evidence: scores.evidence.toSpliced(i, 1),
      }))
      for (const less of [...lowered(scores), ...without])
        expect(profiles(less)).not.toContain(rule)
      const sameDocument = scores.evidence.map((piece) => ({ ...piece, doc: 'one' }))
      if (scores.evidence.length > 1)
        expect(profiles({ ...scores, evidence: sameDocument })).not.toContain(rule)
    },
  )

  // Counted from the published table: 335 of 2,500 vectors of one piece match several families, 438 of 3,125 with fraud to 4.
  test.each([
    [3, 335, 2500],
    [4, 438, 3125],
  ])('with fraud from 0 to %i match several families %i times in %i', (most, several, all) => {
    const numbers = [0, 1, 2, 3, 4]
    const level = new Map(pack.grants.map(({ id, gives }) => [id, gives.get('confidence')]))
    const counts = numbers.flatMap((strength) =>
      numbers.flatMap((validity) =>
        numbers.flatMap((activity) =>
          numbers.slice(0, most + 1).flatMap((fraud) =>
            numbers.map((verification) => {
              const evidence = [{ doc: 'a', strength, validity }]
              const held = profiles({ evidence, activity, fraud, verification })
              return new Set(held.map((id) => level.get(id))).size
            }),
          ),
        ),
      ),
    )
    expect(counts).toHaveLength(all)
    expect(counts.filter((families) => families > 1)).toHaveLength(several)
  })
})
