import { describe, expect, test } from 'vitest'
import { hoursFromNow, NOW } from '../../test/pki/issue.ts'
import {
  combineRevocation,
  excusing,
  freshness,
  timeliness,
  type RevocationStatus,
} from './revocation.ts'
import { readUsable } from './revocation-material.ts'

const HOUR = 3_600_000
const policy = { maximumAge: 24 * HOUR, clockSkew: HOUR }
const endless = { ...policy, maximumAge: Infinity }

describe('revocation data', () => {
  test.each([
    ['of now', 0, 1, null],
    ['that ends now', -1, 0, null],
    ['that has ended', -1, -0.001, 'STALE'],
    ['of the greatest age', -24, 1, null],
    ['older than that', -24.001, 1, 'STALE'],
    ['from a clock that runs ahead as far as it may', 1, 2, null],
    ['from the future', 1.001, 2, 'NOT_YET_VALID'],
    ['without an end', -1, null, null],
    ['without an end and too old', -25, null, 'STALE'],
  ])('%s is %s hours old', (_, from, to, outcome) => {
    const next = to === null ? null : hoursFromNow(to)
    expect(freshness(hoursFromNow(from), next, NOW, policy)).toBe(outcome)
  })

  test('of any age is believed as long as it says, and not at all when it does not say', () => {
    expect(freshness(hoursFromNow(-9999), hoursFromNow(0), NOW, endless)).toBeNull()
    expect(freshness(hoursFromNow(-9999), null, NOW, endless)).toBe('STALE')
  })

  // Something that was signed 100 hours ago, and is proven to have existed then.
  test.each([
    ['of now', -1, 1, null],
    ['from a clock that runs ahead', 0.5, 2, null],
    ['of the time of the proof', -101, -99, null],
    ['of a time since', -50, -40, null],
    ['of the moment of the proof', -100, -99, null],
    ['that had ended before the proof', -120, -101, 'STALE'],
    ['too old at the time of the proof', -125, -99, 'STALE'],
    ['from the future', 2, 3, 'NOT_YET_VALID'],
  ])('%s tells of what existed before', (_, from, to, outcome) => {
    const [thisUpdate, nextUpdate] = [hoursFromNow(from), hoursFromNow(to)]
    const since = hoursFromNow(-100)
    expect(timeliness(thisUpdate, nextUpdate, { at: NOW, since }, policy)).toBe(outcome)
  })

  test('of a time since tells nothing without a proof', () => {
    const [thisUpdate, nextUpdate] = [hoursFromNow(-50), hoursFromNow(-40)]
    expect(timeliness(thisUpdate, nextUpdate, { at: NOW }, policy)).toBe('STALE')
  })
})

const dated = (hours: number) => ({
  source: 'crl' as const,
  thisUpdate: hoursFromNow(hours),
  nextUpdate: null,
})
const good = (hours: number): RevocationStatus => ({ status: 'good', ...dated(hours) })
const listed = (status: 'revoked' | 'suspended', hours: number): RevocationStatus => ({
  ...{ status, reason: 'unspecified', revokedAt: hoursFromNow(-30), ...dated(hours) },
})
const unknown = (cause: 'STALE' | 'MALFORMED'): RevocationStatus => ({
  ...{ status: 'unknown', source: 'crl', cause },
})

describe('of several sources', () => {
  test.each<[string, RevocationStatus[], RevocationStatus]>([
    ['the newest good one tells', [good(-3), good(-1), good(-2)], good(-1)],
    ['a revocation stands', [good(-1), listed('revoked', -9), good(-2)], listed('revoked', -9)],
    [
      'a revocation stands against a suspension',
      [listed('suspended', -1), listed('revoked', -9)],
      listed('revoked', -9),
    ],
    ['newer good data lifts a suspension', [listed('suspended', -3), good(-1)], good(-1)],
    [
      'good data as old as a suspension does not lift it',
      [good(-3), listed('suspended', -3)],
      listed('suspended', -3),
    ],
    [
      'good data between two suspensions lifts none',
      [listed('suspended', -3), good(-2), listed('suspended', -1)],
      listed('suspended', -1),
    ],
    ['a suspension alone stands', [listed('suspended', -3)], listed('suspended', -3)],
    [
      'a suspension stands against what is not known',
      [unknown('STALE'), listed('suspended', -3)],
      listed('suspended', -3),
    ],
    [
      'the first cause is told where nothing is known',
      [unknown('STALE'), unknown('MALFORMED')],
      unknown('STALE'),
    ],
  ])('%s', (_, statuses, outcome) => {
    expect(combineRevocation(statuses)).toEqual(outcome)
  })

  test('none is unknown', () => {
    expect(combineRevocation([])).toMatchObject({ status: 'unknown', cause: 'UNREACHABLE' })
  })
})

describe('a revocation that is excused', () => {
  const late = ({ revokedAt }: { readonly revokedAt: Date }) => revokedAt > hoursFromNow(-40)
  test('counts as good, and another does not', () => {
    expect(excusing(listed('revoked', -1), late).status).toBe('good')
    expect(excusing(listed('suspended', -1), late).status).toBe('good')
    expect(excusing(listed('revoked', -1), (one) => !late(one)).status).toBe('revoked')
    expect(excusing(listed('revoked', -1), undefined).status).toBe('revoked')
  })

  test('is not made of what is unknown', () => {
    expect(excusing(unknown('STALE'), () => true)).toEqual(unknown('STALE'))
  })
})

describe('bytes of which some cannot be read', () => {
  const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)]

  test('are read once each, in order', () => {
    expect(readUsable([b, a, b], ([octet]) => octet)).toEqual([2, 1])
  })

  test('do not hide a fault of the reader', () => {
    const faulty = (): never => {
      throw new TypeError('a fault')
    }
    expect(() => readUsable([a], faulty)).toThrow(TypeError)
  })
})
