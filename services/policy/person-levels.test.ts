import { expect, test } from 'vitest'
import { drawerFor } from '../../test/policy/agreement.ts'
import { Dice } from '../../test/policy/random-facts.ts'
import { identityLevel } from './identity-level.ts'
import { formatTime } from './language/dates.ts'
import type { Facts } from './language/judged-facts.ts'
import { PersonLevels } from './person-levels.ts'
import { PolicyStore } from './policy-store.ts'

const store = new PolicyStore()
const NOW = new Date('2026-11-01T00:00:00Z')
const PERSONS = 300
const DAY = 86_400_000

/** A tap of the card whose status ends some days from now, or ended. */
function cardTap(days: number, result: string): Facts {
  const at = (day: number) => formatTime((NOW.getTime() + day * DAY) / 1000)
  return {
    proofing: { channel: 'remote_unattended', at: at(-40) },
    evidence: [{ id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert', expires_at: at(3 * days) }],
    checks: [
      { type: 'authentic', on: 'e1', method: 'crypto', anchor: 'JLIS' },
      { type: 'status', on: 'e1', result, this_update: at(days - 2), next_update: at(days) },
      { type: 'signed', on: 'e1', payload: 'application', valid: true },
      { type: 'match', on: 'e1', scope: 'core', source: 'signed_attributes' },
      { type: 'holder', on: 'e1', method: 'pin' },
    ],
  }
}

test('levels of persons are those that the scorer gives, and end when they do', () => {
  const policy = store.library.policyOf('watashi-default')
  const levels = new PersonLevels(policy)
  const dice = new Dice(7)
  const tap = () => cardTap(dice.below(9) - 3, dice.chance(90) ? 'good' : 'revoked')
  const drawer = drawerFor(policy.frameworks.pack('nist-800-63A-4'), store, 3, NOW.getTime() / 1000)
  let ending = 0
  for (let person = 0; person < PERSONS; person += 1) {
    const proofings: readonly Facts[] = Array.from({ length: person % 3 }, () =>
      dice.chance(60) ? tap() : drawer.draw(),
    )
    const expected = policy.person.map((ref) => {
      const { framework, axis, level, validUntil } = identityLevel(policy, ref, proofings, NOW)
      return { framework, axis, level, validUntil }
    })
    expect(levels.of(proofings, NOW)).toEqual(expected)
    if (expected.some(({ validUntil }) => validUntil !== undefined)) ending += 1
  }
  expect(ending).toBeGreaterThan(PERSONS / 10)
  // Most of them by code: outcomes that are open are rarer than those that are not.
  expect(levels.asked).toBeLessThan(PERSONS)
})
