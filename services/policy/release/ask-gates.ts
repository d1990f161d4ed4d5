import type { Clock } from '../../kernel/clock.ts'
import type { PolicyDocuments } from '../policy-library.ts'
import type { HeldPolicy, PolicyInForce } from '../policy-in-force.ts'
import type { GateAnswer } from './gate-thread.ts'
import type { GateDesk } from './gate-thread-pool.ts'
import type { ProposalRow } from './release-store.ts'

export interface GateDependencies {
  readonly clock: Clock
  readonly inForce: PolicyInForce
  readonly gates: GateDesk
}

/** Whoever proposes or approves waits to the end. */
const NEVER = new AbortController().signal

/**
 * Holds documents against the gates, beside everything else. Rejects with the signal's reason when it is aborted, and with
 * `Unavailable` when it takes too long or fails.
 * @param base what they would take the place of
 */
export async function askGates(
  { clock, inForce, gates }: GateDependencies,
  base: HeldPolicy,
  asked: Pick<ProposalRow, 'intent' | 'rolledBackTo'> & { readonly documents: PolicyDocuments },
  signal = NEVER,
): Promise<GateAnswer> {
  const { documents, intent, rolledBackTo } = asked
  const before = { digest: base.contentDigest, documents: base.documents }
  const question = { documents, pack: inForce.pack, rolledBackTo, intent, now: clock.now() }
  return gates.ask({ kind: 'gates', before, question }, signal)
}
