import { AGE_THRESHOLDS, ageClaim } from './catalogue.ts'
import type { Allowance } from './decide-release.ts'
import type { PersonaKind } from './ports.ts'

/** The personas of METI's table, with what each may give until the person says otherwise. */
export const DEFAULT_PERSONAS: readonly {
  readonly kind: PersonaKind
  readonly label: string
  readonly allowance: Allowance
}[] = [
  {
    kind: 'gov',
    label: '行政',
    allowance: { name: 'ask', address: 'ask', birthdate: 'ask', gender: 'ask' },
  },
  { kind: 'biz', label: 'ビジネス', allowance: { name: 'ask' } },
  {
    kind: 'priv',
    label: 'プライベート',
    allowance: {
      municipality: 'ask',
      ...Object.fromEntries(AGE_THRESHOLDS.map((age) => [ageClaim(age), 'ask' as const])),
    },
  },
]
