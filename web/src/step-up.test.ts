import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isUnverified, nextStep } from './step-up.ts'

const IDENTITY = { scope: 'person' } as const
const LOGIN = { scope: 'ceremony' } as const

test('a missing level of identity is met by a new proofing, never by a login', () => {
  expect(nextStep([{ ...IDENTITY, remedy: 'tap_card' }], [])).toBe('reproof')
  expect(nextStep([{ ...IDENTITY, remedy: 'enrol' }], [])).toBe('enrol')
  const login = { ...LOGIN, remedy: 'log_in' }
  expect(nextStep([login, { ...IDENTITY, remedy: 'tap_card' }], [])).toBe('reproof')
})

test('a missing level of login is met by the passkey where that helps, else by the card', () => {
  expect(nextStep([{ ...LOGIN, remedy: 'log_in' }], [])).toBe('log_in')
  expect(nextStep([{ ...LOGIN, remedy: 'log_in' }], ['phishing_resistant'])).toBe('log_in')
  const verified = { ...LOGIN, remedy: 'log_in_with_user_verification' }
  expect(nextStep([verified, { ...LOGIN, remedy: 'log_in' }], [])).toBe(
    'log_in_with_user_verification',
  )
  expect(nextStep([{ ...LOGIN, remedy: 'tap_card' }], [])).toBe('tap_card')
})

test('no login by card where the service asks for one that fake sites cannot steal', () => {
  expect(nextStep([{ ...LOGIN, remedy: 'tap_card' }], ['phishing_resistant'])).toBe('none')
  expect(nextStep([{ ...IDENTITY, remedy: 'tap_card' }], ['phishing_resistant'])).toBe('reproof')
})

test('one that nothing settles makes the whole impossible', () => {
  expect(
    nextStep(
      [
        { ...LOGIN, remedy: 'log_in' },
        { ...IDENTITY, remedy: 'none' },
      ],
      [],
    ),
  ).toBe('none')
  expect(nextStep([{ ...LOGIN, remedy: 'unheard_of' }], [])).toBe('none')
  expect(nextStep([], [])).toBe('none')
})

test('the order of what is missing does not matter', () => {
  const shortfall = fc.record({
    axis: fc.constantFrom(IDENTITY, LOGIN),
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
  expect(isUnverified([{ lowest: true }, { lowest: true }])).toBe(true)
  expect(isUnverified([{ lowest: false }, { lowest: true }])).toBe(false)
  expect(isUnverified([])).toBe(false)
})
