import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import type { Clock } from '../kernel/clock.ts'
import type { FactsValidator } from '../kernel/facts-check.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import type { ProofingPort } from '../proofing/ports.ts'
import type { SessionLimits } from './decide-session.ts'
import type { AuthenticatorStore } from './store.ts'

export interface AuthenticatorDependencies {
  readonly database: UnitOfWork
  readonly publisher: Publisher
  readonly proofing: Pick<ProofingPort, 'open' | 'result'>
  /** By the schema that whoever reads the facts holds them against, too. */
  readonly facts: FactsValidator
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly environment: TrustEnvironment
  /** The domain that passkeys are made for, such as `localhost`. */
  readonly rpId: string
  /** Shown by the browser when a passkey is made. */
  readonly rpName: string
  /** Origin of our pages; a function, since a free port is known only after the start. */
  readonly origin: () => string
  readonly sessionLimits?: SessionLimits
}

/** What the use cases share. */
export interface AuthenticatorContext extends AuthenticatorDependencies {
  readonly store: AuthenticatorStore
  readonly sessionLimits: SessionLimits
}

export const CEREMONY_TTL_MS = 5 * 60_000
export const BINDING_TTL_MS = 10 * 60_000
/** Active and suspended ones together, so that resuming one never exceeds it. */
export const MAXIMUM_AUTHENTICATORS = 5
