import { InvalidInput } from '../kernel/errors.ts'

/** What the simulated authorities do wrong on purpose; the defaults are a healthy service. */
export interface Switches {
  /** `stale` is old but not over, `expired` is over, `wrong-partition` is another town's, `wrong-key` another CA's. */
  readonly crl: 'normal' | 'stale' | 'expired' | 'wrong-partition' | 'wrong-key' | 'down'
  /** When a change shows in the CRL: with the next request, or with the batch of the next day. */
  readonly crlBatch: 'at-once' | 'daily'
  readonly ocsp: 'normal' | 'stale' | 'expired' | 'wrong-key' | 'try-later' | 'down'
  readonly ocspSigner: 'authority' | 'delegated'
  readonly linkage: 'normal' | 'down'
  readonly latestAttributes: 'normal' | 'down'
  /** Linkage knows a certificate only this many minutes after its issue; J-LIS takes 90. */
  readonly linkageDelayMinutes: number
  /** Every answer over HTTP waits this long. */
  readonly latencyMilliseconds: number
}

export const HEALTHY: Switches = {
  crl: 'normal',
  crlBatch: 'at-once',
  ocsp: 'normal',
  ocspSigner: 'authority',
  linkage: 'normal',
  latestAttributes: 'normal',
  linkageDelayMinutes: 0,
  latencyMilliseconds: 0,
}

const CHOICES = {
  crl: ['normal', 'stale', 'expired', 'wrong-partition', 'wrong-key', 'down'],
  crlBatch: ['at-once', 'daily'],
  ocsp: ['normal', 'stale', 'expired', 'wrong-key', 'try-later', 'down'],
  ocspSigner: ['authority', 'delegated'],
  linkage: ['normal', 'down'],
  latestAttributes: ['normal', 'down'],
} as const satisfies { [Name in keyof Switches]?: readonly Switches[Name][] }
const LIMITS = { linkageDelayMinutes: 100_000, latencyMilliseconds: 60_000 } as const

export const SWITCH_CHOICES: Readonly<Record<string, readonly string[]>> = CHOICES
/** The greatest value of each switch that is a number. */
export const SWITCH_LIMITS: Readonly<Record<string, number>> = LIMITS

/** Takes over the switches named in `unverified`; `InvalidInput` for a name or a value there is none of. */
export function withSwitches(
  now: Switches,
  unverified: Readonly<Record<string, unknown>>,
): Switches {
  const next: Record<string, unknown> = { ...now }
  for (const [name, value] of Object.entries(unverified)) {
    next[name] = checked(name, value)
  }
  return next as unknown as Switches // every member was one before, or was checked by its name
}

function checked(name: string, value: unknown): unknown {
  if (Object.hasOwn(LIMITS, name)) {
    const limit = LIMITS[name as keyof typeof LIMITS]
    const number = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value
    if (Number.isInteger(number) && Number(number) >= 0 && Number(number) <= limit) return number
    throw new InvalidInput(name, `a whole number from 0 to ${limit}`)
  }
  const choices = Object.hasOwn(SWITCH_CHOICES, name) ? (SWITCH_CHOICES[name] ?? []) : undefined
  if (!choices) {
    const known = [...Object.keys(CHOICES), ...Object.keys(LIMITS)].join(', ')
    throw new InvalidInput('switch', `one of ${known}`)
  }
  if (typeof value === 'string' && choices.includes(value)) return value
  throw new InvalidInput(name, `one of ${choices.join(', ')}`)
}
