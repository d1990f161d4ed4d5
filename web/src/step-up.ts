interface Shortfall {
  readonly framework: string
  readonly axis: string
  readonly remedy: string
}

/** Axes that tell how well the person is verified; the others tell of the login alone. */
const IDENTITY_AXES: ReadonlySet<string> = new Set([
  'nist-800-63A-4 IAL',
  'meti-idtf-2016 proofing',
])
/** Where such an axis stands when nothing is verified. */
const LOWEST: ReadonlySet<string> = new Set(['no_ial', 'none', '1'])

export function isIdentity({ framework, axis }: Pick<Shortfall, 'framework' | 'axis'>): boolean {
  return IDENTITY_AXES.has(`${framework} ${axis}`)
}

/** Whether nothing is verified about the person on any axis of identity, though there is such an axis. */
export function isUnverified(
  levels: readonly { readonly framework: string; readonly axis: string; readonly level: string }[],
): boolean {
  const identity = levels.filter(isIdentity)
  return identity.length > 0 && identity.every(({ level }) => LOWEST.has(level))
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
  const logins = shortfalls.filter((one) => !isIdentity(one)).map(({ remedy }) => remedy)
  const excluded = flags.includes('phishing_resistant') && logins.includes('tap_card')
  if (excluded) return 'none'
  if (shortfalls.some(({ remedy }) => remedy === 'enrol')) return 'enrol'
  if (shortfalls.some(isIdentity)) return 'reproof'
  return LOGINS.findLast((login) => logins.includes(login)) ?? 'none'
}
