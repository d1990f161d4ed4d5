import type { Json } from '../../kernel/canonical-json.ts'
import { formatTime, type Seconds } from '../language/dates.ts'
import type { Pack } from '../language/pack.ts'
import type { Text } from '../language/text.ts'
import { Scorer } from '../language/score.ts'
import type { Score, ScoreValue } from '../language/score-value.ts'
import type { Facts } from '../language/judged-facts.ts'
import type { Example } from './report.ts'

/** Scores example people with the ordinary engine, so that no finding rests on the analysis alone. */
export class Replay {
  readonly #scorer: Scorer

  constructor(pack: Pack) {
    this.#scorer = new Scorer(pack)
  }

  score(axis: string, person: Facts, at: Seconds): Score {
    const { policy, ...facts } = person
    return this.#scorer.score({ axis, facts, at, ...(isRecord(policy) ? { policy } : {}) })
  }
}

export function exampleOf(person: Facts, at: Seconds, values: readonly ScoreValue[]): Example {
  return {
    facts: person,
    at: formatTime(at),
    values: values.map(plainLevel),
    label: labelOf(person),
  }
}

/** A value without its flags, as text. */
export function plainLevel(value: ScoreValue): string {
  if (typeof value === 'string') return value
  if (isList(value)) return value.length === 0 ? '-' : value.join(' ')
  return typeof value['level'] === 'string' ? value['level'] : JSON.stringify(value)
}

const WORDS: Readonly<Record<string, Text>> = {
  proofing: { ja: '身元確認', en: 'proofing' },
  evidence: { ja: '証拠', en: 'evidence' },
  checks: { ja: '確認', en: 'checks' },
  bindings: { ja: '認証器の登録', en: 'bindings' },
  auth: { ja: '認証', en: 'login' },
  factors: { ja: '要素', en: 'factors' },
  session: { ja: 'セッション', en: 'session' },
  signals: { ja: '通知', en: 'signals' },
  policy: { ja: '設定', en: 'options' },
  levels: { ja: 'レベル', en: 'levels' },
  issuer: { ja: '発行者', en: 'issuer' },
  rp: { ja: '利用側', en: 'relying party' },
}
const NOBODY: Text = { ja: '事実のない人', en: 'a person of whom nothing is recorded' }

/** The facts in one line, so that a person can be read without knowing the form. */
function labelOf(person: Facts): Text {
  const parts = Object.entries(person).filter(
    ([, value]) => !(Array.isArray(value) && value.length === 0),
  )
  if (parts.length === 0) return NOBODY
  const line = (language: 'ja' | 'en') =>
    parts
      .map(([name, value]) => `${WORDS[name]?.[language] ?? name}: ${described(value, language)}`)
      .join('; ')
  return { ja: line('ja'), en: line('en') }
}

function described(value: Json, language: 'ja' | 'en'): string {
  if (isArray(value)) return value.map((item) => described(item, language)).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, inner]) => {
      if (name === 'type' || name === 'kind' || name === 'method' || name === 'channel')
        return described(inner, language)
      const word = WORDS[name]?.[language] ?? name
      return inner === true ? word : `${word}=${described(inner, language)}`
    })
    .join(' ')
}

function isRecord(value: Json | undefined): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isList(value: ScoreValue): value is readonly string[] {
  return Array.isArray(value)
}
