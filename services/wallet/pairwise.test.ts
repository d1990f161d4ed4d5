import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { floorToHour } from '../kernel/calendar.ts'
import { derivePairwiseSubject, type PairwiseInput } from './pairwise.ts'
import { reliableUntil, retainedUntil } from './release-state.ts'

type Derivation = (input: PairwiseInput) => string

const personaKey = fc.uint8Array({ minLength: 32, maxLength: 32 })
const text = fc.string({ minLength: 1, maxLength: 12 })
const input = fc.record({ personaKey, issuer: text, sectorId: text, epoch: fc.nat(5) })

/** Numbers every leaf of a joint view by its first occurrence: what an observer can tell by comparing. */
function equalityPattern(view: readonly unknown[]): number[] {
  const seen: unknown[] = []
  return view.map((leaf) => (seen.includes(leaf) ? seen.indexOf(leaf) : seen.push(leaf) - 1))
}

interface Verdict {
  readonly failed: boolean
  readonly message: string | undefined
}
function verdict<T>(property: fc.IProperty<T>): Verdict {
  const details = fc.check(property, { numRuns: 1000 })
  return { failed: details.failed, message: fc.defaultReportMessage(details) }
}

/** P4, P5: one person at two sectors, or under two personas, looks like two people. */
const unlinkable = (derive: Derivation) =>
  verdict(
    fc.property(
      fc.uniqueArray(personaKey, { minLength: 3, maxLength: 3, selector: String }),
      text,
      text,
      (keys, s, t) => {
        fc.pre(s !== t)
        const of = (key: Uint8Array | undefined, sectorId: string) =>
          derive({ personaKey: key ?? new Uint8Array(32), issuer: 'i', sectorId, epoch: 1 })
        const [a, b, c] = keys
        const onePerson = equalityPattern([of(a, s), of(a, t)])
        const twoPeople = equalityPattern([of(b, s), of(c, t)])
        const twoPersonas = equalityPattern([of(a, s), of(b, s)])
        expect(onePerson).toEqual(twoPeople)
        expect(twoPersonas).toEqual(twoPeople)
      },
    ),
  )

/** P6: stable, and different for another key, issuer, sector or epoch. */
const stableAndInjective = (derive: Derivation) =>
  verdict(
    fc.property(
      input,
      input,
      fc.subarray(['personaKey', 'issuer', 'sectorId', 'epoch'] as const),
      (a, other, changed) => {
        // Differs from `a` in a few members only.
        const b: PairwiseInput = { ...a, ...Object.fromEntries(changed.map((m) => [m, other[m]])) }

        const same =
          String(a.personaKey) === String(b.personaKey) &&
          a.issuer === b.issuer &&
          a.sectorId === b.sectorId &&
          a.epoch === b.epoch
        expect(derive(a)).toBe(derive({ ...a }))
        expect(derive(a) === derive(b)).toBe(same)
      },
    ),
  )

/** P6b: one string cut at two places gives two pseudonyms. */
const unambiguous = (derive: Derivation) =>
  verdict(
    fc.property(personaKey, text, text, text, (key, a, b, c) => {
      const left = { personaKey: key, issuer: a, sectorId: b + c, epoch: 1 }
      const right = { personaKey: key, issuer: a + b, sectorId: c, epoch: 1 }
      return derive(left) !== derive(right)
    }),
  )

const PROPERTIES = { unlinkable, stableAndInjective, unambiguous }
const sha = (...parts: (Uint8Array | string)[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('base64url')

describe('the pairwise subject', () => {
  test.each(Object.entries(PROPERTIES))('is %s', (_name, property) => {
    const { failed, message } = property(derivePairwiseSubject)
    expect(failed, message).toBe(false)
  })

  test('is 43 characters of base64url', () => {
    const subject = derivePairwiseSubject({
      personaKey: new Uint8Array(32),
      issuer: 'http://localhost:8080',
      sectorId: 'retail',
      epoch: 1,
    })
    expect(subject).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test.each<[string, Derivation, keyof typeof PROPERTIES]>([
    ['were public', ({ personaKey: key }) => sha(key), 'unlinkable'],
    ['were one for all personas', ({ sectorId }) => sha(sectorId), 'unlinkable'],
    ['forgot the epoch', (i) => derivePairwiseSubject({ ...i, epoch: 1 }), 'stableAndInjective'],
    [
      'were made of plain concatenation',
      (i) => sha(i.issuer, i.sectorId, i.personaKey),
      'unambiguous',
    ],
  ])('would be caught if it %s', (_name, mutant, killer) => {
    expect(PROPERTIES[killer](mutant).failed).toBe(true)
  })
})

describe('times that a relying party sees', () => {
  const instant = fc.date({
    min: new Date('2020-01-01'),
    max: new Date('2060-01-01'),
    noInvalidDate: true,
  })
  const HOUR = 3_600_000

  /** P10: within one hour they do not move with the clock. */
  const still = (time: (at: Date) => Date) =>
    fc.property(instant, fc.integer({ min: 1, max: HOUR - 1 }), (at, gap) => {
      const hour = floorToHour(at)
      const later = new Date(hour.getTime() + gap)
      return time(hour).getTime() === time(later).getTime()
    })

  test.each<[string, (at: Date) => Date]>([
    ['until when it may rely', reliableUntil],
    ['until when it keeps', (at) => retainedUntil(at, 30)],
  ])('do not move within the hour: %s', (_name, time) => {
    fc.assert(still(time))
    fc.assert(fc.property(instant, (at) => time(at).getTime() % HOUR === 0 && time(at) > at))
  })
  test('would be caught if they were exact', () => {
    expect(fc.check(still((at) => new Date(at.getTime() + 24 * HOUR))).failed).toBe(true)
  })
  test('let nobody rely for more than a day', () => {
    fc.assert(fc.property(instant, (at) => reliableUntil(at).getTime() - at.getTime() <= 24 * HOUR))
  })
})
