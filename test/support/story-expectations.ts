import { expect } from 'vitest'
import type { Told } from '../../services/cli/demo/story.ts'

/** What each step of the story comes to, whatever it runs on. */
export function expectWholeStory(told: readonly Told[]): void {
  expect(told.map(({ step }) => step)).toEqual([
    'enrol',
    'library',
    'liquor',
    'bank',
    'ledger',
    'fall',
    'check',
  ])
  const outcome = Object.fromEntries(told.map((one) => [one.step, one.outcome]))
  expect(outcome['enrol']).toMatchObject({
    levels: expect.arrayContaining([
      { framework: 'meti-idtf-2016', axis: 'proofing', level: '3' },
      { framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL2' },
    ]) as unknown,
    personas: ['gov', 'biz', 'priv'],
  })
  expect(outcome['library']).toMatchObject({ levels: ['nist-800-63B-4 AAL AAL2'] })
  expect(outcome['liquor']).toMatchObject({
    claims: { age_over_20: true },
    levels: ['nist-800-63A-4 IAL IAL2', 'nist-800-63B-4 AAL AAL2'],
  })
  expect(outcome['bank']).toMatchObject({ claims: ['name', 'address', 'birthdate', 'gender'] })
  expect(outcome['ledger']).toEqual({
    intact: true,
    entries: [
      { rp: 'bank', claims: ['name', 'address', 'birthdate', 'gender'], status: 'released' },
      { rp: 'liquor', claims: ['age_over_20'], status: 'released' },
    ],
  })
  expect(outcome['fall']).toEqual({
    pairwiseSubject: outcome['bank']?.['pairwiseSubject'],
    level: 'nist-800-63A-4 IAL no_ial',
    before: 'IAL2',
  })
  expect(outcome['check']).toMatchObject({
    satisfied: false,
    shortfalls: [{ axis: 'IAL', have: 'no_ial', need: 'IAL2', remedy: 'REMEDY_TAP_CARD' }],
  })
  for (const step of ['library', 'liquor', 'bank', 'check']) {
    expect(told.find((one) => one.step === step)?.why, `reasons of ${step}`).not.toEqual([])
  }
}
