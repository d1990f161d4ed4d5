import type { Config } from '../config.ts'
import { sha256 } from '../kernel/digest.ts'
import { toHex } from '../kernel/bytes.ts'
import type { Clock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import { openTrustAnchor, type TrustAnchor } from '../jpki/trust-anchor.ts'
import { linkageOverHttp } from '../proofing/linkage-http.ts'
import { crlByQuery, revocationOverHttp } from '../proofing/revocation-http.ts'
import type { LinkageSource, RevocationSources } from '../proofing/sources.ts'
import { MUNICIPALITIES } from '../simulator/municipalities.ts'
import { findSimulator } from './find-simulator.ts'
import { startSimulator, type Simulator } from '../simulator/simulator.ts'
import { SIMULATOR_PROFILE } from '../simulator/profile.ts'

/** Where identities come from: roots to believe, and whom to ask about certificates. */
export interface IdentitySource {
  readonly anchors: readonly TrustAnchor[]
  readonly revocation: RevocationSources
  readonly linkage: LinkageSource
  readonly municipalities: typeof MUNICIPALITIES
  /** Present where this process runs the simulator, which is where it runs the samples. */
  readonly simulator?: Simulator
}

/** Name under which the linkage service knows us; ids of persons that it gives are ours alone. */
const TENANT = 'watashi'

/** Starts the simulator, or finds the one of another process; says what is missing for real cards. */
export async function openIdentitySource(
  config: Config,
  clock: Clock,
  random: Random,
  log: Log,
): Promise<IdentitySource> {
  if (config.trustEnvironment !== 'simulator') {
    throw new ConfigError(
      `\`TRUST_ENVIRONMENT=${config.trustEnvironment}\` needs imported trust anchors and a source of revocation data, which this version cannot take yet`,
    )
  }
  const simulator = config.samples ? await start(config, clock, random, log) : undefined
  const { url, anchors: roots } = simulator ?? (await findSimulator(config.ports.simulator))
  const anchors = roots.map(({ kind, certificate }) =>
    openTrustAnchor(certificate, {
      sha256: toHex(sha256(certificate)),
      environment: 'simulator',
      kind,
    }),
  )
  const revocation = revocationOverHttp({
    crl: crlByQuery(`${url}/crl`),
    ocsp: (uri) => (uri === SIMULATOR_PROFILE.ocspUri ? `${url}/ocsp/authentication` : undefined),
  })
  return {
    anchors,
    revocation,
    linkage: linkageOverHttp(`${url}/api/linkage/resolve`, TENANT),
    municipalities: MUNICIPALITIES,
    ...(simulator === undefined ? {} : { simulator }),
  }
}

function start(config: Config, clock: Clock, random: Random, log: Log): Promise<Simulator> {
  return startSimulator({
    environment: config.trustEnvironment,
    dataDir: config.dataDir,
    port: config.ports.simulator,
    clock,
    random,
    log,
  })
}
