import type { InteractionView } from './api/federation.ts'
import type { Overview } from './api/wallet.ts'

type Shortfall = Pick<InteractionView['shortfalls'][number], 'scope'> & { readonly remedy: string }

/** Whether nothing is verified about the person on any axis of identity, though there is such an axis. */
export function isUnverified(
  levels: readonly Pick<Overview['levels'][number], 'lowest'>[],
): boolean {
  return levels.length > 0 && levels.every(({ lowest }) => lowest)
}

/** Logins from the cheapest to the dearest; a dearer one gives what the cheaper ones give, except that a fake site can pass a card on. */
const LOGINS = ['log_in', 'log_in_with_user_verification', 'tap_card'] as const
export type Step = (typeof LOGINS)[number] | 'reproof' | 'enrol'

/**
 * The next step towards a minimum; `none` when one of the shortfalls has no remedy, or one that these pages do not know, or
 * two of them exclude each other: then nothing else would help either. Only a new proofing raises an axis of identity: a
 * login by card uses the other certificate. It comes before a login, which may have to be a fresh one.
 */
export function nextStep(
  shortfalls: readonly Shortfall[],
  flags: readonly string[],
): Step | 'none' {
  const known = (remedy: string): boolean =>
    remedy === 'enrol' || LOGINS.some((login) => login === remedy)
  if (!shortfalls.every(({ remedy }) => known(remedy))) return 'none'
  const logins = shortfalls.filter(({ scope }) => scope === 'ceremony').map(({ remedy }) => remedy)
  const excluded = flags.includes('phishing_resistant') && logins.includes('tap_card')
  if (excluded) return 'none'
  if (shortfalls.some(({ remedy }) => remedy === 'enrol')) return 'enrol'
  if (shortfalls.some(({ scope }) => scope === 'person')) return 'reproof'
  return LOGINS.findLast((login) => logins.includes(login)) ?? 'none'
}
