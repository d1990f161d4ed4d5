import { expect, test } from 'vitest'
import type { Decision } from '../api/policy.ts'
import { decidedTogether, enoughOf } from './answers.ts'

function decision(id: string, questionId: string | null, satisfied: boolean | null): Decision {
  return { ...EMPTY, firedRules: [], id, questionId, satisfied }
}

const EMPTY = {
  ...{ subject: 's', framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL2' },
  ...{ validUntil: null, policyDigest: '', factsDigest: '', decidedAt: '' },
  ...{ relyingParty: 'bank', requested: null },
  occasion: 'check',
} as const

test('decisions of one answer stand together, also when those of another are among them', () => {
  const groups = decidedTogether([
    decision('6', 'b', true),
    decision('5', 'a', true),
    decision('4', null, null),
    decision('3', 'b', false),
    decision('2', null, null),
    decision('1', 'a', null),
  ])
  expect(groups.map(({ decisions }) => decisions.map(({ id }) => id))).toEqual([
    ['6', '3'],
    ['5', '1'],
    ['4'],
    ['2'],
  ])
  expect(groups.map(({ id, questionId }) => [id, questionId])).toEqual([
    ['6', 'b'],
    ['5', 'a'],
    ['4', null],
    ['2', null],
  ])
})

test.each([
  [[true, true], true, null],
  [[true, false], false, false],
  [[true, null], true, null],
  [[null], null, null],
])('an answer with %j was enough: %j, and %j of a part', (satisfied, whole, part) => {
  const [group] = decidedTogether(satisfied.map((one, i) => decision(`${i}`, 'a', one)))
  expect(group && [enoughOf(group, true), enoughOf(group, false)]).toEqual([whole, part])
})
