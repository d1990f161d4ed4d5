import { join } from 'node:path'
import type { TextRoot } from '../card/text-roots.ts'
import { fromBase64, toBase64 } from '../kernel/bytes.ts'
import { type Clock, FrozenClock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { type CardRack, cardRack } from './card-file.ts'
import {
  type Authorities,
  CertificationAuthority,
  newAuthority,
  newNextAuthority,
} from './certification-authority.ts'
import { CARD_GENERATIONS, type CardGeneration } from './generation.ts'
import { IssuingOffice } from './issuing-office.ts'
import { exportKey, type KeySource, newEcKey, newRsaKey } from './keys.ts'
import { LinkageService } from './linkage-service.ts'
import { LatestAttributesService } from './latest-attributes.ts'
import { MUNICIPALITIES, type Municipality } from './municipalities.ts'
import { type SamplePerson, samplePeople } from './people.ts'
import { anchorFile, CERTIFICATE_FAMILIES, type CertificateFamily } from './profile.ts'
import {
  type GenerationState,
  type SimulatorState,
  stateFile,
  type TextAuthorityState,
} from './state.ts'
import { StatusService } from './status-service.ts'
import { TextIssuer } from './text-issuer.ts'
import { HEALTHY, type Switches, withSwitches } from './switches.ts'

export interface SimulatorCoreOptions {
  readonly environment: TrustEnvironment
  /** Everything is kept under `<dataDir>/simulator`. */
  readonly dataDir: string
  readonly clock: Clock
  readonly random: Random
  /** For tests: keys made before. */
  readonly keySource?: KeySource
  /** For tests: other people than the four samples; used at the first start in a folder. */
  readonly people?: readonly SamplePerson[]
}

/** The root of a family, for the verifier's pins. */
interface SimulatorAnchor {
  readonly kind: CertificateFamily
  /** Name under which it is served. */
  readonly file: string
  readonly certificate: Uint8Array
}

/** The simulator without its HTTP face. */
export interface SimulatorCore {
  readonly anchors: readonly SimulatorAnchor[]
  /** Root of 券面事項入力補助AP, for the verifier's pins. */
  readonly textRoot: TextRoot
  readonly municipalities: readonly Municipality[]
  readonly office: IssuingOffice
  readonly status: StatusService
  readonly linkage: LinkageService
  readonly latestAttributes: LatestAttributesService
  readonly cards: CardRack
  readonly switches: SwitchBoard
}

interface SwitchBoard {
  readonly get: () => Switches
  /** `InvalidInput` for a switch or a value there is none of. */
  readonly set: (unverified: Readonly<Record<string, unknown>>) => Switches
}

/** Opens the simulator in a folder, making everything at the first time; `ConfigError` outside the simulator environment. */
export async function openSimulator(options: SimulatorCoreOptions): Promise<SimulatorCore> {
  if (options.environment !== 'simulator') {
    throw new ConfigError('the simulator runs only with `TRUST_ENVIRONMENT=simulator`')
  }
  const { clock, random } = options
  const keySource = options.keySource ?? newRsaKey
  const store = stateFile(join(options.dataDir, 'simulator'))
  const cards = cardRack(options.dataDir)
  const known = store.load()
  const state = known ?? (await newState(keySource, random, clock.now()))
  const save = () => store.save(state)
  const switches = switchBoard()
  const isComplete = state.nextAuthorities !== undefined && state.textAuthority !== undefined
  state.nextAuthorities ??= await newNextAuthorities(state, clock.now())
  const authorities = openAuthorities(state, state.nextAuthorities, keySource, random)
  state.textAuthority ??= await newTextAuthority(keySource)
  const textIssuer = new TextIssuer(state.textAuthority)
  const parts = { state, authorities, textIssuer, cards, keySource, random }
  if (!known) {
    // Nothing is kept before everyone is registered, so a start that was cut short begins again.
    const people = options.people ?? samplePeople(clock.now())
    await enrolSamples(people, (at) => {
      return new IssuingOffice({ ...parts, clock: new FrozenClock(at), save: () => undefined })
    })
    const order = people.map(({ id }) => id)
    state.people.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
    save()
  } else if (!isComplete) {
    save()
  }
  const office = new IssuingOffice({ ...parts, clock, save })
  await office.completeCards()
  office.writeCards()
  const tenantKey = fromBase64(state.tenantKey)
  return {
    anchors: CARD_GENERATIONS.flatMap((generation) =>
      CERTIFICATE_FAMILIES.map((kind) => ({
        kind,
        file: anchorFile(kind, generation),
        certificate: authorities[generation][kind].certificate,
      })),
    ),
    textRoot: textIssuer.root,
    municipalities: MUNICIPALITIES,
    office,
    status: new StatusService({
      state,
      authorities,
      clock,
      save,
      switches: switches.get,
    }),
    linkage: new LinkageService({ state, clock, tenantKey, switches: switches.get }),
    latestAttributes: new LatestAttributesService({
      state,
      clock,
      random,
      switches: switches.get,
      save,
    }),
    cards,
    switches,
  }
}

async function newState(
  keySource: KeySource,
  random: Random,
  start: Date,
): Promise<SimulatorState> {
  const [signature, authentication] = await Promise.all(
    CERTIFICATE_FAMILIES.map((family) => newAuthority(family, keySource, random, start)),
  )
  if (!signature || !authentication) throw new TypeError('two authorities')
  return {
    version: 1,
    startedAt: start.toISOString(),
    tenantKey: toBase64(random.bytes(32)),
    authorities: { signature, authentication },
    people: [],
    tokens: [],
    certificates: [],
  }
}

async function newNextAuthorities(
  { authorities }: SimulatorState,
  start: Date,
): Promise<Record<CertificateFamily, GenerationState>> {
  return {
    signature: await newNextAuthority('signature', authorities.signature, start),
    authentication: await newNextAuthority('authentication', authorities.authentication, start),
  }
}

function openAuthorities(
  { authorities: counters }: SimulatorState,
  next: Record<CertificateFamily, GenerationState>,
  keySource: KeySource,
  random: Random,
): Authorities {
  const open = (family: CertificateFamily, generation: CardGeneration) => {
    const counter = counters[family]
    return new CertificationAuthority({
      ...{ family, generation, counter, random },
      ...(generation === 'next'
        ? { state: next[family], keySource: newEcKey }
        : { state: counter, keySource }),
    })
  }
  const both = (generation: CardGeneration) => ({
    signature: open('signature', generation),
    authentication: open('authentication', generation),
  })
  return { current: both('current'), next: both('next') }
}

async function newTextAuthority(keySource: KeySource): Promise<TextAuthorityState> {
  const [root, issuer] = await Promise.all([keySource(), keySource()])
  return { root: exportKey(root), issuer: exportKey(issuer) }
}

/** Registers people as of the day of their past; one after another, so that serials follow the time of issue. */
async function enrolSamples(
  people: readonly SamplePerson[],
  officeOf: (at: Date) => IssuingOffice,
): Promise<void> {
  for (const person of people.toSorted((a, b) => a.issuedAt.getTime() - b.issuedAt.getTime())) {
    await officeOf(person.issuedAt).addPerson(person)
  }
  for (const { id, moved } of people) {
    if (!moved) continue
    const office = officeOf(moved.at)
    office.moveHouse(id, moved)
    await office.issueSignature(`${id}-card`)
  }
}

function switchBoard(): SwitchBoard {
  let now = HEALTHY
  return {
    get: () => now,
    set: (unverified) => (now = withSwitches(now, unverified)),
  }
}
