import { describe, expect, test } from 'vitest'
import { drawerFor, withoutOptions } from '../../test/policy/agreement.ts'
import type { ActivePolicy } from './active-policy.ts'
import { identityLevel } from './identity-level.ts'
import { AxisCount, sharedAxes, type Impact } from './impact.ts'
import { formatTime } from './language/dates.ts'
import type { Facts } from './language/judged-facts.ts'
import { PolicyLibrary } from './policy-library.ts'
import { PolicyStore } from './policy-store.ts'
import { Population } from './population.ts'

const store = new PolicyStore()
const library = new PolicyLibrary(store.library.documents)
const NAME = 'watashi-default'
const before = library.policyOf(NAME)
const NOW = new Date('2026-12-01T00:00:00Z')
const METI = 'meti-idtf-2016/proofing.rules.yaml'
const NIST = 'nist-63-4/identity.rules.yaml'
const KNOWN = 'when: evidence.exists(e, any_id(e))'
const EXPIRING = 'when: evidence.exists(e, any_id(e) && e.expires_at > now)'

const drawers = ['nist-800-63A-4', 'meti-idtf-2016'].map((framework, i) =>
  drawerFor(before.frameworks.pack(framework), store, i + 1, NOW.getTime() / 1000),
)
const card: Facts = {
  proofing: { channel: 'remote_unattended', at: '2026-06-01T00:00:00Z', consent: true },
  evidence: [{ id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert' }],
  checks: [
    { type: 'authentic', on: 'e1', method: 'crypto', anchor: 'JLIS' },
    { type: 'status', on: 'e1', result: 'good' },
    { type: 'signed', on: 'e1', payload: 'application', valid: true },
    { type: 'match', on: 'e1', scope: 'core', source: 'signed_attributes' },
    { type: 'holder', on: 'e1', method: 'pin' },
  ],
}
const people = new Map<string, readonly Facts[]>([
  ['person-card', [card]],
  ...Array.from(
    { length: 239 },
    (_, i) =>
      [
        `person-${i}`,
        Array.from({ length: i % 3 }, (_, j) => withoutOptions(drawers[(i + j) % 2]?.draw() ?? {})),
      ] as const,
  ),
])

function populationOf(persons: ReadonlyMap<string, readonly Facts[]>): Population {
  const population = new Population()
  for (const [subjectRef, proofings] of persons)
    population.put({ subjectRef, proofings: JSON.stringify(proofings) })
  return population
}

function draft(path: string, from: string, to: string): ActivePolicy {
  const text = library.documents.get(path) ?? ''
  expect(text).toContain(from)
  const documents = new Map(library.documents).set(path, text.replace(from, to))
  return new PolicyLibrary(documents, undefined, library).policyOf(NAME)
}

/** The same, person by person, from the ordinary engine. */
function counted(
  after: ActivePolicy,
  persons: ReadonlyMap<string, readonly Facts[]> = people,
  at = NOW,
  inForce = before,
): Impact {
  const axes = sharedAxes(inForce, after).map((ref) => {
    const count = new AxisCount(ref, inForce, after)
    for (const proofings of persons.values())
      count.add(
        identityLevel(inForce, ref, proofings, at).level,
        identityLevel(after, ref, proofings, at).level,
      )
    return count.impact()
  })
  return { subjects: persons.size, axes }
}

const moved = ({ axes }: Impact) =>
  axes.reduce((sum, { raised, lowered }) => sum + raised + lowered, 0)

describe('impact of a draft on everybody', () => {
  const population = populationOf(people)

  test.each([
    ['another level', METI, "grant: { proofing: '2' }", "grant: { proofing: '3' }"],
    ['a level of another framework', NIST, 'grant: { IAL: IAL2 }', 'grant: { IAL: IAL3 }'],
    [
      'an option of the profile',
      'watashi-default/framework.yaml',
      'jpki_equivalence: true',
      'jpki_equivalence: false',
    ],
    ['a fact that no rule looked at', METI, KNOWN, EXPIRING],
    [
      'a text that no rule named',
      METI,
      'e.kind == jpki_sign_cert && e.stands',
      'e.kind == jpki_sign_cert && e.id == "e2" && e.stands',
    ],
    ['a longer title', METI, 'an identity document was', 'a document was'],
  ])('%s: every count is that of the ordinary engine', (what, path, from, to) => {
    const after = draft(path, from, to)
    const impact = population.impact(before, after, NOW)
    expect(impact).toEqual(counted(after))
    if (what !== 'a longer title') expect(moved(impact)).toBeGreaterThan(0)
    else expect(moved(impact)).toBe(0)
  })

  test('a person who comes, changes or is forgotten counts at once', () => {
    const own = populationOf(people)
    const after = draft(METI, "grant: { proofing: '2' }", "grant: { proofing: '3' }")
    own.impact(before, after, NOW)
    const now = new Map(people)
    now.delete('person-7')
    now.set('person-8', people.get('person-11') ?? [])
    now.set('person-new', people.get('person-5') ?? [])
    own.put({ subjectRef: 'person-7', proofings: undefined })
    for (const ref of ['person-8', 'person-new'])
      own.put({ subjectRef: ref, proofings: JSON.stringify(now.get(ref)) })
    expect(own.size).toBe(240)
    expect(own.impact(before, after, NOW)).toEqual(counted(after, now))
  })

  test('what nobody needs any more is given up while everybody changes', () => {
    const own = populationOf(people)
    const [one, other] = [
      draft(METI, "grant: { proofing: '2' }", "grant: { proofing: '3' }"),
      draft(METI, KNOWN, EXPIRING),
    ]
    let persons: ReadonlyMap<string, readonly Facts[]> = people
    for (let turn = 0; turn < 6; turn += 1) {
      const proofings = [...persons.values()]
      persons = new Map(
        [...persons.keys()].map((ref, i) => [
          ref,
          proofings[i % 4 === 0 ? i : (i + 4) % 240] ?? [],
        ]),
      )
      for (const [subjectRef, facts] of persons)
        own.put({ subjectRef, proofings: JSON.stringify(facts) })
      own.impact(before, turn % 2 === 0 ? one : other, NOW)
    }
    expect(own.impact(before, one, NOW)).toEqual(counted(one, persons))
    expect(own.impact(before, other, NOW)).toEqual(counted(other, persons))
  })

  test('a level that ends counts as it stands when the draft is asked about', () => {
    const own = populationOf(people)
    const after = draft(
      METI,
      KNOWN,
      KNOWN.replace('when: ', 'when: within(proofing.at, 1000d) && '),
    )
    own.impact(before, after, NOW)
    const later = new Date(NOW.getTime() + 10 * 365 * 86_400_000)
    expect(own.impact(before, after, later)).toEqual(counted(after, people, later))
    expect(counted(after, people, later)).not.toEqual(counted(after))
  })

  test('levels in force end, each at its time, while drafts are tried; and when the clock is set back', () => {
    const day = (days: number) => new Date(NOW.getTime() + days * 86_400_000)
    const persons = new Map(people)
    for (let i = 0; i < 40; i += 1) {
      const expires_at = formatTime(day(i * i).getTime() / 1000)
      const evidence = [{ id: 'e1', kind: 'drivers_license', cls: 'gov_photo_id', expires_at }]
      const checks = [{ type: 'presented', on: 'e1', form: 'original', result: 'pass' }]
      persons.set(`person-expiring-${i}`, [{ evidence, checks }])
    }
    const own = populationOf(persons)
    const inForce = draft(METI, KNOWN, EXPIRING)
    const after = draft(METI, "grant: { proofing: '2' }", "grant: { proofing: '3' }")
    const seen = new Set<string>()
    for (const days of [0, 1, 2, 20, 200, 2000, 20_000, -1, -400, 3]) {
      const expected = counted(after, persons, day(days), inForce)
      expect(own.impact(inForce, after, day(days))).toEqual(expected)
      seen.add(JSON.stringify(expected))
    }
    expect(seen.size).toBeGreaterThan(5)
  })

  test('a draft with faults is refused, and the next one is counted', () => {
    expect(() => draft(METI, "grant: { proofing: '2' }", "grant: { proofing: '22' }")).toThrow()
    const after = draft(METI, "grant: { proofing: '2' }", "grant: { proofing: '4' }")
    expect(population.impact(before, after, NOW)).toEqual(counted(after))
  })
})
