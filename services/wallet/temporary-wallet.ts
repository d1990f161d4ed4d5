import type { webcrypto } from 'node:crypto'
import { openTemporaryDatabase } from '../database/temporary-database.ts'
import type { UnitOfWork } from '../database/unit-of-work.ts'
import { concatBytes, lengthPrefixed, utf8 } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import type { OutgoingEvent } from '../kernel/event.ts'
import { createLog } from '../kernel/log.ts'
import { opaqueId, systemRandom } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import type { IdentityAxisLevel, Minimum } from '../policy/ports.ts'
import type { Municipality } from './derive-claims.ts'
import { takeInProofing } from './enrol-person.ts'
import { fixedKeyProvider } from './keys.ts'
import type { IssuedRelease, PersonaKind, ReleaseRequest, SealedAttributes } from './ports.ts'
import type { Registration } from './registration.ts'
import { vaultSuite } from './vault.ts'
import { createWallet, type Wallet } from './wallet.ts'
import { withStores, type WalletDependencies, type WalletParts } from './wallet-parts.ts'

export const TOWNS: readonly Municipality[] = [
  town('99201', 'Midorikawa-shi', '模擬県翠川市', 'Midorikawa City'),
  town('99202', 'Shiomi-shi', '模擬県汐見市', 'Shiomi City'),
]

export const HANAKO: SealedAttributes = {
  name: { value: '見本　花子', substituted: false },
  address: { value: '模擬県翠川市若葉町１丁目２番３号', substituted: false },
  birthdate: '1992-07-29',
  gender: '2',
  municipality: { prefecture: 'Mogi-ken', city: 'Midorikawa-shi' },
  asOf: '2025-05-01',
}

export const LIQUOR: Registration = rp('liquor', 'retail', [], ['age_over_20', 'municipality'])
export const LIBRARY: Registration = rp('library', 'libraries', ['priv'], ['municipality'])
export const BANK: Registration = rp(
  'bank',
  'finance',
  ['gov'],
  ['name', 'address', 'birthdate', 'gender'],
)

export const NO_MINIMUM: Minimum = { axes: [], flags: [] }

export interface TemporaryWallet extends Wallet {
  readonly database: UnitOfWork
  /** The SQLite file; empty for a database that was handed in. */
  readonly file: string
  readonly clock: FrozenClock
  readonly parts: WalletParts
  /** Committed and uncommitted alike, in the order of publishing. */
  readonly published: OutgoingEvent[]
  readonly logged: string[]
  /** Levels the policy service gives; assign to change. */
  readonly levels: IdentityAxisLevel[]
  readonly committed: Set<string>
  /** Seals attributes as proofing does. */
  sealDeposit(proofingId: string, attributes: unknown, environment?: string): Promise<Uint8Array>
  /** Enrols a person as proofing and its event would; gives the proofing id. */
  enrol(subjectRef: string, attributes?: SealedAttributes): Promise<string>
  register(registration: Registration, version?: number): Promise<void>
  personaId(subjectRef: string, kind: PersonaKind): Promise<string>
  request(subjectRef: string, registration: Registration, ...names: string[]): ReleaseRequest
  /** Prepares, signs and issues. */
  release(request: ReleaseRequest, personaId: string): Promise<IssuedRelease>
  [Symbol.asyncDispose](): Promise<void>
}

/** A wallet on a fresh SQLite file, or on the database handed in, with the services around it made up, for tests. */
export async function openTemporaryWallet(
  changed: Partial<WalletDependencies> = {},
): Promise<TemporaryWallet> {
  const temporary = changed.database ? undefined : await openTemporaryDatabase('wallet')
  const database = changed.database ?? temporary?.database
  if (!database) throw new TypeError('there is a database in either case')
  const clock = new FrozenClock('2026-11-26T03:20:00Z')
  const [published, logged, levels]: [OutgoingEvent[], string[], IdentityAxisLevel[]] = [[], [], []]
  const committed = new Set<string>()
  const dependencies: WalletDependencies = {
    database,
    publisher: {
      publish: async (_tx, event) => {
        published.push(event)
        return `event-${published.length}`
      },
    },
    clock,
    random: systemRandom,
    log: createLog('debug', { write: (line: string) => void logged.push(line) }),
    environment: 'simulator',
    issuer: () => 'http://localhost:8080',
    keys: fixedKeyProvider(new Secret(systemRandom.bytes(32))),
    municipalities: TOWNS,
    proofing: { committed: async (proofingId) => committed.has(proofingId) },
    policy: {
      identityLevels: async () => levels,
      compareLevels: (_framework, _axis, a, b) => a.localeCompare(b),
    },
    ...changed,
  }
  const wallet = createWallet(dependencies)
  const parts = withStores(dependencies)
  const sealDeposit: TemporaryWallet['sealDeposit'] = async (
    proofingId,
    attributes,
    environment = 'simulator',
  ) => {
    const { publicKey } = await wallet.vault.publicKey()
    return sealFor(publicKey, environment, proofingId, utf8(JSON.stringify(attributes)))
  }
  const request: TemporaryWallet['request'] = (subjectRef, { rpId }, ...names) => ({
    requestId: opaqueId(systemRandom),
    subjectRef,
    rpId,
    purposeId: 'purpose',
    claims: names.map((name) => ({
      name: name.replace('?', ''),
      essential: !name.endsWith('?'),
    })),
  })

  return {
    ...wallet,
    database,
    file: temporary?.file ?? '',
    clock,
    parts,
    published,
    logged,
    levels,
    committed,
    sealDeposit,
    request,
    async enrol(subjectRef, attributes = HANAKO) {
      const proofingId = opaqueId(systemRandom)
      await wallet.vault.deposit(proofingId, await sealDeposit(proofingId, attributes))
      const proofing = { proofingId, subjectRef, at: clock.now(), updatesRecord: true }
      await database.run((tx) => takeInProofing(parts, tx, proofing))
      return proofingId
    },
    register: (registration, version = 1) =>
      database.run((tx) => parts.registry.put(tx, registration, version)),
    async personaId(subjectRef, kind) {
      const found = (await wallet.port.personas(subjectRef)).find((p) => p.kind === kind)
      if (!found) throw new TypeError('this person has no such persona')
      return found.personaId
    },
    async release(asked, personaId) {
      const { port } = wallet
      const now = clock.now()
      const { releaseId, digest } = await port.prepareConsent(asked, personaId, [], [], now)
      const signed = { ceremonyId: 'c', assertionDigest: new Uint8Array(32), challenge: digest }
      return port.issue(releaseId, signed, NO_MINIMUM, now)
    },
    [Symbol.asyncDispose]: async () => temporary?.[Symbol.asyncDispose](),
  }
}

/** RFC 9180 base mode: encapsulated key ‖ ciphertext. */
async function sealFor(
  publicKey: Uint8Array,
  environment: string,
  proofingId: string,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const suite = vaultSuite()
  const buffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
  const sender = await suite.createSenderContext({
    // A type that only browsers declare; Node has it under `webcrypto`.
    recipientPublicKey: (await suite.kem.deserializePublicKey(
      buffer(publicKey),
    )) as webcrypto.CryptoKey,
    info: buffer(utf8('watashi/vault/v1')),
  })
  const aad = buffer(lengthPrefixed(environment, proofingId))
  const body = await sender.seal(buffer(plaintext), aad)
  return concatBytes(new Uint8Array(sender.enc), new Uint8Array(body))
}

function town(code: string, city: string, ja: string, en: string): Municipality {
  return { code, prefecture: 'Mogi-ken', city, addressPrefix: ja, name: { ja, en } }
}

function rp(
  rpId: string,
  sectorId: string,
  personas: readonly string[],
  claims: readonly string[],
): Registration {
  const text = { ja: `${rpId}の名`, en: rpId }
  const purpose = {
    purposeId: 'purpose',
    title: text,
    description: text,
    claims,
    legalBasis: 'consent',
    retentionDays: 30,
    noticeUrl: 'http://rp.example/notice',
    noticeDigest: 'AAAA',
    minimum: [],
  }
  return {
    rpId,
    name: text,
    controller: text,
    sectorId,
    purposes: [purpose],
    personas,
    deletionContact: 'mailto:privacy@rp.example',
    active: true,
  }
}
