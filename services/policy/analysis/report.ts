import type { Text } from '../language/text.ts'
import type { Facts } from '../language/judged-facts.ts'

/** Whether the exact method answered, for lists of any length. With `none` nothing was tried and nothing is known. */
export type Engine = 'exact' | 'none'

/** A person who shows what was found, as the ordinary engine answers for them. */
export interface Example {
  readonly facts: Facts
  readonly at: string
  /** The person before a step, where a step is shown. */
  readonly before?: Facts
  /** What the engine answers, by pack or step. */
  readonly values: readonly string[]
  readonly label: Text
}

export const FAULTS = [
  'dead-rule',
  'shadowed-rule',
  'redundant-rule',
  'unreachable-level',
  'always-capped',
  'non-monotone',
] as const
/** `declared-step`: more evidence lowers, as an invariant of the pack says that it may. */
export const NOTES = ['single-rule-level', 'gap', 'declared-step'] as const

export interface Finding {
  readonly kind: (typeof FAULTS)[number] | (typeof NOTES)[number]
  readonly axis: string
  readonly rule: string | undefined
  readonly level: string | undefined
  /** Other rules that make it so. */
  readonly by: readonly string[]
  readonly text: Text
  readonly example: Example | undefined
}

export interface AxisReport {
  readonly axis: string
  readonly engine: Engine
  /** Why the exact method did not answer. */
  readonly reason: Text | undefined
  /** What was not proved on this axis. */
  readonly open: readonly Text[]
  readonly findings: readonly Finding[]
}

/** How answers of a newer version stand to those of an older one. */
export type Change = 'equivalent' | 'only-lowers' | 'only-raises' | 'mixed' | 'differs' | 'open'

export interface AxisDifference {
  readonly axis: string
  readonly change: Change
  readonly engine: Engine
  readonly reason: Text | undefined
  readonly raised: Example | undefined
  readonly lowered: Example | undefined
}

/** What every proof rests on; people beyond it were not looked at. */
export const ASSUMPTIONS: readonly Text[] = [
  {
    ja: '確認結果と失効状態がすべて分かっている事実について',
    en: 'facts in which every outcome and every revocation status is known',
  },
  {
    ja: '1つの書類は1件として記載され、確認は提示された証拠か申請全体についてのもの',
    en: 'each document is listed once, and each check is about a presented piece or about the application',
  },
  {
    ja: '時刻は規則が比べる時点の前後それぞれ2点で代表',
    en: 'times are two instants on either side of each instant that rules compare with',
  },
]

export function isFault({ kind }: Finding): boolean {
  return FAULTS.some((fault) => fault === kind)
}
