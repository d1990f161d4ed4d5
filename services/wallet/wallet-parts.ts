import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PolicyPort } from '../policy/ports.ts'
import type { ProofingPort } from '../proofing/ports.ts'
import { DepositStore } from './deposit-store.ts'
import type { Municipality } from './derive-claims.ts'
import { KeyStore } from './key-store.ts'
import type { KeyProvider } from './keys.ts'
import { LedgerStore } from './ledger-store.ts'
import { PersonStore } from './person-store.ts'
import { RegistryStore } from './registry-store.ts'
import { ReleaseStore } from './release-store.ts'

/** What the wallet stands on; the composition root hands it in. */
export interface WalletDependencies {
  readonly database: UnitOfWork
  readonly publisher: Publisher
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly environment: TrustEnvironment
  /** Our own origin, for example `http://localhost:8080`. Pseudonyms depend on it: it must not change. */
  readonly issuer: () => string
  readonly keys: KeyProvider
  readonly municipalities: readonly Municipality[]
  readonly proofing: Pick<ProofingPort, 'committed'>
  readonly policy: Pick<PolicyPort, 'identityLevels' | 'compareLevels'>
  /**
   * Makes the storage engine drop what it still holds of deleted rows (SQLite: `wal_checkpoint(TRUNCATE)`; PostgreSQL: VACUUM).
   * False when it could not now; the sweeper asks again. Absent = nothing to do.
   */
  readonly scrub?: () => Promise<boolean>
}

export interface WalletParts extends WalletDependencies {
  readonly keyStore: KeyStore
  readonly deposits: DepositStore
  readonly people: PersonStore
  readonly releases: ReleaseStore
  readonly ledger: LedgerStore
  readonly registry: RegistryStore
}

export function withStores(dependencies: WalletDependencies): WalletParts {
  const { database } = dependencies
  return {
    ...dependencies,
    keyStore: new KeyStore(database),
    deposits: new DepositStore(database),
    people: new PersonStore(database),
    releases: new ReleaseStore(database),
    ledger: new LedgerStore(database),
    registry: new RegistryStore(database),
  }
}
