import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cheapestStep } from './step-up.ts'

const KNOWN = ['log_in', 'log_in_with_user_verification', 'tap_card', 'enrol'] as const

function step(...remedies: string[]): string {
  return cheapestStep(remedies.map((remedy) => ({ remedy })))
}

test('one shortfall is settled by its own remedy', () => {
  for (const remedy of KNOWN) expect(step(remedy)).toBe(remedy)
})

test('several are settled by the dearest of their remedies, in any order', () => {
  expect(step('log_in', 'tap_card')).toBe('tap_card')
  expect(step('enrol', 'log_in_with_user_verification')).toBe('enrol')
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...KNOWN), { minLength: 1 }), (remedies) => {
      expect(step(...remedies)).toBe(step(...remedies.toReversed()))
      expect(remedies).toContain(step(...remedies))
    }),
  )
})

test('one that nothing settles makes the whole impossible', () => {
  expect(step('log_in', 'none')).toBe('none')
  expect(step('unheard_of')).toBe('none')
  expect(step()).toBe('none')
})
