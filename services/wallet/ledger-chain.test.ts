import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chainNext,
  chainStart,
  isIntact,
  type ChainedRecord,
  type LedgerRecord,
} from './ledger-chain.ts'

function record(i: number): LedgerRecord {
  return {
    entryId: `e${i}`,
    at: new Date(i * 1000).toISOString(),
    status: 'released',
    rp: { rpId: 'r', name: { ja: 'あ', en: 'a' }, controller: { ja: 'い', en: 'b' } },
    purpose: null,
    persona: { personaId: 'p', kind: 'priv' },
    claims: ['age_over_20'],
    levels: [],
    releaseId: `release-${i}`,
    reason: null,
    deletionContact: '',
    consent: null,
  }
}

function chain(length: number, subjectRef = 's') {
  let head = chainStart(subjectRef)
  const entries = Array.from({ length }, (_, i): ChainedRecord => {
    const line = record(i)
    head = chainNext(head, line)
    return { sequence: i + 1, hash: head, record: line }
  })
  return { entries, counted: { length, head } }
}

const sizes = fc
  .integer({ min: 2, max: 12 })
  .chain((n) => fc.record({ n: fc.constant(n), i: fc.nat(n - 1), j: fc.nat(n - 1) }))

describe('the ledger chain', () => {
  test('holds as it was written', () => {
    for (const n of [0, 1, 5]) {
      const { entries, counted } = chain(n)
      expect(isIntact('s', entries, counted)).toBe(true)
    }
  })
  test('breaks when an entry is changed', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom('claims', 'status', 'at', 'releaseId'),
        ({ n, i }, member) => {
          const { entries, counted } = chain(n)
          const forged = entries.map((entry, at) =>
            at === i && entry.record
              ? { ...entry, record: { ...entry.record, [member]: 'forged' } }
              : entry,
          )
          return !isIntact('s', forged, counted)
        },
      ),
    )
  })
  test('breaks when an entry is dropped, the last one too', () => {
    fc.assert(
      fc.property(sizes, ({ n, i }) => {
        const { entries, counted } = chain(n)
        const gap = entries.filter((_, at) => at !== i)
        const closed = gap.map((entry, at) => ({ ...entry, sequence: at + 1 }))
        return !isIntact('s', gap, counted) && !isIntact('s', closed, counted)
      }),
    )
  })
  test('breaks when two entries are swapped', () => {
    fc.assert(
      fc.property(sizes, ({ n, i, j }) => {
        fc.pre(i !== j)
        const { entries, counted } = chain(n)
        const [a, b] = [entries[i], entries[j]]
        const swapped = entries.map((entry, at) =>
          at === i && b
            ? { ...b, sequence: i + 1 }
            : at === j && a
              ? { ...a, sequence: j + 1 }
              : entry,
        )
        return !isIntact('s', swapped, counted)
      }),
    )
  })
  test('breaks when an entry cannot be opened, was added, or is another person’s', () => {
    const { entries, counted } = chain(3)
    const closed = entries.map((e, i) => (i === 1 ? { ...e, record: undefined } : e))
    expect(isIntact('s', closed, counted)).toBe(false)
    expect(isIntact('s', chain(4).entries, counted)).toBe(false)
    expect(isIntact('t', entries, counted)).toBe(false)
  })
})
