import type { ProofPurpose } from '../card/proof-message.ts'

/**
 * What a revocation check was made for: a tap of the card, by its purpose (`document`: a signature for a relying party), a
 * re-check of ours (`recheck`), one that somebody asked for without the card (現況確認, `status-on-demand`), or the one before
 * the latest attributes are fetched. A `cardless` use is a check that was not made, because the person logged in or gave
 * attributes without the card.
 */
export type CheckUse =
  | ProofPurpose
  | 'document'
  | 'recheck'
  | 'status-on-demand'
  | 'latest-attributes'
  | 'cardless-login'
  | 'cardless-release'

/** Something that a person did without the card. */
export interface CardlessUse {
  readonly use: Extract<CheckUse, `cardless-${string}`>
  /** Relying party that it was for; empty where the event does not say. */
  readonly rpId: string
  readonly at: Date
}

/** Month of a count, `YYYY-MM` in UTC. */
export function monthOf(at: Date): string {
  return at.toISOString().slice(0, 7)
}
