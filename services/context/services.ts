import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createAuthenticator, type AuthenticatorService } from '../authenticator/authenticator.ts'
import { createAuthenticatorConsumers } from '../authenticator/worker.ts'
import type { Config } from '../config.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { createFederation, type Federation } from '../federation/federation.ts'
import type { FederationRoutesDependencies } from '../federation/http.ts'
import type { Clock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import { createAnalysisDesk } from '../policy/analysis-thread-pool.ts'
import type { AnalysisRouteDependencies } from '../policy/analysis-http.ts'
import type { ImpactRouteDependencies } from '../policy/impact-http.ts'
import { createImpactDesk } from '../policy/impact-thread-pool.ts'
import { createPolicy, type Policy } from '../policy/policy.ts'
import type { PolicyRouteDependencies } from '../policy/http.ts'
import { readSamplePeople } from '../policy/sample-people-store.ts'
import { createGateDesk } from '../policy/release/gate-thread-pool.ts'
import { createPolicyConsumers } from '../policy/worker.ts'
import { createProofing, type Proofing } from '../proofing/proofing.ts'
import { createProofingConsumers } from '../proofing/worker.ts'
import { KeySeries } from '../rpc/key-series-store.ts'
import type { WalletRouteDependencies } from '../wallet/http.ts'
import { fixedKeyProvider } from '../wallet/keys.ts'
import { createWallet, type Wallet } from '../wallet/wallet.ts'
import type { EventCore } from './event-core.ts'
import type { IdentitySource } from './identity-source.ts'
import { RELEASE_KEY, type Keys } from './keys.ts'

/** The five services of one process, tied together by their ports. */
export interface Services {
  readonly proofing: Proofing
  readonly policy: Policy
  readonly authenticator: AuthenticatorService
  readonly wallet: Wallet
  readonly federation: Federation
  readonly walletRoutes: WalletRouteDependencies
  readonly federationRoutes: FederationRoutesDependencies
  readonly policyRoutes: PolicyRouteDependencies &
    AnalysisRouteDependencies &
    ImpactRouteDependencies
  readonly consumers: readonly ConsumerDefinition[]
}

export interface ServicesDependencies {
  readonly config: Config
  readonly core: EventCore
  readonly keys: Keys
  readonly identity: IdentitySource
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly origin: () => string
  readonly agentOrigin: () => string
}

/** Name by which a passkey shows whom it is for. */
const RP_NAME = 'Watashi'

export async function createServices(deps: ServicesDependencies): Promise<Services> {
  const { config, core, keys, identity, clock, random, log, origin, agentOrigin } = deps
  const { database } = core
  const shared = { database, clock, random, log, environment: config.trustEnvironment }

  if (!existsSync(join(config.policyDir, 'facts.yaml'))) {
    throw new ConfigError('`POLICY_DIR`: expected a folder with facts.yaml and the packs')
  }
  const policy = createPolicy({
    ...shared,
    publisher: core.publisher('policy'),
    policies: config.policyDir,
    releaseKeys: new KeySeries(keys.files, RELEASE_KEY),
    gates: createGateDesk(log),
    decisionLogDays: config.decisionLogDays,
  })
  await policy.activate()

  const wallet: Wallet = createWallet({
    ...shared,
    publisher: core.publisher('wallet'),
    issuer: origin,
    keys: fixedKeyProvider(keys.keyEncryption),
    municipalities: identity.municipalities,
    // Each needs the other; both are asked only when a person is there.
    proofing: { committed: (proofingId) => proofing.committed(proofingId) },
    policy,
    scrub: () => core.scrub(),
  })
  const proofing: Proofing = createProofing({
    ...shared,
    publisher: core.publisher('proofing'),
    anchors: identity.anchors,
    revocation: identity.revocation,
    linkage: identity.linkage,
    latestAttributes: identity.latestAttributes,
    vault: wallet.vault,
    keys: { reference: keys.proofingReference, sealing: keys.proofingSealing },
    facts: policy.validator,
    origin,
    agentOrigin,
    relyingPartyName: async (rpId) => (await federation.registry.find(rpId))?.name.ja,
  })
  const authenticator = createAuthenticator({
    ...shared,
    publisher: core.publisher('authenticator'),
    facts: policy.validator,
    proofing,
    rpId: config.issuer === undefined ? 'localhost' : new URL(config.issuer).hostname,
    rpName: RP_NAME,
    origin,
  })
  const federation: Federation = createFederation({
    unitOfWork: database,
    policy,
    wallet: wallet.port,
    sessions: authenticator.sessions,
    ceremonies: authenticator.consent,
    signatures: proofing.signatures,
    clock,
    random,
    origin,
  })
  return {
    proofing,
    policy,
    authenticator,
    wallet,
    federation,
    walletRoutes: { person: wallet.person, sessions: authenticator.sessions, clock },
    policyRoutes: {
      ...{ policy, sessions: authenticator.sessions, clock },
      analysis: createAnalysisDesk(log),
      impact: createImpactDesk({ policy, clock }),
      samples: readSamplePeople(config.policyDir, policy.validator),
    },
    federationRoutes: {
      interactions: federation.interactions,
      random,
      secureCookies: config.issuer?.startsWith('https:') ?? false,
    },
    consumers: [
      ...createProofingConsumers(proofing),
      ...createPolicyConsumers(policy),
      ...createAuthenticatorConsumers(authenticator),
      ...wallet.consumers,
      federation.consumer,
    ],
  }
}
