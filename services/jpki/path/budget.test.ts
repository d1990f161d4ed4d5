import { expect, test } from 'vitest'
import { testKey } from '../../../test/pki/keys.ts'
import { DerReader } from '../der.ts'
import { importPublicKey, PublicKey } from '../public-key.ts'
import { Budget, BudgetExhausted, type BudgetLimits } from './budget.ts'

const NOTHING: BudgetLimits = { signatures: 0, steps: 0, comparisons: 0, policies: 0 }

test.each<[string, Partial<BudgetLimits>, (budget: Budget) => void]>([
  ['steps of path building', { steps: 1 }, (budget) => budget.step()],
  ['comparisons of names', { comparisons: 7 }, (budget) => budget.comparisons(7)],
  ['combinations of policies', { policies: 7 }, (budget) => budget.policies(7)],
])('%s are spent to the last, and then none is left', (what, limit, spend) => {
  const budget = new Budget({ ...NOTHING, ...limit })
  spend(budget)
  expect(() => spend(budget)).toThrow(BudgetExhausted)
  expect(() => spend(budget)).toThrow(what)
})

const rsa = (bits: number, exponent: number) =>
  new PublicKey('rsa', bits, exponent, new Uint8Array(), { key: '' })
const ec = (label: string) => importPublicKey(new DerReader(testKey(label).spki).read())

test.each([
  ['RSA-2048', rsa(2048, 65537), 1],
  ['RSA-1024', rsa(1024, 65537), 1],
  ['RSA-2048 with e = 3', rsa(2048, 3), 1],
  ['RSA-4096', rsa(4096, 65537), 4],
  [
    'RSA-2048 with e = 2^32 + 1, of 49 multiplications instead of 17',
    rsa(2048, 2 ** 32 + 1),
    49 / 17,
  ],
  ['P-256', ec('p256:weight'), 10],
  ['P-384', ec('p384:weight'), 28],
])('a signature with %s is charged by the work that it costs', (_, key, weight) => {
  const charge = (signatures: number) => () => {
    new Budget({ ...NOTHING, signatures }).signature(key)
  }
  expect(charge(weight)).not.toThrow()
  expect(charge(weight - 0.1)).toThrow(BudgetExhausted)
})
