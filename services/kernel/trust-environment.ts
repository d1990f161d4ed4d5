/** Where identities come from. Never mixed in one decision; stamped on every identity event. */
export const TRUST_ENVIRONMENTS = ['simulator', 'jpki-test', 'production'] as const
export type TrustEnvironment = (typeof TRUST_ENVIRONMENTS)[number]

export function isTrustEnvironment(text: string): text is TrustEnvironment {
  return (TRUST_ENVIRONMENTS as readonly string[]).includes(text)
}
