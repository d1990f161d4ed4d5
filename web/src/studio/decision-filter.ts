import type { DecisionRange } from '../api/policy.ts'

export const NAMES = ['relyingParty', 'subject', 'framework', 'axis', 'rule'] as const
export const DAYS = ['from', 'until'] as const
export const CHOICES = {
  occasion: ['answer', 'check', 'explain', 'login', 'release', 'signature', 'change'],
  satisfied: ['yes', 'no'],
} as const

export type FieldName = (typeof NAMES)[number] | (typeof DAYS)[number] | keyof typeof CHOICES

type Choices = { readonly [Name in keyof typeof CHOICES]: '' | (typeof CHOICES)[Name][number] }
/** Part of the log that an author looks at, as it stands in the fields; empty where anything fits. */
export type DecisionFilter = Choices &
  Readonly<Record<(typeof NAMES)[number] | (typeof DAYS)[number], string>>

export const EVERYTHING: DecisionFilter = {
  ...{ occasion: '', satisfied: '', from: '', until: '' },
  ...{ subject: '', relyingParty: '', framework: '', axis: '', rule: '' },
}

/** What was chosen of a list; nothing where it is none of its members. */
export function chosen<Member extends string>(
  members: readonly Member[],
  value: string,
): Member | '' {
  return members.find((member) => member === value) ?? ''
}

/** Only what was given; days as instants in the zone of the reader. */
export function rangeOf(filter: DecisionFilter): DecisionRange {
  const { occasion, satisfied } = filter
  const names = NAMES.map((name) => [name, filter[name].trim()] as const)
  const days = DAYS.map((name) => [name, startOfDay(filter[name])] as const)
  return {
    ...(occasion !== '' && { occasion }),
    ...(satisfied !== '' && { satisfied }),
    ...Object.fromEntries([...names, ...days].filter(([, value]) => value !== '')),
  }
}

function startOfDay(date: string): string {
  const at = new Date(`${date}T00:00:00`)
  return Number.isNaN(at.getTime()) ? '' : at.toISOString()
}
