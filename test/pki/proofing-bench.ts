import { sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { proofMessage } from '../../services/card/proof-message.ts'
import {
  openTemporaryEventCore,
  type TemporaryEventCore,
} from '../../services/eventlog/temporary-event-core.ts'
import { signedAttributes } from '../../services/jpki/cms/write-signature.ts'
import { serialText } from '../../services/jpki/revocation-target.ts'
import { fromBase64Url, lengthPrefixed, toBase64, utf8 } from '../../services/kernel/bytes.ts'
import { InvalidInput, Unavailable } from '../../services/kernel/errors.ts'
import type { ReceivedEvent } from '../../services/kernel/event.ts'
import { createFactsValidator } from '../../services/kernel/facts-check.ts'
import { createLog } from '../../services/kernel/log.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import { Secret } from '../../services/kernel/secret.ts'
import { PolicyStore } from '../../services/policy/policy-store.ts'
import type {
  EvidenceAnswer,
  EvidenceRequest,
  SignatureRequest,
} from '../../services/proofing/api.ts'
import type { ProofingDependencies } from '../../services/proofing/dependencies.ts'
import type { OpenedProofing, OpenProofing } from '../../services/proofing/ports.ts'
import { createProofing, type Proofing } from '../../services/proofing/proofing.ts'
import { CrlArchive } from '../../services/proofing/crl-archive-store.ts'
import { CrlLists } from '../../services/proofing/crl-lists.ts'
import { createCrlDesk } from '../../services/proofing/crl-thread-pool.ts'
import type {
  ConsentAnswer,
  LatestAttributesSource,
  LinkageAnswer,
  RevocationSources,
  SignedConsent,
  SupplyAnswer,
} from '../../services/proofing/sources.ts'
import {
  issueAuthority,
  issueCertificate,
  issueCrl,
  issueOcspResponse,
  NOW,
  type CertificateOptions,
  type CrlOptions,
  type OcspOptions,
  type TestCertificate,
} from './issue.ts'

const schema = createFactsValidator(new PolicyStore().factsSchema())

export const authorities = {
  signature: issueAuthority('signature'),
  authentication: issueAuthority('authentication'),
}
export type Kind = keyof typeof authorities

/** What the outside does; tests change it. */
export interface World {
  crl: CrlOptions | 'down'
  ocsp: OcspOptions | 'down'
  linkage: Map<string, LinkageAnswer>
  /** What the service for latest attributes says of a consent, and of a question. */
  consents: ConsentAnswer['outcome']
  latest: SupplyAnswer
  /** What that service was given and asked, in order. */
  readonly handedIn: SignedConsent[]
  readonly withdrawals: string[]
  /** Consents whose withdrawal that service refuses. */
  readonly refusedWithdrawals: Set<string>
  readonly questions: { readonly reference: string; readonly serial: string }[]
  vault: 'up' | 'down'
  /** With it no facts of ours fit the schema. */
  schema: 'fits' | 'another'
  /** Runs when the sources are asked, before they answer. */
  meanwhile: () => Promise<void>
}

export interface Bench {
  readonly core: TemporaryEventCore
  readonly proofing: Proofing
  readonly world: World
  readonly deposits: Map<string, Uint8Array>
  readonly logged: string[]
  events(): Promise<readonly ReceivedEvent[]>
  names(): Promise<readonly string[]>
  [Symbol.asyncDispose](): Promise<void>
}

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})
// The library's types name DOM's CryptoKey, which is not loaded here.
const vaultPair = (await suite.kem.generateKeyPair()) as unknown as Record<
  'publicKey' | 'privateKey',
  never
>
const vaultKey = new Uint8Array(await suite.kem.serializePublicKey(vaultPair.publicKey))

export interface BenchOptions {
  /** How often everything is checked, in milliseconds; at every turn of the monitor when absent. */
  readonly recheckEvery?: number
}

/** Proofing on the whole event core, with an issuer whose CRLs, OCSP answers and linkage tests change at will. */
export async function openProofingBench({ recheckEvery = 0 }: BenchOptions = {}): Promise<Bench> {
  const core = await openTemporaryEventCore({ services: ['proofing'], now: NOW.toISOString() })
  const world: World = {
    crl: {},
    ocsp: {},
    linkage: new Map(),
    consents: 'recorded',
    latest: { outcome: 'unavailable' },
    handedIn: [],
    withdrawals: [],
    refusedWithdrawals: new Set(),
    questions: [],
    vault: 'up',
    schema: 'fits',
    meanwhile: async () => undefined,
  }
  const deposits = new Map<string, Uint8Array>()
  const logged: string[] = []
  const log = createLog('debug', { write: (line) => logged.push(line) })
  const anchors = [authorities.signature.anchor, authorities.authentication.anchor]
  const sources = sourcesOf(world, core)
  const keys = {
    reference: new Secret(new Uint8Array(32).fill(1)),
    sealing: new Secret(new Uint8Array(32).fill(2)),
  }
  const folder = await mkdtemp(join(tmpdir(), 'watashi-lists-'))
  const lists = await CrlLists.open({
    source: sources.crl,
    archive: new CrlArchive({ folder, anchors, sealing: keys.sealing, random: systemRandom }),
    desk: createCrlDesk(),
    freshness: FRESH.crl,
    refreshEvery: 0,
    clock: core.clock,
    log,
  })
  const deps: ProofingDependencies = {
    database: core.database,
    publisher: core.publisher('proofing'),
    clock: core.clock,
    random: systemRandom,
    log,
    environment: 'simulator',
    anchors,
    revocation: { lists, ocsp: sources.ocsp, policy: { ...FRESH, recheckEvery } },
    linkage: {
      async resolve({ kind, serial }) {
        return world.linkage.get(`${kind}:${serial}`) ?? { outcome: 'unavailable' }
      },
    },
    latestAttributes: latestAttributesOf(world),
    vault: {
      publicKey: async () => ({ keyId: 'v1', publicKey: vaultKey }),
      async deposit(proofingId, ciphertext) {
        if (world.vault === 'down') throw new Unavailable('the vault is down')
        deposits.set(proofingId, ciphertext)
      },
    },
    keys,
    facts: schemaOf(world),
    origin: () => 'http://localhost:8080',
    agentOrigin: () => 'http://card.localhost:8090',
    relyingPartyName: async (rpId) => (rpId === 'bank' ? 'Sample Bank' : undefined),
  }
  const events = async (): Promise<readonly ReceivedEvent[]> => {
    await core.settle()
    return core.events('subject.events.v1')
  }
  const names = async (): Promise<readonly string[]> =>
    (await events()).map(({ type }) => type.split('.').at(-1) ?? '')
  return {
    core,
    proofing: createProofing(deps),
    world,
    deposits,
    logged,
    events,
    names,
    async [Symbol.asyncDispose]() {
      await core[Symbol.asyncDispose]()
      await lists.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function latestAttributesOf(world: World): LatestAttributesSource {
  return {
    async record(consent) {
      if (world.consents !== 'recorded') return { outcome: world.consents }
      world.handedIn.push(consent)
      return { outcome: 'recorded', reference: `consent-${String(world.handedIn.length)}` }
    },
    async withdraw(reference) {
      if (world.consents === 'unavailable') return 'unavailable'
      if (world.refusedWithdrawals.has(reference)) return 'refused'
      world.withdrawals.push(reference)
      return 'withdrawn'
    },
    async supply(reference, serial) {
      world.questions.push({ reference, serial })
      await world.meanwhile()
      return world.latest
    },
  }
}

function schemaOf(world: World): ProofingDependencies['facts'] {
  const fit = (): void => {
    if (world.schema === 'another') throw new InvalidInput('facts', 'other facts')
  }
  return {
    facts(value, path) {
      fit()
      return schema.facts(value, path)
    },
    part(definition, value, path) {
      fit()
      return schema.part(definition, value, path)
    },
  }
}

const DAY_AND_A_HALF = { maximumAge: 36 * 3_600_000, clockSkew: 60_000 }
const FRESH = { crl: DAY_AND_A_HALF, ocsp: DAY_AND_A_HALF }

function sourcesOf(
  world: World,
  core: TemporaryEventCore,
): { readonly [S in keyof RevocationSources]: NonNullable<RevocationSources[S]> } {
  return {
    crl: {
      outlivesOutage: false,
      async fetchCrl({ issuer: { kind } }) {
        await world.meanwhile()
        if (world.crl === 'down') throw new Unavailable('down')
        const now = core.clock.now()
        const times = {
          thisUpdate: new Date(now.getTime() - 3_600_000),
          nextUpdate: new Date(now.getTime() + 20 * 3_600_000),
        }
        return { der: issueCrl(authorities[kind], { ...times, ...world.crl }), version: null }
      },
    },
    ocsp: {
      async fetchOcsp(_uri, request) {
        if (world.ocsp === 'down') throw new Unavailable('down')
        const now = core.clock.now()
        return issueOcspResponse(authorities.authentication, {
          nonce: request.subarray(-32),
          producedAt: now,
          thisUpdate: now,
          nextUpdate: new Date(now.getTime() + 3_600_000),
          ...world.ocsp,
        })
      },
    },
  }
}

function linkPerson(
  world: World,
  card: TestCertificate,
  kind: Kind,
  personId = 'person-1-at-this-tenant',
): void {
  world.linkage.set(`${kind}:${serialText(card.serial)}`, {
    outcome: 'linked',
    personId,
    related: [],
    successor: null,
  })
}

export const ENROL: OpenProofing = {
  purpose: 'enrol',
  rpId: '',
  bindingHash: new Uint8Array(32).fill(9),
  keyUse: 'signature',
  returnPath: '/enrol/done',
}

/** The card agent: fetches the challenge with the ticket and lets the card sign it. */
export async function tap(
  { proofing }: Bench,
  opened: OpenedProofing,
  card: TestCertificate,
): Promise<EvidenceRequest> {
  const session = await proofing.agentSession(opened.ticket)
  if (!('nonce' in session)) throw new Error('a ticket for a proof')
  const message = proofMessage({
    environment: 'simulator',
    sessionId: session.sessionId,
    purpose: session.purpose as 'enrol',
    rpId: session.rpId,
    nonce: fromBase64Url(session.nonce),
    bindingHash: fromBase64Url(session.bindingHash),
  })
  return {
    ticket: opened.ticket,
    certificate: toBase64(card.der),
    signature: toBase64(sign('sha256', message, card.key.privateKey)),
    tokenType: 'card',
  }
}

/** What the card agent hands over for a document, or the raw signature of a card that signs `message` in its place. */
export async function signDocument(
  { proofing }: Bench,
  agentUrl: string,
  card: TestCertificate,
  message?: Uint8Array,
): Promise<SignatureRequest> {
  const ticket = new URL(agentUrl).searchParams.get('ticket') ?? ''
  const asked = await proofing.agentSession(ticket)
  if (!('document' in asked)) throw new Error('a ticket for a document')
  const attributes = signedAttributes({
    certificate: card.der,
    digest: fromBase64Url(asked.document.digest),
    signingTime: new Date(asked.signingTime),
  })
  return {
    ticket,
    certificate: toBase64(card.der),
    signature: toBase64(sign('sha256', message ?? attributes, card.key.privateKey)),
  }
}

export async function prove(
  at: Bench,
  card: TestCertificate,
  command: Partial<OpenProofing> = {},
): Promise<EvidenceAnswer & { readonly opened: OpenedProofing }> {
  const opened = await at.proofing.open({ ...ENROL, ...command })
  const answer = await at.proofing.submitEvidence(await tap(at, opened, card))
  return { ...answer, opened }
}

export function person(
  at: Bench,
  kind: Kind = 'signature',
  options: CertificateOptions = {},
  personId?: string,
): TestCertificate {
  const card = issueCertificate(authorities[kind], options)
  linkPerson(at.world, card, kind, personId)
  return card
}

export async function subjectOf(
  at: Bench,
  { opened }: { readonly opened: OpenedProofing },
): Promise<string> {
  const result = await at.proofing.result(opened.sessionId)
  if (result.status !== 'passed') throw new Error(JSON.stringify(result))
  return result.subjectRef
}

export async function unseal(
  ciphertext: Uint8Array | undefined,
  proofingId: string,
): Promise<unknown> {
  if (ciphertext === undefined) throw new Error('no deposit')
  const recipient = await suite.createRecipientContext({
    recipientKey: vaultPair.privateKey,
    enc: new Uint8Array(ciphertext.subarray(0, 32)).buffer,
    info: new Uint8Array(utf8('watashi/vault/v1')).buffer,
  })
  const plain = await recipient.open(
    new Uint8Array(ciphertext.subarray(32)).buffer,
    new Uint8Array(lengthPrefixed('simulator', proofingId)).buffer,
  )
  return JSON.parse(Buffer.from(plain).toString('utf8'))
}
