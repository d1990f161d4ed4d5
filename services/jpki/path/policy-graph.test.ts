import { describe, expect, test } from 'vitest'
import {
  inhibitAnyPolicy,
  issue,
  policies,
  policyConstraints,
  policyMappings,
  type Entity,
} from '../../../test/pki/issue-path.ts'
import { testKey } from '../../../test/pki/keys.ts'
import { outcomeOf, pathRequest } from '../../../test/pki/path-request.ts'
import type { Asn1 } from '../../../test/pki/encode.ts'
import { verifyPath, type PathRequest } from '../verify-path.ts'
import { Budget, BudgetExhausted } from './budget.ts'
import { PolicyGraph } from './policy-graph.ts'
import { parseCertificate } from '../certificate.ts'

const ANY = '2.5.29.32.0'
const [P1, P2, P3, P4] = ['1.2.1', '1.2.2', '1.2.3', '1.2.4'] as const
const REFUSED = 'certificate-policies CHAIN_CONSTRAINTS_FAILURE'

interface Step {
  readonly named: string
  readonly has?: readonly string[]
  readonly extensions?: readonly Asn1[]
}
type Asked = Partial<PathRequest>

/** Root → each step in turn; the last one is the target. A step named like its issuer is self-issued. */
function request(steps: readonly Step[], asked: Asked = {}): PathRequest {
  const root = issue('Root', { authority: true })
  const issued: Entity[] = []
  for (const { named, has = [], extensions = [] } of steps) {
    const isTarget = issued.length === steps.length - 1
    issued.push(
      issue(named, {
        issuer: issued.at(-1) ?? root,
        authority: !isTarget,
        key: testKey(`p256:${named} ${issued.length}`),
        extensions: [...(has.length === 0 ? [] : [policies(...has)]), ...extensions],
      }),
    )
  }
  const target = issued.at(-1) ?? root
  return pathRequest(target, [root], issued.slice(0, -1), asked)
}

const asking = (...oids: readonly string[]): Asked => ({ initialPolicies: new Set(oids) })
const EXPLICIT: Asked = { explicitPolicy: true }

function policiesOf(steps: readonly Step[], asked: Asked = {}): readonly string[] {
  return verifyPath(request(steps, asked)).policies
}

// As in PKITS 4.8.
describe('certificate policies', () => {
  const same = [
    { named: 'A', has: [P1] },
    { named: 'T', has: [P1] },
  ]
  test.each<[string, readonly Step[], Asked, string]>([
    ['one policy all the way', same, EXPLICIT, 'PASSED'],
    ['one policy, and it is asked for', same, { ...EXPLICIT, ...asking(P1) }, 'PASSED'],
    ['one policy, and another is asked for', same, { ...EXPLICIT, ...asking(P2) }, REFUSED],
    ['another is asked for, but none is demanded', same, asking(P2), 'PASSED'],
    ['one of those asked for', same, { ...EXPLICIT, ...asking(P1, P2) }, 'PASSED'],
    ['none at all', [{ named: 'A' }, { named: 'T' }], {}, 'PASSED'],
    ['none at all, and one is demanded', [{ named: 'A' }, { named: 'T' }], EXPLICIT, REFUSED],
    ['none in the authority', [{ named: 'A' }, { named: 'T', has: [P1] }], EXPLICIT, REFUSED],
    ['none in the target', [{ named: 'A', has: [P1] }, { named: 'T' }], EXPLICIT, REFUSED],
    [
      'two that differ',
      [
        { named: 'A', has: [P1] },
        { named: 'T', has: [P2] },
      ],
      EXPLICIT,
      REFUSED,
    ],
    [
      'two that differ, and none is demanded',
      [
        { named: 'A', has: [P1] },
        { named: 'T', has: [P2] },
      ],
      {},
      'PASSED',
    ],
    [
      'any in the authority',
      [
        { named: 'A', has: [ANY] },
        { named: 'T', has: [P1] },
      ],
      { ...EXPLICIT, ...asking(P1) },
      'PASSED',
    ],
    [
      'any in the authority, and another than the target has is asked for',
      [
        { named: 'A', has: [ANY] },
        { named: 'T', has: [P1] },
      ],
      { ...EXPLICIT, ...asking(P2) },
      REFUSED,
    ],
    [
      'any in the target',
      [
        { named: 'A', has: [P1] },
        { named: 'T', has: [ANY] },
      ],
      { ...EXPLICIT, ...asking(P1) },
      'PASSED',
    ],
    [
      'any in the target, another in the authority',
      [
        { named: 'A', has: [P1] },
        { named: 'T', has: [ANY] },
      ],
      { ...EXPLICIT, ...asking(P2) },
      REFUSED,
    ],
    [
      'any everywhere',
      [
        { named: 'A', has: [ANY] },
        { named: 'T', has: [ANY] },
      ],
      { ...EXPLICIT, ...asking(P3) },
      'PASSED',
    ],
  ])('%s', (_, steps, asked, outcome) => {
    expect(outcomeOf(request(steps, asked))).toBe(outcome)
  })

  test('the verdict names the policies that are valid, of those asked for', () => {
    const steps = [
      { named: 'A', has: [P1, P2, P3] },
      { named: 'T', has: [P2, P3, P4] },
    ]
    expect(policiesOf(steps)).toEqual([P2, P3])
    expect(policiesOf(steps, asking(P3, P4))).toEqual([P3])
    expect(
      policiesOf([
        { named: 'A', has: [ANY] },
        { named: 'T', has: [ANY] },
      ]),
    ).toEqual([ANY])
    expect(
      policiesOf([
        { named: 'A', has: [ANY] },
        { named: 'T', has: [P1] },
      ]),
    ).toEqual([P1])
    expect(policiesOf([{ named: 'A' }, { named: 'T' }])).toEqual([])
  })
})

// As in PKITS 4.9.
describe('require explicit policy', () => {
  const requires = (n: number) => ({ extensions: [policyConstraints({ requireExplicit: n })] })
  test.each<[string, readonly Step[], string]>([
    ['0 applies to the next', [{ named: 'A', has: [P1], ...requires(0) }, { named: 'T' }], REFUSED],
    [
      '1 applies to the target, which counts',
      [{ named: 'A', has: [P1], ...requires(1) }, { named: 'T' }],
      REFUSED,
    ],
    ['2 applies after one more', [{ named: 'A', ...requires(2) }, { named: 'T' }], 'PASSED'],
    [
      '2 with two after it',
      [{ named: 'A', ...requires(2) }, { named: 'B' }, { named: 'T' }],
      REFUSED,
    ],
    [
      '5 applies to nobody',
      [{ named: 'A', ...requires(5) }, { named: 'B' }, { named: 'C' }, { named: 'T' }],
      'PASSED',
    ],
    [
      'the smaller one counts',
      [{ named: 'A', ...requires(5) }, { named: 'B', ...requires(0) }, { named: 'T' }],
      REFUSED,
    ],
    [
      'a self-issued authority does not count',
      [{ named: 'A', ...requires(2) }, { named: 'A' }, { named: 'T' }],
      'PASSED',
    ],
    ['in the target itself', [{ named: 'A' }, { named: 'T', ...requires(0) }], REFUSED],
    [
      'in a target with two above it',
      [{ named: 'A' }, { named: 'B' }, { named: 'T', ...requires(0) }],
      REFUSED,
    ],
    [
      '1 in the target itself applies to nobody',
      [{ named: 'A' }, { named: 'T', ...requires(1) }],
      'PASSED',
    ],
    [
      'and there is one',
      [
        { named: 'A', has: [P1], ...requires(0) },
        { named: 'T', has: [P1] },
      ],
      'PASSED',
    ],
  ])('%s', (_, steps, outcome) => {
    expect(outcomeOf(request(steps))).toBe(outcome)
  })

  test('the anchor may require it', () => {
    const root = issue('Root', {
      authority: true,
      extensions: [policyConstraints({ requireExplicit: 0 })],
    })
    const bare = issue('T', { issuer: root })
    const named = issue('T', { issuer: root, extensions: [policies(P1)] })
    expect(outcomeOf(pathRequest(bare, [root]))).toBe(REFUSED)
    expect(outcomeOf(pathRequest(named, [root]))).toBe('PASSED')
  })
})

// As in PKITS 4.10.
describe('policy mappings', () => {
  const maps = (...pairs: readonly (readonly [string, string])[]) => ({
    extensions: [policyMappings(...pairs)],
  })
  const mapped = [
    { named: 'A', has: [P1], ...maps([P1, P2]) },
    { named: 'T', has: [P2] },
  ]
  test.each<[string, readonly Step[], Asked, string]>([
    ['one for another', mapped, { ...EXPLICIT, ...asking(P1) }, 'PASSED'],
    [
      'the other is asked for: the anchor’s terms count',
      mapped,
      { ...EXPLICIT, ...asking(P2) },
      REFUSED,
    ],
    ['mapping is inhibited', mapped, { ...EXPLICIT, inhibitMapping: true }, REFUSED],
    [
      'mapping is inhibited, and the target has the one that would be mapped away',
      [mapped[0] ?? { named: 'A' }, { named: 'T', has: [P1] }],
      { ...EXPLICIT, inhibitMapping: true },
      REFUSED,
    ],
    [
      'the target has the one that is mapped away',
      [mapped[0] ?? { named: 'A' }, { named: 'T', has: [P1] }],
      EXPLICIT,
      REFUSED,
    ],
    [
      'twice',
      [
        { named: 'A', has: [P1], ...maps([P1, P2]) },
        { named: 'B', has: [P2], ...maps([P2, P3]) },
        { named: 'T', has: [P3] },
      ],
      { ...EXPLICIT, ...asking(P1) },
      'PASSED',
    ],
    [
      'one for two',
      [
        { named: 'A', has: [P1], ...maps([P1, P2], [P1, P3]) },
        { named: 'T', has: [P3] },
      ],
      { ...EXPLICIT, ...asking(P1) },
      'PASSED',
    ],
    [
      'two for one',
      [
        { named: 'A', has: [P1, P2], ...maps([P1, P3], [P2, P3]) },
        { named: 'T', has: [P3] },
      ],
      { ...EXPLICIT, ...asking(P2) },
      'PASSED',
    ],
    [
      'of one that the authority has by any',
      [
        { named: 'A', has: [ANY], ...maps([P1, P2]) },
        { named: 'T', has: [P2] },
      ],
      { ...EXPLICIT, ...asking(P1) },
      'PASSED',
    ],
    [
      'of one that the authority has not',
      [
        { named: 'A', has: [P3], ...maps([P1, P2]) },
        { named: 'T', has: [P2] },
      ],
      EXPLICIT,
      REFUSED,
    ],
    [
      'from any',
      [
        { named: 'A', has: [P1], ...maps([ANY, P2]) },
        { named: 'T', has: [P1] },
      ],
      {},
      REFUSED,
    ],
    [
      'to any',
      [
        { named: 'A', has: [P1], ...maps([P1, ANY]) },
        { named: 'T', has: [P1] },
      ],
      {},
      REFUSED,
    ],
  ])('%s', (_, steps, asked, outcome) => {
    expect(outcomeOf(request(steps, asked))).toBe(outcome)
  })

  test('two policies that were made one are both valid', () => {
    const steps = [
      { named: 'A', has: [P1, P2], ...maps([P1, P3], [P2, P3]) },
      { named: 'T', has: [P3] },
    ]
    expect(policiesOf(steps)).toEqual([P1, P2])
  })

  // As in PKITS 4.11.
  const inhibits = (n: number) => policyConstraints({ inhibitMapping: n })
  test.each<[string, number, readonly string[], string]>([
    ['0 applies to the next authority', 0, ['B'], REFUSED],
    ['1 leaves one authority', 1, ['B'], 'PASSED'],
    ['1 does not leave two', 1, ['B', 'C'], REFUSED],
    ['1 leaves a self-issued one and one more', 1, ['A', 'B'], 'PASSED'],
    ['0 applies to a self-issued authority as well', 0, ['A'], REFUSED],
  ])('inhibited: %s', (_, n, names, outcome) => {
    const last = names.length - 1
    const steps = [
      { named: 'A', has: [P1], extensions: [inhibits(n)] },
      ...names.map((named, i) => ({ named, has: [P1], ...(i === last ? maps([P1, P2]) : {}) })),
      { named: 'T', has: [P2] },
    ]
    expect(outcomeOf(request(steps, EXPLICIT))).toBe(outcome)
  })
})

// As in PKITS 4.12.
describe('inhibit anyPolicy', () => {
  const inhibits = (n: number) => ({ extensions: [inhibitAnyPolicy(n)] })
  test.each<[string, readonly Step[], Asked, string]>([
    [
      '0 applies to the next',
      [
        { named: 'A', has: [P1], ...inhibits(0) },
        { named: 'T', has: [ANY] },
      ],
      EXPLICIT,
      REFUSED,
    ],
    [
      '0, and the next has the policy itself',
      [
        { named: 'A', has: [P1], ...inhibits(0) },
        { named: 'T', has: [ANY, P1] },
      ],
      EXPLICIT,
      'PASSED',
    ],
    [
      '1 leaves the next',
      [
        { named: 'A', has: [P1], ...inhibits(1) },
        { named: 'T', has: [ANY] },
      ],
      EXPLICIT,
      'PASSED',
    ],
    [
      '1 does not leave two',
      [
        { named: 'A', has: [P1], ...inhibits(1) },
        { named: 'B', has: [ANY] },
        { named: 'T', has: [ANY] },
      ],
      EXPLICIT,
      REFUSED,
    ],
    [
      'the smaller one counts',
      [
        { named: 'A', has: [P1], ...inhibits(5) },
        { named: 'B', has: [P1], ...inhibits(0) },
        { named: 'T', has: [ANY] },
      ],
      EXPLICIT,
      REFUSED,
    ],
    [
      'a self-issued authority may have any all the same',
      [
        { named: 'A', has: [P1], ...inhibits(0) },
        { named: 'A', has: [ANY] },
        { named: 'T', has: [P1] },
      ],
      EXPLICIT,
      'PASSED',
    ],
    [
      'a self-issued target may not',
      [
        { named: 'A', has: [P1], ...inhibits(0) },
        { named: 'A', has: [ANY] },
      ],
      EXPLICIT,
      REFUSED,
    ],
    [
      'from the start',
      [
        { named: 'A', has: [ANY] },
        { named: 'T', has: [P1] },
      ],
      { ...EXPLICIT, inhibitAnyPolicy: true },
      REFUSED,
    ],
  ])('%s', (_, steps, asked, outcome) => {
    expect(outcomeOf(request(steps, asked))).toBe(outcome)
  })
})

test('a graph that branches everywhere grows with its certificates, not with its paths', () => {
  const many = Array.from({ length: 30 }, (_, i) => `1.3.${i}`)
  const authority = issue('A', {
    authority: true,
    extensions: [
      policies(...many),
      policyMappings(
        ...many.flatMap(
          (from) =>
            [
              [from, '1.3.0'],
              [from, '1.3.1'],
            ] as [string, string][],
        ),
      ),
    ],
  })
  const certificate = parseCertificate(authority.der)
  const validUnder = (policies: number) => {
    const graph = new PolicyGraph(
      new Budget({ ...{ signatures: 0, steps: 0, comparisons: 0 }, policies }),
    )
    for (let depth = 0; depth < 8; depth++) {
      graph.add(certificate, false)
      graph.map(certificate, true)
    }
    return graph.constrainedTo(null).size
  }
  // Two policies that each of 30 nodes expects, and then six times each of two: once on the way down, and once on the way up.
  const edges = 2 * 30 + 6 * 2 * 2
  expect(validUnder(2 * edges)).toBe(30)
  expect(() => validUnder(2 * edges - 1)).toThrow(BudgetExhausted)
})
