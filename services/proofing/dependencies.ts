import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import type { TrustAnchor } from '../jpki/trust-anchor.ts'
import type { Clock } from '../kernel/clock.ts'
import type { FactsValidator } from '../kernel/facts-check.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import type { Vault } from '../wallet/ports.ts'
import type { ProofingKeys } from './certificate-record.ts'
import type { Revocation } from './ask-revocation.ts'
import type { LatestAttributesSource, LinkageSource } from './sources.ts'

/** What proofing needs from its surroundings. */
export interface ProofingDependencies {
  readonly database: UnitOfWork
  readonly publisher: Publisher
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly environment: TrustEnvironment
  /** Pinned roots; those of other environments are never used. */
  readonly anchors: readonly TrustAnchor[]
  readonly revocation: Revocation
  readonly linkage: LinkageSource
  /** Null where nobody supplies them. */
  readonly latestAttributes: LatestAttributesSource | null
  readonly vault: Vault
  readonly keys: ProofingKeys
  /** By the schema that whoever reads the facts holds them against, too. */
  readonly facts: FactsValidator
  /** Our own origin, where the browser comes back to. */
  readonly origin: () => string
  /** Origin of the card agent, where the browser is sent. */
  readonly agentOrigin: () => string
  /** Name of a relying party to show before the PIN is typed; undefined when it is not registered. */
  readonly relyingPartyName: (rpId: string) => Promise<string | undefined>
}
