import type { CheckCount } from './store.ts'

/** One line of what is shared out among those who asked. */
export interface CostLine {
  /** Empty where no relying party asked. */
  readonly relying_party: string
  readonly use: CheckCount['use']
  readonly certificate: CheckCount['kind']
  /** False: a check that was saved, since the person needed no card. */
  readonly made: boolean
  readonly count: number
}

/**
 * What a month cost, and what it did not. A login without the card saves one check; attributes that were given in the same
 * month without the card are shown by relying party, and each of them rests on such a login, so the sum counts logins alone.
 */
export function costReport(counts: readonly CheckCount[]): {
  readonly lines: readonly CostLine[]
  readonly made: number
  readonly saved: number
} {
  const lines = counts.map(({ rpId, use, kind, count }) => ({
    relying_party: rpId,
    use,
    certificate: kind,
    made: !use.startsWith('cardless-'),
    count,
  }))
  const sum = (some: readonly CostLine[]): number =>
    some.reduce((total, { count }) => total + count, 0)
  return {
    lines,
    made: sum(lines.filter(({ made }) => made)),
    saved: sum(lines.filter(({ use }) => use === 'cardless-login')),
  }
}
