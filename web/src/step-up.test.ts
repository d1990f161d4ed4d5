import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isUnverified, nextStep } from './step-up.ts'

const IAL = { framework: 'nist-800-63A-4', axis: 'IAL' }
const METI = { framework: 'meti-idtf-2016', axis: 'proofing' }
const AAL = { framework: 'nist-800-63B-4', axis: 'AAL' }
const FLAG = { framework: 'nist-800-63B-4', axis: 'flag:phishing_resistant' }

test('a missing level of identity is met by a new proofing, never by a login', () => {
  for (const axis of [IAL, METI]) {
    expect(nextStep([{ ...axis, remedy: 'tap_card' }], [])).toBe('reproof')
    expect(nextStep([{ ...axis, remedy: 'enrol' }], [])).toBe('enrol')
    const login = { ...AAL, remedy: 'log_in' }
    expect(nextStep([login, { ...axis, remedy: 'tap_card' }], [])).toBe('reproof')
  }
})

test('a missing level of login is met by the passkey where that helps, else by the card', () => {
  expect(nextStep([{ ...AAL, remedy: 'log_in' }], [])).toBe('log_in')
  expect(nextStep([{ ...FLAG, remedy: 'log_in' }], ['phishing_resistant'])).toBe('log_in')
  const verified = { ...AAL, remedy: 'log_in_with_user_verification' }
  expect(nextStep([verified, { ...FLAG, remedy: 'log_in' }], [])).toBe(
    'log_in_with_user_verification',
  )
  expect(nextStep([{ ...AAL, remedy: 'tap_card' }], [])).toBe('tap_card')
})

test('no login by card where the service asks for one that fake sites cannot steal', () => {
  expect(nextStep([{ ...AAL, remedy: 'tap_card' }], ['phishing_resistant'])).toBe('none')
  expect(nextStep([{ ...IAL, remedy: 'tap_card' }], ['phishing_resistant'])).toBe('reproof')
})

test('one that nothing settles makes the whole impossible', () => {
  expect(
    nextStep(
      [
        { ...AAL, remedy: 'log_in' },
        { ...IAL, remedy: 'none' },
      ],
      [],
    ),
  ).toBe('none')
  expect(nextStep([{ ...AAL, remedy: 'unheard_of' }], [])).toBe('none')
  expect(nextStep([], [])).toBe('none')
})

test('the order of what is missing does not matter', () => {
  const shortfall = fc.record({
    axis: fc.constantFrom(IAL, METI, AAL, FLAG),
    remedy: fc.constantFrom('log_in', 'log_in_with_user_verification', 'tap_card', 'enrol'),
  })
  fc.assert(
    fc.property(fc.array(shortfall), (all) => {
      const shortfalls = all.map(({ axis, remedy }) => ({ ...axis, remedy }))
      expect(nextStep(shortfalls, [])).toBe(nextStep(shortfalls.toReversed(), []))
    }),
  )
})

test('a person is unverified when every axis of identity is at its lowest', () => {
  const low = [
    { ...IAL, level: 'no_ial' },
    { ...METI, level: '1' },
  ]
  expect(isUnverified([...low, { ...AAL, level: 'AAL2' }])).toBe(true)
  expect(
    isUnverified([
      { ...IAL, level: 'IAL2' },
      { ...METI, level: '1' },
    ]),
  ).toBe(false)
  expect(isUnverified([{ ...IAL, level: 'indeterminate' }])).toBe(false)
  expect(isUnverified([])).toBe(false)
})
