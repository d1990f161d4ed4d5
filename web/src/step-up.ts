/** Steps that may satisfy a minimum, from the cheapest to the dearest; a dearer one includes what the cheaper ones give. */
const STEPS = ['log_in', 'log_in_with_user_verification', 'tap_card', 'enrol'] as const
export type Step = (typeof STEPS)[number]

/**
 * The cheapest single step that settles every shortfall; `none` when one of them has no remedy, or one that these pages
 * do not know: nothing else would then help either.
 */
export function cheapestStep(shortfalls: readonly { readonly remedy: string }[]): Step | 'none' {
  const ranks = shortfalls.map(({ remedy }) => STEPS.findIndex((step) => step === remedy))
  if (ranks.includes(-1)) return 'none'
  return STEPS[Math.max(...ranks)] ?? 'none'
}
