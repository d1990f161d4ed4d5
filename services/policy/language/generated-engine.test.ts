import { describe, expect, test } from 'vitest'
import { drawerFor } from '../../../test/policy/agreement.ts'
import { title, tryOut } from '../../../test/policy/try-out.ts'
import { PolicyStore } from '../policy-store.ts'
import { GeneratedEngine, isOfBounds } from './generated-engine.ts'
import type { Pack } from './pack.ts'
import { Scorer } from './score.ts'
import type { Facts } from './judged-facts.ts'

const store = new PolicyStore()
const NOW = Date.parse('2026-11-01T00:00:00Z') / 1000
const SUBJECTS = 120

/** Both scorers asked the same; throws like them. */
function both(pack: Pack, axis: string, facts: Facts) {
  const question = { axis, facts, at: NOW }
  const [closures, quick] = [new Scorer(pack), new Scorer(pack, new Map(), GeneratedEngine)]
  return { closures: closures.score(question), quick: quick.score(question) }
}

describe.each(store.list().map((name) => store.load(name).pack))('$framework', (pack) => {
  const axes = [...pack.axes.values()].filter(({ internal }) => !internal)
  const members = axes.flatMap((axis) =>
    axis.kind === 'levels' ? [{ axis: axis.name, member: axis.type.members.at(-1) ?? '' }] : [],
  )

  test('a score is the same in every part, with the instant at which it ends', () => {
    const scorers = [new Scorer(pack), new Scorer(pack, new Map(), GeneratedEngine)]
    const drawer = drawerFor(pack, store, 17, NOW)
    const values = new Set<string>()
    for (let i = 0; i < SUBJECTS; i += 1) {
      const facts = drawer.draw()
      for (const { name } of axes) {
        const [closures, quick] = scorers.map((scorer) =>
          scorer.score({ axis: name, facts, at: NOW }),
        )
        expect(quick, `${name} of subject ${i}`).toEqual(closures)
        values.add(`${name} ${JSON.stringify(quick?.value)}`)
      }
      for (const { axis, member } of members) {
        const [closures, quick] = scorers.map((scorer) =>
          scorer.reach({ axis, facts, at: NOW }, member),
        )
        expect(quick, `${axis} of subject ${i}`).toEqual(closures)
      }
    }
    // Subjects differ in what they have. (The draft's few rules ask for what is seldom drawn.)
    if (pack.status !== 'draft') expect(values.size).toBeGreaterThan(axes.length)
  })
})

const AXES = '  level: { title: { ja: 段, en: level }, scope: person, levels: [none, low, high] }'
const REMOTE = 'proofing.channel == remote_unattended'

function granting(when: string, more = ''): Pack {
  const rule = `grants: [{ id: A, ${title}, grant: { level: low }, when: "${when}" }]\n${more}`
  return tryOut(store.catalogue, AXES, rule)
}

test.each([
  [
    'an instant after 2088',
    { proofing: { channel: 'remote_unattended', at: '2100-01-01T00:00:00Z' } },
  ],
  [
    'more pieces than an integer has bits',
    {
      proofing: { channel: 'remote_unattended' },
      evidence: Array.from({ length: 32 }, (_, i) => ({ id: `e${i}` })),
    },
  ],
])('%s is left to closures', (_, facts) => {
  const { closures, quick } = both(granting(REMOTE), 'level', facts)
  expect(quick).toEqual(closures)
  expect(quick.value).toBe('low')
})

test('an axis with flags has clocks that its bounds do not have, and is left to closures', () => {
  const flagged = granting(
    REMOTE,
    `notes: [{ id: N, ${title}, axes: [level], flags: [fresh], when: 'within(proofing.at, 24h)' }]\n`,
  )
  const level = flagged.axes.get('level')
  expect(level && isOfBounds(flagged)(level)).toBe(false)
  const { closures, quick } = both(flagged, 'level', {
    proofing: { channel: 'remote_unattended', at: '2026-10-31T12:00:00Z' },
  })
  expect(quick).toEqual(closures)
  expect(quick.validUntil).toBe(Date.parse('2026-11-01T12:00:01Z') / 1000)
})
