import { expect, test } from 'vitest'
import { drawerFor } from '../../test/policy/agreement.ts'
import { cardTap } from '../../test/policy/card-tap.ts'
import { Dice } from '../../test/policy/random-facts.ts'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { codeProofings, CODING_VERSION } from './coded-proofings.ts'
import { identityLevel } from './identity-level.ts'
import { FactCoder } from './language/fact-coder.ts'
import { fullLayout } from './language/full-layout.ts'
import type { Facts } from './language/judged-facts.ts'
import { PersonLevels } from './person-levels.ts'
import { PolicyLibrary } from './policy-library.ts'
import { PolicyStore } from './policy-store.ts'

const store = new PolicyStore()
const NOW = new Date('2026-11-01T00:00:00Z')
const PROFILE = 'watashi-default'
const PERSONS = 300

test('levels of persons are those that the scorer gives, and end when they do', () => {
  const policy = store.library.policyOf(PROFILE)
  const levels = new PersonLevels(policy)
  const dice = new Dice(7)
  const tap = () => cardTap(NOW, dice.below(9) - 3, dice.chance(90) ? 'good' : 'revoked')
  const drawer = drawerFor(policy.frameworks.pack('nist-800-63A-4'), store, 3, NOW.getTime() / 1000)
  let ending = 0
  let coded = 0
  for (let person = 0; person < PERSONS; person += 1) {
    const proofings: readonly Facts[] = Array.from({ length: person % 3 }, () =>
      dice.chance(60) ? tap() : drawer.draw(),
    )
    const expected = policy.person.map((ref) => {
      const { framework, axis, level, validUntil } = identityLevel(policy, ref, proofings, NOW)
      return { framework, axis, level, validUntil }
    })
    const askedBefore = levels.asked
    expect(levels.of(proofings, NOW)).toEqual(expected)
    // What was coded says the same, or that the scorer has to be asked, as it was now.
    const isCoded = levels.asked === askedBefore
    expect(levels.ofCoded(levels.code(proofings), NOW)).toEqual(isCoded ? expected : undefined)
    if (isCoded) coded += 1
    if (expected.some(({ validUntil }) => validUntil !== undefined)) ending += 1
  }
  expect(ending).toBeGreaterThan(PERSONS / 10)
  // Most of them by code: outcomes that are open are rarer than those that are not.
  expect(coded).toBeGreaterThan(PERSONS / 2)
})

test('what was coded is read under rules that decide otherwise, and under those alone that read it alike', () => {
  const { library } = store
  const codingOf = (path: string, from: string, to: string) => {
    const text = library.documents.get(path) ?? ''
    expect(text).toContain(from)
    const documents = new Map(library.documents).set(path, text.replace(from, to))
    return new PersonLevels(new PolicyLibrary(documents, undefined, library).policyOf(PROFILE))
      .coding
  }
  const { coding } = new PersonLevels(library.policyOf(PROFILE))
  const level = ["grant: { proofing: '2' }", "grant: { proofing: '3' }"] as const
  expect(codingOf('meti-idtf-2016/proofing.rules.yaml', ...level)).toBe(coding)
  const zone = ['zone: Asia/Tokyo', 'zone: UTC'] as const
  expect(codingOf('meti-idtf-2016/framework.yaml', ...zone)).not.toBe(coding)
  const kind = ['    - jpki_sign_cert\n', '    - a_new_kind\n    - jpki_sign_cert\n'] as const
  expect(codingOf('facts.yaml', ...kind)).not.toBe(coding)
})

/** Facts of a new catalogue have other places, and another coding by themselves: then only the digest here is another. */
test('words mean what their version says: whoever changes them raises CODING_VERSION', () => {
  const { catalogue } = store
  const options = new Map()
  const coder = new FactCoder(fullLayout(catalogue, options), {
    ...{ catalogue, options, zone: 'Asia/Tokyo' },
  })
  const words = codeProofings(coder, [cardTap(NOW, 3, 'good'), cardTap(NOW, -3, 'revoked')])
  expect([CODING_VERSION, toHex(sha256(words.toString()))]).toEqual([
    1,
    '0368f4134c3ad0a95e61796aaa929b1044e3f28e5f8ef5a373c664f87f215a17',
  ])
})

test('a status that ends after 2088, which no word can say, is left to the scorer', () => {
  const policy = store.library.policyOf(PROFILE)
  const levels = new PersonLevels(policy)
  const late = cardTap(NOW, 25_000, 'good')
  expect(levels.ofCoded(levels.code([late]), NOW)).toBeUndefined()
  expect(levels.of([late], NOW).map(({ level }) => level)).toEqual(
    policy.person.map((ref) => identityLevel(policy, ref, [late], NOW).level),
  )
})
