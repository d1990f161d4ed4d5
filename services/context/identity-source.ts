import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { IdentityConfig } from '../config/identity.ts'
import { sha256 } from '../kernel/digest.ts'
import { toHex } from '../kernel/bytes.ts'
import type { Clock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import { openTrustAnchor, type TrustAnchor } from '../jpki/trust-anchor.ts'
import type { Revocation, RevocationPolicy } from '../proofing/ask-revocation.ts'
import { CrlArchive } from '../proofing/crl-archive-store.ts'
import { crlFromFolder } from '../proofing/crl-drop-store.ts'
import { CrlLists } from '../proofing/crl-lists.ts'
import { createCrlDesk } from '../proofing/crl-thread-pool.ts'
import { latestAttributesOverHttp } from '../proofing/latest-attributes-http.ts'
import { linkageOverHttp } from '../proofing/linkage-http.ts'
import { patientOcsp } from '../proofing/patient-ocsp.ts'
import { crlOverHttp, ocspOverHttp } from '../proofing/revocation-http.ts'
import type {
  LatestAttributesSource,
  LinkageSource,
  RevocationSources,
} from '../proofing/sources.ts'
import { MUNICIPALITIES, type Municipality } from '../simulator/municipalities.ts'
import { startSimulator, type Simulator } from '../simulator/simulator.ts'
import { SIMULATOR_PROFILE } from '../simulator/profile.ts'
import { findSimulator } from './find-simulator.ts'
import type { Keys } from './keys.ts'
import { openSourceAccess } from './source-access.ts'
import { loadAnchors } from './trust-anchors.ts'

/** Where identities come from: roots to believe, and whom to ask about certificates. */
export interface IdentitySource {
  readonly anchors: readonly TrustAnchor[]
  readonly revocation: Revocation
  readonly linkage: LinkageSource
  /** Null for real cards: there is no open form of that service to speak. */
  readonly latestAttributes: LatestAttributesSource | null
  /** Of real ones there is no table yet: what would be derived from it is unavailable, never guessed. */
  readonly municipalities: readonly Municipality[]
  /** Present where this process runs the simulator, which is where it runs the samples. */
  readonly simulator?: Simulator
  close(): Promise<void>
}

/** Name under which the simulated linkage service knows us; ids of persons that it gives are ours alone. */
const TENANT = 'watashi'

/** What differs between the simulator and real cards. */
type Origin = Pick<
  IdentitySource,
  'anchors' | 'linkage' | 'latestAttributes' | 'municipalities' | 'simulator'
> & {
  readonly sources: RevocationSources
}

interface Surroundings {
  readonly config: Config
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Starts the simulator, or finds the one of another process; takes up imported roots and the services of who answers for real cards. */
export async function openIdentitySource(
  config: Config,
  keys: Pick<Keys, 'proofingSealing'>,
  clock: Clock,
  random: Random,
  log: Log,
): Promise<IdentitySource> {
  const surroundings = { config, clock, random, log }
  const { identity } = config
  const { sources, ...origin } =
    identity.kind === 'simulator'
      ? await simulated(surroundings)
      : realCards(surroundings, identity)
  await using opening = new AsyncDisposableStack()
  opening.defer(async () => origin.simulator?.close())
  const policy = policyOf(config)
  const lists = await CrlLists.open({
    source: sources.crl,
    archive: new CrlArchive({
      folder: join(config.dataDir, 'crl', config.trustEnvironment),
      anchors: origin.anchors,
      sealing: keys.proofingSealing,
      random,
    }),
    desk: createCrlDesk(),
    freshness: policy.crl,
    refreshEvery: config.revocation.refreshEvery,
    clock,
    log,
  })
  opening.defer(() => lists.close())
  const ocsp = sources.ocsp === null ? null : patientOcsp(sources.ocsp, { clock, random, log })
  const opened = opening.move()
  return {
    ...origin,
    revocation: { lists, ocsp, policy },
    close: () => opened.disposeAsync(),
  }
}

const CLOCK_SKEW = 60_000

function policyOf({ revocation }: Config): RevocationPolicy {
  const { crlMaximumAge, ocspMaximumAge, recheckEvery } = revocation
  return {
    crl: { maximumAge: crlMaximumAge, clockSkew: CLOCK_SKEW },
    ocsp: { maximumAge: ocspMaximumAge, clockSkew: CLOCK_SKEW },
    recheckEvery,
  }
}

async function simulated(surroundings: Surroundings): Promise<Origin> {
  const { samples, ports } = surroundings.config
  const simulator = samples ? await startSimulatorHere(surroundings) : undefined
  const { url, anchors: roots } = simulator ?? (await findSimulator(ports.simulator))
  const anchors = roots.map(({ kind, certificate }) =>
    openTrustAnchor(certificate, {
      sha256: toHex(sha256(certificate)),
      environment: 'simulator',
      kind,
    }),
  )
  const ocsp = ocspOverHttp((uri) =>
    uri === SIMULATOR_PROFILE.ocspUri ? `${url}/ocsp/authentication` : undefined,
  )
  return {
    anchors,
    sources: { crl: crlOverHttp(`${url}/crl`), ocsp },
    linkage: linkageOverHttp(`${url}/api/linkage/resolve`, TENANT),
    latestAttributes: latestAttributesOverHttp(`${url}/api/latest-attributes`, TENANT),
    municipalities: MUNICIPALITIES,
    ...(simulator === undefined ? {} : { simulator }),
  }
}

function startSimulatorHere({ config, clock, random, log }: Surroundings): Promise<Simulator> {
  return startSimulator({
    environment: config.trustEnvironment,
    dataDir: config.dataDir,
    port: config.ports.simulator,
    clock,
    random,
    log,
  })
}

function realCards(
  { config, clock, log }: Surroundings,
  { environment, crl, ocsp, linkage }: Extract<IdentityConfig, { readonly kind: 'cards' }>,
): Origin {
  const anchors = loadAnchors(config)
  if (anchors.length === 0) {
    throw new ConfigError(
      `there is no trust anchor for ${environment}: \`watashi anchors import FILE…\``,
    )
  }
  return {
    anchors,
    sources: {
      crl:
        crl.kind === 'http'
          ? crlOverHttp(crl.url, openSourceAccess('CRL', crl.access))
          : crlFromFolder({ folder: crl.folder, clock, log }),
      ocsp:
        ocsp === undefined
          ? null
          : ocspOverHttp(() => ocsp.url, openSourceAccess('OCSP', ocsp.access)),
    },
    linkage: linkageOverHttp(
      linkage.url,
      linkage.tenant,
      openSourceAccess('LINKAGE', linkage.access),
    ),
    latestAttributes: null,
    municipalities: [],
  }
}
