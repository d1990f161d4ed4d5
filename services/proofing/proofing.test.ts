import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { sign } from 'node:crypto'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { afterEach, describe, expect, test } from 'vitest'
import {
  CertificateStatus,
  IdentityProofed,
  IdentityProofingRefused,
  IdentityStatusChanged,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import {
  BASIC_FOUR_TEXTS,
  hoursFromNow,
  issueAuthority,
  issueCertificate,
  issueCrl,
  issueOcspResponse,
  NOW,
  type CertificateOptions,
  type CrlOptions,
  type OcspOptions,
  type TestCertificate,
} from '../../test/pki/issue.ts'
import { proofMessage } from '../card/proof-message.ts'
import {
  openTemporaryEventCore,
  type TemporaryEventCore,
} from '../eventlog/temporary-event-core.ts'
import { serialText } from '../jpki/revocation-target.ts'
import { fromBase64Url, lengthPrefixed, toBase64, utf8 } from '../kernel/bytes.ts'
import { Unavailable } from '../kernel/errors.ts'
import type { ReceivedEvent } from '../kernel/event.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import type { EvidenceAnswer, EvidenceRequest } from './api.ts'
import type { ProofingDependencies } from './dependencies.ts'
import type { OpenedProofing, OpenProofing } from './ports.ts'
import { createProofing, type Proofing } from './proofing.ts'
import type { LinkageAnswer } from './sources.ts'
import { createProofingConsumers } from './worker.ts'
import { subjectErased } from '../wallet/events.ts'

const factsSchema = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../policies/facts.schema.json'), 'utf8'),
) as object

const authorities = {
  signature: issueAuthority('signature'),
  authentication: issueAuthority('authentication'),
}
type Kind = keyof typeof authorities

/** What the outside does; tests change it. */
interface World {
  crl: CrlOptions | 'down'
  ocsp: OcspOptions | 'down'
  linkage: Map<string, LinkageAnswer>
  vault: 'up' | 'down'
  /** Runs when the sources are asked, before they answer. */
  meanwhile: () => Promise<void>
}

interface Bench {
  readonly core: TemporaryEventCore
  readonly proofing: Proofing
  readonly world: World
  readonly deposits: Map<string, Uint8Array>
  readonly logged: string[]
  events(): Promise<readonly ReceivedEvent[]>
  names(): Promise<readonly string[]>
}

const open: { core?: TemporaryEventCore } = {}
afterEach(async () => {
  await open.core?.[Symbol.asyncDispose]()
  delete open.core
})

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
})
const vaultPair = await suite.kem.generateKeyPair()
const vaultKey = new Uint8Array(await suite.kem.serializePublicKey(vaultPair.publicKey))

async function bench(): Promise<Bench> {
  const core = await openTemporaryEventCore({ services: ['proofing'], now: NOW.toISOString() })
  open.core = core
  const world: World = {
    crl: {},
    ocsp: {},
    linkage: new Map(),
    vault: 'up',
    meanwhile: async () => undefined,
  }
  const deposits = new Map<string, Uint8Array>()
  const logged: string[] = []
  const log = createLog('debug', { write: (line) => logged.push(line) })
  const deps: ProofingDependencies = {
    database: core.database,
    publisher: core.publisher('proofing'),
    clock: core.clock,
    random: systemRandom,
    log,
    environment: 'simulator',
    anchors: [authorities.signature.anchor, authorities.authentication.anchor],
    revocation: sourcesOf(world, core),
    linkage: {
      async resolve({ kind, serial }) {
        return world.linkage.get(`${kind}:${serial}`) ?? { outcome: 'unavailable' }
      },
    },
    vault: {
      publicKey: async () => ({ keyId: 'v1', publicKey: vaultKey }),
      async deposit(proofingId, ciphertext) {
        if (world.vault === 'down') throw new Unavailable('the vault is down')
        deposits.set(proofingId, ciphertext)
      },
    },
    keys: {
      reference: new Secret(new Uint8Array(32).fill(1)),
      sealing: new Secret(new Uint8Array(32).fill(2)),
    },
    factsSchema,
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
  return { core, proofing: createProofing(deps), world, deposits, logged, events, names }
}

function sourcesOf(world: World, core: TemporaryEventCore): ProofingDependencies['revocation'] {
  return {
    async fetchCrl(name) {
      await world.meanwhile()
      if (world.crl === 'down') throw new Unavailable('down')
      const kind = Buffer.from(name).includes('user authentication')
        ? 'authentication'
        : 'signature'
      const now = core.clock.now()
      const times = {
        thisUpdate: new Date(now.getTime() - 3_600_000),
        nextUpdate: new Date(now.getTime() + 20 * 3_600_000),
      }
      return issueCrl(authorities[kind], { ...times, ...world.crl })
    },
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

const ENROL: OpenProofing = {
  purpose: 'enrol',
  rpId: '',
  bindingHash: new Uint8Array(32).fill(9),
  keyUse: 'signature',
  returnPath: '/enrol/done',
}

/** The card agent: fetches the challenge with the ticket and lets the card sign it. */
async function tap(
  { proofing }: Bench,
  opened: OpenedProofing,
  card: TestCertificate,
): Promise<EvidenceRequest> {
  const session = await proofing.agentSession(opened.ticket)
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

async function prove(
  at: Bench,
  card: TestCertificate,
  command: Partial<OpenProofing> = {},
): Promise<EvidenceAnswer & { readonly opened: OpenedProofing }> {
  const opened = await at.proofing.open({ ...ENROL, ...command })
  const answer = await at.proofing.submitEvidence(await tap(at, opened, card))
  return { ...answer, opened }
}

function person(
  at: Bench,
  kind: Kind = 'signature',
  options: CertificateOptions = {},
  personId?: string,
): TestCertificate {
  const card = issueCertificate(authorities[kind], options)
  linkPerson(at.world, card, kind, personId)
  return card
}

describe('enrolment with the signature certificate', () => {
  test('gives a subject, sealed attributes and one event with the facts', async () => {
    const at = await bench()
    const { opened, ...answer } = await prove(at, person(at))
    expect(opened.agentUrl).toBe(`http://card.localhost:8090/?ticket=${opened.ticket}`)
    expect(answer).toEqual({
      outcome: 'passed',
      reason: null,
      returnUrl: `http://localhost:8080/enrol/done?ticket=${opened.ticket}`,
    })
    const result = await at.proofing.resultByTicket(opened.ticket)
    if (result.status !== 'passed') throw new Error(result.status)
    expect(result).toMatchObject({ sessionId: opened.sessionId, purpose: 'enrol', verifiedAt: NOW })
    expect(result.bindingHash).toEqual(Buffer.alloc(32, 9))
    expect(await at.proofing.committed(result.proofingId)).toBe(true)

    const [event, ...more] = await at.events()
    expect(more).toEqual([])
    const proofed = IdentityProofed.decode(event?.value ?? new Uint8Array())
    expect(event).toMatchObject({ key: result.subjectRef, source: 'proofing' })
    expect(proofed).toMatchObject({
      proofingId: result.proofingId,
      subjectRef: result.subjectRef,
      sessionId: opened.sessionId,
      attributeNames: ['name', 'address', 'birthdate', 'gender'],
    })
    expect(JSON.parse(proofed.factsJson.toString())).toEqual({
      proofing: { id: result.proofingId, channel: 'remote_unattended', at: NOW.toISOString() },
      evidence: [
        {
          id: 'e1',
          kind: 'jpki_sign_cert',
          cls: 'pki_cert',
          issuer: { id: 'J-LIS', country: 'JP', sector: 'gov' },
          attrs: ['name', 'address', 'birthdate', 'gender'],
          issued_at: '2025-10-27T00:00:00.000Z',
          expires_at: '2030-02-17T14:59:59.000Z',
        },
      ],
      checks: [
        { type: 'authentic', on: 'e1', at: NOW.toISOString(), method: 'crypto', anchor: 'JLIS' },
        {
          type: 'status',
          on: 'e1',
          at: NOW.toISOString(),
          result: 'good',
          method: 'crl',
          this_update: hoursFromNow(-1).toISOString(),
          next_update: hoursFromNow(20).toISOString(),
        },
        { type: 'signed', on: 'e1', at: NOW.toISOString(), payload: 'application', valid: true },
        {
          type: 'match',
          on: 'e1',
          at: NOW.toISOString(),
          scope: 'core',
          source: 'signed_attributes',
          items: ['name', 'address', 'birthdate', 'gender'],
        },
        { type: 'holder', on: 'e1', at: NOW.toISOString(), method: 'pin' },
      ],
    })

    const plain = await unseal(at.deposits.get(result.proofingId), result.proofingId)
    expect(plain).toEqual({
      name: { value: BASIC_FOUR_TEXTS[1], substituted: false },
      address: { value: BASIC_FOUR_TEXTS[5], substituted: false },
      birthdate: '1980-02-17',
      gender: '1',
      municipality: { prefecture: 'Tokyo-to', city: 'Kiyose-shi' },
      asOf: '2025-10-27',
    })
  })

  test('leaves an unknown birth date out', async () => {
    const at = await bench()
    const { opened } = await prove(at, person(at, 'signature', { basicFour: { 4: '400000000' } }))
    const result = await at.proofing.resultByTicket(opened.ticket)
    if (result.status !== 'passed') throw new Error(result.status)
    const plain = await unseal(at.deposits.get(result.proofingId), result.proofingId)
    expect(plain).not.toHaveProperty('birthdate')
    const [event] = await at.events()
    expect(IdentityProofed.decode(event?.value ?? new Uint8Array()).attributeNames).not.toContain(
      'birthdate',
    )
  })

  test('finds the same person again, with the same certificate or a renewed one', async () => {
    const at = await bench()
    const first = await subjectOf(at, await prove(at, person(at)))
    expect(await subjectOf(at, await prove(at, person(at)))).toBe(first)
    const renewed = person(at, 'signature', { serial: Uint8Array.of(0x22), keyLabel: 'renewed' })
    expect(await subjectOf(at, await prove(at, renewed))).toBe(first)
    const stranger = person(
      at,
      'signature',
      { serial: Uint8Array.of(0x33) },
      'person-2-at-this-tenant',
    )
    expect(await subjectOf(at, await prove(at, stranger))).not.toBe(first)
  })

  test('finds the person by a predecessor where the id at the linkage service is new', async () => {
    const at = await bench()
    const old = person(at)
    const first = await subjectOf(at, await prove(at, old))
    const renewed = issueCertificate(authorities.signature, { serial: Uint8Array.of(0x22) })
    at.world.linkage.set('signature:22', {
      outcome: 'linked',
      personId: 'another-id-of-the-same-person',
      related: [{ kind: 'signature', serial: serialText(old.serial) }],
      successor: null,
    })
    expect(await subjectOf(at, await prove(at, renewed))).toBe(first)
  })

  test('two first taps of one person at once make one person', async () => {
    const at = await bench()
    const signature = person(at)
    const authentication = person(at, 'authentication')
    const [a, b] = await Promise.all([
      prove(at, signature),
      prove(at, authentication, { keyUse: 'authentication' }),
    ])
    expect(await subjectOf(at, a)).toBe(await subjectOf(at, b))
  })
})

describe('enrolment with the authentication certificate', () => {
  test('gives a subject without attributes, by OCSP when the CRL is down', async () => {
    const at = await bench()
    at.world.crl = 'down'
    const answer = await prove(at, person(at, 'authentication'), { keyUse: 'authentication' })
    expect(answer.outcome).toBe('passed')
    expect(at.deposits.size).toBe(0)
    const [event] = await at.events()
    const proofed = IdentityProofed.decode(event?.value ?? new Uint8Array())
    expect(proofed.attributeNames).toEqual([])
    expect(JSON.parse(proofed.factsJson.toString())).toMatchObject({
      evidence: [{ kind: 'jpki_auth_cert' }],
      checks: [
        { type: 'authentic' },
        { type: 'status', method: 'ocsp' },
        { type: 'signed' },
        { type: 'holder' },
      ],
    })
  })
})

describe('a person who is known', () => {
  test.each(['login', 'reproof'] as const)(
    'passes %s, an unknown one does not',
    async (purpose) => {
      const at = await bench()
      const card = person(at, 'authentication')
      const command = { purpose, keyUse: 'authentication' } as const
      expect(await prove(at, card, command)).toMatchObject({
        outcome: 'refused',
        reason: 'NOT_ENROLLED',
      })
      const subject = await subjectOf(at, await prove(at, card, { keyUse: 'authentication' }))
      expect(await subjectOf(at, await prove(at, card, command))).toBe(subject)
      expect(await at.names()).toEqual(
        expect.arrayContaining(['IdentityProofingRefused', 'IdentityProofed', 'IdentityProofed']),
      )
    },
  )

  test('signs a transaction for one relying party', async () => {
    const at = await bench()
    const card = person(at)
    await prove(at, card)
    const opened = await at.proofing.open({ ...ENROL, purpose: 'transaction', rpId: 'bank' })
    expect(await at.proofing.agentSession(opened.ticket)).toMatchObject({
      rpId: 'bank',
      rpName: 'Sample Bank',
      environment: 'simulator',
    })
    const answer = await at.proofing.submitEvidence(await tap(at, opened, card))
    expect(answer.outcome).toBe('passed')
    const facts = (await at.events()).map(({ value }) =>
      IdentityProofed.decode(value).factsJson.toString(),
    )
    expect(facts.filter((text) => text.includes('"payload":"transaction"'))).toHaveLength(1)
  })
})

describe('a refusal', () => {
  type Case = [reason: string, outcome: string, prepare: (at: Bench) => TestCertificate]
  test.each<Case>([
    [
      'CERTIFICATE_REVOKED',
      'refused',
      (at) => {
        at.world.crl = { revoked: [{ serial: Uint8Array.of(0x12, 0x34, 0x56, 0x78), reason: 5 }] }
        return person(at)
      },
    ],
    [
      'CERTIFICATE_SUSPENDED',
      'refused',
      (at) => {
        at.world.crl = { revoked: [{ serial: Uint8Array.of(0x12, 0x34, 0x56, 0x78), reason: 6 }] }
        return person(at)
      },
    ],
    [
      'REVOCATION_UNKNOWN',
      'indeterminate',
      (at) => {
        at.world.crl = 'down'
        return person(at)
      },
    ],
    [
      'REVOCATION_UNKNOWN',
      'indeterminate',
      (at) => {
        at.world.crl = { town: 'Shibuya-ku' }
        return person(at)
      },
    ],
    [
      'REVOCATION_UNKNOWN',
      'indeterminate',
      (at) => {
        at.world.crl = { nextUpdate: hoursFromNow(-0.5) }
        return person(at)
      },
    ],
    [
      'CERTIFICATE_EXPIRED',
      'refused',
      (at) => person(at, 'signature', { notAfter: new Date('2026-05-31T14:59:59Z') }),
    ],
    [
      'CERTIFICATE_NOT_YET_VALID',
      'refused',
      (at) => person(at, 'signature', { notBefore: new Date('2026-06-02T00:00:00Z') }),
    ],
    [
      'CERTIFICATE_PROFILE',
      'refused',
      (at) => person(at, 'signature', { policy: '1.2.392.200149.8.5.1.1.20' }),
    ],
    [
      'ATTRIBUTES_UNREADABLE',
      'refused',
      (at) => person(at, 'signature', { basicFour: { 1: null } }),
    ],
    [
      'ALGORITHM_NOT_ALLOWED',
      'refused',
      (at) => person(at, 'signature', { keyLabel: 'rsa-1024:ee' }),
    ],
    ['WRONG_CERTIFICATE_KIND', 'refused', (at) => person(at, 'authentication')],
    [
      'UNTRUSTED_ISSUER',
      'refused',
      () => issueCertificate(issueAuthority('signature', { generation: 2 })),
    ],
    ['LINKAGE_UNAVAILABLE', 'indeterminate', () => issueCertificate(authorities.signature)],
    [
      'LINKAGE_NOT_READY',
      'indeterminate',
      (at) => {
        at.world.linkage.set('signature:12345678', { outcome: 'not-ready' })
        return issueCertificate(authorities.signature)
      },
    ],
  ])('for %s is an answer and an event', async (reason, outcome, prepare) => {
    const at = await bench()
    const { opened, ...answer } = await prove(at, prepare(at))
    expect(answer).toMatchObject({ outcome, reason })
    expect(await at.proofing.result(opened.sessionId)).toEqual({ status: outcome, reason })
    const [event, ...more] = await at.events()
    expect(more).toEqual([])
    expect(event?.key).toBe(opened.sessionId)
    const refused = IdentityProofingRefused.decode(event?.value ?? new Uint8Array())
    expect(refused).toMatchObject({ sessionId: opened.sessionId, reason, refusedAt: NOW })
    expect(refused.indication).not.toBe('PASSED')
    expect(at.deposits.size).toBe(0)
  })

  test('for a signature over another session, purpose, relying party, nonce or credential', async () => {
    const at = await bench()
    const card = person(at)
    const other = await at.proofing.open(ENROL)
    const foreign = await tap(at, other, card)
    const opened = await at.proofing.open(ENROL)
    const answer = await at.proofing.submitEvidence({ ...foreign, ticket: opened.ticket })
    expect(answer).toMatchObject({ outcome: 'refused', reason: 'SIGNATURE_INVALID' })
    // The session that it was made for is untouched.
    expect((await at.proofing.submitEvidence(foreign)).outcome).toBe('passed')
  })

  test('where linkage names two persons', async () => {
    const at = await bench()
    const one = person(at, 'signature', { serial: Uint8Array.of(1) }, 'person-1-at-this-tenant')
    const two = person(at, 'signature', { serial: Uint8Array.of(2) }, 'person-2-at-this-tenant')
    await prove(at, one)
    await prove(at, two)
    const both = issueCertificate(authorities.signature, { serial: Uint8Array.of(3) })
    at.world.linkage.set('signature:3', {
      outcome: 'linked',
      personId: 'person-1-at-this-tenant',
      related: [{ kind: 'signature', serial: '2' }],
      successor: null,
    })
    expect(await prove(at, both)).toMatchObject({
      outcome: 'indeterminate',
      reason: 'LINKAGE_AMBIGUOUS',
    })
  })

  test('for a CRL that is older than one seen before', async () => {
    const at = await bench()
    at.world.crl = { number: 8 }
    await prove(at, person(at))
    at.world.crl = { number: 7 }
    expect(await prove(at, person(at))).toMatchObject({ reason: 'REVOCATION_UNKNOWN' })
  })
})

describe('the challenge', () => {
  test('ends after ten minutes', async () => {
    const at = await bench()
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, person(at))
    at.core.clock.advance(10 * 60_000 - 1)
    expect((await at.proofing.result(opened.sessionId)).status).toBe('open')
    at.core.clock.advance(1)
    expect(await at.proofing.result(opened.sessionId)).toEqual({ status: 'expired' })
    await expect(at.proofing.agentSession(opened.ticket)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    expect(await at.proofing.submitEvidence(request)).toMatchObject({ reason: 'CHALLENGE_EXPIRED' })
    expect(await at.names()).toEqual(['IdentityProofingRefused'])
  })

  test('is used once: the same submission gets its answer, another one is a replay', async () => {
    const at = await bench()
    const card = person(at)
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, card)
    expect((await at.proofing.submitEvidence(request)).outcome).toBe('passed')
    expect((await at.proofing.submitEvidence(request)).outcome).toBe('passed')
    expect(await at.names()).toEqual(['IdentityProofed'])
    const other = person(at, 'signature', { serial: Uint8Array.of(0x77), keyLabel: 'other' })
    const replay = { ...request, certificate: toBase64(other.der) }
    expect(await at.proofing.submitEvidence(replay)).toMatchObject({
      outcome: 'refused',
      reason: 'CHALLENGE_REPLAYED',
    })
    expect((await at.proofing.result(opened.sessionId)).status).toBe('passed')
    await expect(at.proofing.agentSession(opened.ticket)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('is taken by one of two submissions at once', async () => {
    const at = await bench()
    const card = person(at)
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, card)
    const bad = { ...request, signature: toBase64(new Uint8Array(256)) }
    const answers = await Promise.all([request, bad].map((one) => at.proofing.submitEvidence(one)))
    expect(answers.map(({ reason }) => reason)).toContain('CHALLENGE_REPLAYED')
    expect(await at.names()).toHaveLength(2)
  })

  test('gives one event to the same submission sent many times at once', async () => {
    const at = await bench()
    const request = await tap(at, await at.proofing.open(ENROL), person(at))
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => at.proofing.submitEvidence(request)),
    )
    expect(answers.map(({ outcome }) => outcome)).toEqual(Array(5).fill('passed'))
    expect(await at.names()).toEqual(['IdentityProofed'])
  })

  test('is gone on with after a crash between deposit and commit, under the same proofing', async () => {
    const at = await bench()
    at.world.vault = 'down'
    const request = await tap(at, await at.proofing.open(ENROL), person(at))
    await expect(at.proofing.submitEvidence(request)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await at.names()).toEqual([])
    at.world.vault = 'up'
    at.core.clock.advance(60_000)
    expect((await at.proofing.submitEvidence(request)).outcome).toBe('passed')
    const [event] = await at.events()
    const { proofingId } = IdentityProofed.decode(event?.value ?? new Uint8Array())
    expect([...at.deposits.keys()]).toEqual([proofingId])
  })

  test('is not gone on with after five minutes', async () => {
    const at = await bench()
    at.world.vault = 'down'
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, person(at))
    await expect(at.proofing.submitEvidence(request)).rejects.toThrow()
    at.world.vault = 'up'
    at.core.clock.advance(5 * 60_000 + 1)
    expect(await at.proofing.submitEvidence(request)).toMatchObject({
      reason: 'CHALLENGE_REPLAYED',
    })
    expect(await at.proofing.result(opened.sessionId)).toEqual({ status: 'expired' })
  })

  test('is counted: a ticket is read 20 times and submitted 10 times at most', async () => {
    const at = await bench()
    const opened = await at.proofing.open(ENROL)
    const request = await tap(at, opened, person(at))
    for (let i = 1; i < 20; i++) await at.proofing.agentSession(opened.ticket)
    await expect(at.proofing.agentSession(opened.ticket)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    })
    for (let i = 0; i < 10; i++) await at.proofing.submitEvidence(request)
    await expect(at.proofing.submitEvidence(request)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    })
  })

  test('an unknown ticket, session or proofing is not found', async () => {
    const at = await bench()
    const missing = expect.objectContaining({ code: 'NOT_FOUND' }) as unknown
    await expect(at.proofing.result('x')).rejects.toEqual(missing)
    await expect(at.proofing.resultByTicket('x')).rejects.toEqual(missing)
    await expect(at.proofing.agentSession('x')).rejects.toEqual(missing)
    expect(await at.proofing.committed('x')).toBe(false)
  })

  test.each<[string, Partial<OpenProofing>]>([
    ['a path to another host', { returnPath: '//evil.example' }],
    ['a path with a backslash', { returnPath: '/\\evil.example' }],
    ['an address', { returnPath: 'http://evil.example' }],
    ['a query', { returnPath: '/a?b=c' }],
    ['a short binding hash', { bindingHash: new Uint8Array(31) }],
    ['a transaction for nobody', { purpose: 'transaction' }],
    ['an enrolment for a relying party', { rpId: 'bank' }],
  ])('is not opened for %s', async (_, bent) => {
    const at = await bench()
    await expect(at.proofing.open({ ...ENROL, ...bent })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  test('refuses what is no base64', async () => {
    const at = await bench()
    const request = await tap(at, await at.proofing.open(ENROL), person(at))
    await expect(
      at.proofing.submitEvidence({ ...request, certificate: 'AB=C' }),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

describe('the revocation monitor', () => {
  const serial = Uint8Array.of(0x12, 0x34, 0x56, 0x78)
  const listed = (reason: number): CrlOptions => ({ revoked: [{ serial, reason }] })

  async function enrolled(): Promise<
    Bench & { readonly subject: string; readonly proofingId: string }
  > {
    const at = await bench()
    const { opened } = await prove(at, person(at))
    const result = await at.proofing.result(opened.sessionId)
    if (result.status !== 'passed') throw new Error(result.status)
    return { ...at, subject: result.subjectRef, proofingId: result.proofingId }
  }

  async function changes(at: Bench) {
    const events = await at.events()
    return events
      .filter(({ type }) => type.endsWith('IdentityStatusChanged'))
      .map(({ value }) => {
        const message = IdentityStatusChanged.decode(value)
        const check = JSON.parse(message.statusCheckJson.toString()) as Record<string, unknown>
        return { ...message, check }
      })
  }

  test('says nothing while nothing changes', async () => {
    const at = await enrolled()
    expect(await at.proofing.checkNow()).toEqual({ checked: 1, changed: 0, unknown: 0 })
    expect(await changes(at)).toEqual([])
  })

  test.each([
    [
      1,
      CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      'keyCompromise',
      'revoked',
      'key_compromise',
      false,
    ],
    [
      5,
      CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      'cessationOfOperation',
      'revoked',
      'unspecified',
      false,
    ],
    [
      6,
      CertificateStatus.CERTIFICATE_STATUS_SUSPENDED,
      'certificateHold',
      'suspended',
      undefined,
      false,
    ],
    [
      3,
      CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      'affiliationChanged',
      'good',
      'basic4_change',
      true,
    ],
    [4, CertificateStatus.CERTIFICATE_STATUS_UNKNOWN, 'superseded', 'unknown', 'superseded', false],
  ])('tells reason %i once', async (code, status, reason, result, checkReason, stale) => {
    const at = await enrolled()
    at.core.clock.advance(60_000)
    at.world.crl = listed(code)
    expect(await at.proofing.checkNow({ subjectRef: at.subject })).toMatchObject({ changed: 1 })
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 0 })
    const [change, ...more] = await changes(at)
    expect(more).toEqual([])
    expect(change).toMatchObject({
      subjectRef: at.subject,
      proofingIds: [at.proofingId],
      status,
      reason,
      attributesStale: stale,
      effectiveAt: hoursFromNow(-5),
      learnedAt: new Date(NOW.getTime() + 60_000),
    })
    expect(change?.check).toMatchObject({ type: 'status', on: 'e1', result, method: 'crl' })
    expect(change?.check['reason']).toBe(checkReason)
  })

  test('tells that a suspended certificate is good again', async () => {
    const at = await enrolled()
    at.world.crl = listed(6)
    await at.proofing.checkNow()
    at.world.crl = {}
    await at.proofing.checkNow()
    const [, resumed, ...more] = await changes(at)
    expect(more).toEqual([])
    expect(resumed).toMatchObject({ status: CertificateStatus.CERTIFICATE_STATUS_GOOD, reason: '' })
    expect(resumed?.check).toMatchObject({ result: 'good' })
  })

  test('leaves the identity standing where linkage knows what a superseded certificate was replaced by', async () => {
    const at = await enrolled()
    at.world.crl = listed(4)
    at.world.linkage.set('signature:12345678', {
      outcome: 'linked',
      personId: 'person-1-at-this-tenant',
      related: [{ kind: 'signature', serial: '99' }],
      successor: { kind: 'signature', serial: '99' },
    })
    await at.proofing.checkNow()
    const [change] = await changes(at)
    expect(change).toMatchObject({
      status: CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      reason: 'superseded',
    })
    expect(change?.check).toMatchObject({ result: 'good' })
  })

  test('does not take silence for good, nor at once for bad', async () => {
    const at = await enrolled()
    at.world.crl = 'down'
    expect(await at.proofing.checkNow()).toEqual({ checked: 1, changed: 0, unknown: 1 })
    at.core.clock.advance(36 * 3_600_000)
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 1 })
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 0 })
    at.world.crl = {}
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 1, unknown: 0 })
    expect((await changes(at)).map(({ status }) => status)).toEqual([
      CertificateStatus.CERTIFICATE_STATUS_UNKNOWN,
      CertificateStatus.CERTIFICATE_STATUS_GOOD,
    ])
  })

  test('tells a change once when two of them run at once', async () => {
    const at = await enrolled()
    at.world.crl = listed(5)
    await Promise.all([at.proofing.checkNow(), at.proofing.checkNow()])
    expect(await changes(at)).toHaveLength(1)
  })

  test('names every proofing that rests on the certificate', async () => {
    const at = await enrolled()
    await prove(at, person(at))
    at.world.crl = listed(5)
    await at.proofing.checkNow()
    const [change] = await changes(at)
    expect(change?.proofingIds).toHaveLength(2)
  })

  test('leaves expired certificates alone', async () => {
    const at = await enrolled()
    at.core.clock.set('2030-02-17T15:00:00Z')
    expect(await at.proofing.checkNow()).toMatchObject({ checked: 0 })
  })
})

describe('an erased person', () => {
  test('is a new one when the card is tapped again', async () => {
    const at = await bench()
    for (const consumer of createProofingConsumers(at.proofing)) at.core.consume(consumer)
    const card = person(at)
    const first = await subjectOf(at, await prove(at, card))
    const erased = subjectErased({ subjectRef: first, keyIds: [], erasedAt: NOW })
    await at.core.database.run((tx) => at.core.publisher('wallet').publish(tx, erased))
    await at.core.settle()
    expect(await at.proofing.checkNow()).toMatchObject({ checked: 0 })
    expect(await subjectOf(at, await prove(at, card))).not.toBe(first)
  })
})

describe('what leaves the service', () => {
  test('holds no attribute, serial, certificate or digest of one', async () => {
    const at = await bench()
    const canaries = {
      1: '迦楼羅王　金翅鳥乃介',
      2: '0000000000',
      5: '東京都清瀬市迦楼羅台九九九丁目八八八番地七七七号',
      6: '000000000000000000000000',
    }
    const serial = Uint8Array.from([0x51, 0xc4, 0x9e, 0x77, 0x10, 0xfa, 0xe2, 0x38, 0x6b])
    const card = person(at, 'signature', { serial, basicFour: canaries })
    const passed = await prove(at, card)
    at.world.crl = { revoked: [{ serial, reason: 5 }] }
    await at.proofing.checkNow()
    const refused = await prove(at, card)
    at.world.linkage.clear()
    at.world.crl = 'down'
    const undecided = await prove(
      at,
      person(at, 'signature', { serial, basicFour: { ...canaries, 3: '4' } }),
    )
    expect([passed.outcome, refused.outcome, undecided.outcome]).toEqual([
      'passed',
      'refused',
      'refused',
    ])

    const certificateDigest = Buffer.from(
      await crypto.subtle.digest('SHA-256', Buffer.from(card.der)),
    )
    const bytes = [
      Buffer.from(serial),
      Buffer.from(card.der).subarray(200, 260),
      certificateDigest,
      Buffer.from(utf8(canaries[1])),
      Buffer.from(utf8(canaries[5])),
      Buffer.from(utf8('金翅鳥乃介')),
      Buffer.from('1980-02-17'),
      Buffer.from('319800217'),
    ]
    const forms = bytes.flatMap((value) => [
      value,
      Buffer.from(value.toString('hex')),
      Buffer.from(value.toString('hex').toUpperCase()),
      Buffer.from(value.toString('base64').replace(/=+$/, '')),
      Buffer.from(value.toString('base64url')),
    ])
    const left = [
      ...(await at.events()).flatMap(({ value, key }) => [Buffer.from(value), Buffer.from(key)]),
      ...at.logged.map((line) => Buffer.from(line)),
      Buffer.from(JSON.stringify([passed, refused, undecided])),
      ...[...at.deposits.values()].map((value) => Buffer.from(value)),
    ]
    expect(left.length).toBeGreaterThan(5)
    for (const [i, haystack] of left.entries()) {
      for (const needle of forms) expect([i, haystack.includes(needle)]).toEqual([i, false])
    }
  })
})

async function subjectOf(
  at: Bench,
  { opened }: { readonly opened: OpenedProofing },
): Promise<string> {
  const result = await at.proofing.result(opened.sessionId)
  if (result.status !== 'passed') throw new Error(JSON.stringify(result))
  return result.subjectRef
}

async function unseal(ciphertext: Uint8Array | undefined, proofingId: string): Promise<unknown> {
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
