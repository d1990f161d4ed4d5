/** A real server for tests, or why there is none. */
export type Tier =
  | { readonly available: true; readonly address: string; readonly from: string }
  | { readonly available: false; readonly reason: string }

export interface StartedTier {
  readonly tier: Tier
  stop(): Promise<void>
}
