import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  CertificateStatus,
  IdentityProofed,
  IdentityStatusChanged,
  ProofPurpose as PurposeNumber,
  TrustEnvironment as EnvironmentNumber,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import { openTemporaryEventCore } from '../eventlog/temporary-event-core.ts'
import { fromBase64Url, toBase64Url, utf8 } from '../kernel/bytes.ts'
import type { Json } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import { Conflict, InvalidInput, NotFound } from '../kernel/errors.ts'
import { TOPICS } from '../kernel/event.ts'
import { createFactsValidator, type FactsValidator } from '../kernel/facts-check.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { PolicyStore } from '../policy/policy-store.ts'
import type { OpenProofing, ProofingPort, ProofingResult } from '../proofing/ports.ts'
import { encodeCbor } from '../simulator/cbor.ts'
import {
  assertionResponse,
  createCredential,
  FLAGS,
  registrationResponse,
  type Attestation,
  type CeremonyVariation,
  type SoftwareCredential,
} from '../simulator/software-authenticator.ts'
import type { AssertionResponse, RegistrationResponse } from './api.ts'
import { createAuthenticator } from './authenticator.ts'
import { decodeAuthenticatorEvent, type AuthenticatorEvent } from './events.ts'
import type { Session } from './model.ts'
import type { LiveSession } from './ports.ts'
import { SESSION_COOKIE } from './session-cookie.ts'
import { createAuthenticatorConsumers } from './worker.ts'

const RP_ID = 'localhost'
const ORIGIN = 'http://localhost:8080'
const BROWSER = 'b'.repeat(43)
const OTHER_BROWSER = 'o'.repeat(43)

// A passkey in software, with every bit open to change.

interface Passkey {
  credential: SoftwareCredential
}

function newPasskey(aaguid = new Uint8Array(16)): Passkey {
  const userHandle = new Uint8Array()
  return { credential: createCredential(systemRandom, { rpId: RP_ID, userHandle, aaguid }) }
}

const UP = FLAGS.userPresent
const UV = FLAGS.userVerified
const BE = FLAGS.backupEligible
const BS = FLAGS.backedUp
const AT = FLAGS.attestedCredential

interface Overrides {
  flags?: number
  counter?: number
  rpId?: string
  /** Members of the client data; the signature is not made anew. */
  clientData?: Record<string, unknown>
  userHandle?: Uint8Array | null
  id?: string
  /** The counter is another after signing. */
  tamper?: boolean
  attestation?: Attestation
  publicKey?: Uint8Array
}

interface Options {
  challenge: string
  user?: { id: string }
}

function variationOf({ flags, counter, rpId }: Overrides): CeremonyVariation {
  return {
    ...(flags === undefined ? {} : { flags }),
    ...(counter === undefined ? {} : { counter }),
    ...(rpId === undefined ? {} : { rpId }),
  }
}

function changedClientData(clientDataJSON: string, change: Record<string, unknown>): string {
  const clientData: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString())
  return toBase64Url(utf8(JSON.stringify({ ...(clientData as object), ...change })))
}

function create(passkey: Passkey, json: Json, overrides: Overrides = {}): RegistrationResponse {
  const options = json as unknown as Options
  const userHandle = fromBase64Url(options.user?.id ?? '')
  passkey.credential = { ...passkey.credential, userHandle }
  const { credential } = passkey
  const made = registrationResponse(
    { ...credential, publicKey: overrides.publicKey ?? credential.publicKey },
    { challenge: options.challenge, origin: ORIGIN },
    {
      ...variationOf(overrides),
      ...(overrides.attestation ? { attestation: overrides.attestation } : {}),
    },
  )
  const id = overrides.id ?? made.id
  const clientDataJSON = changedClientData(made.response.clientDataJSON, overrides.clientData ?? {})
  return { ...made, id, rawId: id, response: { ...made.response, clientDataJSON } }
}

function get(passkey: Passkey, json: Json, overrides: Overrides = {}): AssertionResponse {
  const { challenge } = json as unknown as Options
  const { userHandle } = overrides
  const made = assertionResponse(
    passkey.credential,
    { challenge, origin: ORIGIN },
    { ...variationOf(overrides), ...(userHandle === undefined ? {} : { userHandle }) },
  )
  const id = overrides.id ?? made.id
  const { clientDataJSON, authenticatorData } = made.response
  const bytes = fromBase64Url(authenticatorData)
  if (overrides.tamper) bytes[bytes.length - 1] = 9
  return {
    ...made,
    id,
    rawId: id,
    response: {
      ...made.response,
      authenticatorData: toBase64Url(bytes),
      clientDataJSON: overrides.clientData
        ? changedClientData(clientDataJSON, overrides.clientData)
        : clientDataJSON,
    },
  }
}

// Proofing that a test answers for.

class FakeProofing implements Pick<ProofingPort, 'open' | 'result'> {
  readonly opened: (OpenProofing & { readonly sessionId: string; readonly ticket: string })[] = []
  readonly #results = new Map<string, ProofingResult>()
  readonly #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  async open(command: OpenProofing) {
    const sessionId = `proofing-session-${this.opened.length}`
    const ticket = `ticket-${String(this.opened.length).padStart(30, '0')}`
    const expiresAt = new Date(this.#now().getTime() + 5 * 60_000)
    this.opened.push({ ...command, sessionId, ticket })
    this.#results.set(sessionId, { status: 'open', expiresAt })
    return { sessionId, ticket, expiresAt, agentUrl: `http://card.localhost:8090/#${ticket}` }
  }

  async result(sessionId: string) {
    const result = this.#results.get(sessionId)
    if (result === undefined) throw new NotFound('no such session')
    return result
  }

  answer(sessionId: string, result: ProofingResult): void {
    this.#results.set(sessionId, result)
  }

  /** The card is tapped on the session that was opened last. */
  pass(subjectRef: string, change: Partial<Extract<ProofingResult, { status: 'passed' }>> = {}) {
    const last = this.opened.at(-1)
    if (last === undefined) throw new TypeError('nothing was opened')
    const proof = {
      status: 'passed',
      proofingId: `proofing-${last.sessionId}`,
      subjectRef,
      purpose: last.purpose,
      keyUse: last.keyUse,
      bindingHash: last.bindingHash,
      verifiedAt: this.#now(),
      ...change,
    } as const
    this.answer(last.sessionId, proof)
    return { ...proof, ticket: last.ticket }
  }
}

const schema = createFactsValidator(new PolicyStore().factsSchema())

/** Without activity a session ends after this time. */
const IDLE = 30 * 60_000

async function openWorld() {
  const core = await openTemporaryEventCore({ services: ['authenticator'] })
  onTestFinished(() => core[Symbol.asyncDispose]())
  const { clock, database } = core
  const proofing = new FakeProofing(() => clock.now())
  const hooks = {
    afterRead: async (): Promise<void> => undefined,
    /** The part of the schema that no facts fit. */
    unfit: '',
  }
  const facts: FactsValidator = {
    facts: (value, path) => schema.facts(value, path),
    part(definition, value) {
      if (definition === hooks.unfit) throw new InvalidInput(definition, 'other facts')
      return schema.part(definition, value)
    },
  }
  const authenticator = createAuthenticator({
    database: {
      dialect: database.dialect,
      run: (work) => database.run(work),
      read: async (query) => {
        const found = await database.read(query)
        await hooks.afterRead()
        return found
      },
      close: () => database.close(),
    },
    publisher: core.publisher('authenticator'),
    facts,
    proofing,
    clock,
    random: systemRandom,
    log: createLog('silent'),
    environment: 'simulator',
    rpId: RP_ID,
    rpName: 'Watashi',
    origin: () => ORIGIN,
  })
  const world = {
    core,
    hooks,
    clock,
    proofing,
    authenticator,
    events: async (): Promise<AuthenticatorEvent[]> => {
      await core.settle()
      const records = await core.events(TOPICS.subject)
      return records.flatMap((record) => decodeAuthenticatorEvent(record) ?? [])
    },
    typed: async <T extends AuthenticatorEvent['type']>(type: T) => {
      const all = await world.events()
      return all.filter((event): event is Extract<AuthenticatorEvent, { type: T }> => {
        return event.type === type
      })
    },
    consume: () => {
      for (const consumer of createAuthenticatorConsumers(authenticator)) core.consume(consumer)
    },
    /** Publishes the event of a proofing as proofing would. */
    publishProofed: async (
      proof: Extract<ProofingResult, { status: 'passed' }>,
      purpose: PurposeNumber = PurposeNumber.PROOF_PURPOSE_ENROL,
    ) => {
      await core.database.run((tx) =>
        core.publisher('proofing').publish(tx, {
          topic: TOPICS.subject,
          key: proof.subjectRef,
          type: 'watashi.identity.v1.IdentityProofed',
          value: IdentityProofed.encode({
            proofingId: proof.proofingId,
            subjectRef: proof.subjectRef,
            trustEnvironment: EnvironmentNumber.TRUST_ENVIRONMENT_SIMULATOR,
            purpose,
            sessionId: 'proofing-session',
            factsJson: Buffer.from('{}'),
            bindingHash: Buffer.from(proof.bindingHash),
            certificateRef: Buffer.alloc(32),
            attributeNames: [],
            verifiedAt: proof.verifiedAt,
          }).finish(),
          occurredAt: proof.verifiedAt,
        }),
      )
    },
    /** Registers up to the tap. */
    register: async (passkey: Passkey, overrides: Overrides = {}, session?: Session) => {
      const begun = await authenticator.beginRegistration(BROWSER, session)
      if (begun.outcome === 'refused') return begun
      return authenticator.completeRegistration({
        registrationId: begun.registrationId,
        browser: BROWSER,
        response: create(passkey, begun.options, overrides),
        keyUse: 'signature',
      })
    },
    enrol: async (subjectRef = 'subject-a', overrides: Overrides = {}) => {
      const passkey = newPasskey()
      const result = await world.register(passkey, overrides)
      expect(result.outcome).toBe('tap_opened')
      const { ticket } = proofing.pass(subjectRef)
      const { state } = await authenticator.registrationState(ticket, BROWSER)
      expect(state).toBe('active')
      return passkey
    },
    login: async (passkey: Passkey, overrides: Overrides = {}, previousToken?: string) => {
      const begun = await authenticator.beginLogin(BROWSER)
      return authenticator.completeLogin({
        ceremonyId: begun.ceremonyId,
        browser: BROWSER,
        response: get(passkey, begun.options, overrides),
        previousToken,
      })
    },
    logIn: async (passkey: Passkey, overrides: Overrides = {}, previousToken?: string) => {
      const result = await world.login(passkey, overrides, previousToken)
      if (result.outcome === 'refused') throw new Error(`refused: ${result.reason}`)
      return { ...result, cookie: `${SESSION_COOKIE}=${result.token}` }
    },
    logInByCard: async (subjectRef: string, previousToken?: string) => {
      await authenticator.beginCardLogin(BROWSER, '/login/return')
      const { ticket } = proofing.pass(subjectRef)
      const state = await authenticator.cardLoginState({
        ticket,
        browser: BROWSER,
        previousToken,
      })
      if (state.session === null) throw new Error('no session')
      return { ...state, session: state.session, ticket }
    },
    live: async (cookie: string): Promise<LiveSession> => {
      const session = await authenticator.sessions.current(cookie)
      if (session === undefined) throw new Error('no live session')
      return session
    },
    only: async (session: Session) => {
      const [authenticatorRow] = await authenticator.authenticatorsOf(session)
      if (authenticatorRow === undefined) throw new Error('no authenticator')
      return authenticatorRow
    },
  }
  return world
}

describe('facts that the schema does not take', () => {
  test.each(['passkey', 'card'])('of a login by %s: no session, no event', async (method) => {
    const { hooks, enrol, logIn, logInByCard, login, typed } = await openWorld()
    const passkey = await enrol()
    hooks.unfit = 'auth'
    const attempt = method === 'passkey' ? login(passkey) : logInByCard('subject-a')
    await expect(attempt).rejects.toMatchObject({ code: 'FACTS_REFUSED' })
    expect(await typed('AuthenticationPerformed')).toEqual([])
    hooks.unfit = ''
    await (method === 'passkey' ? logIn(passkey) : logInByCard('subject-a'))
    expect(await typed('AuthenticationPerformed')).toHaveLength(1)
  })

  test('of a binding: nothing is bound, no event', async () => {
    const { hooks, enrol, typed } = await openWorld()
    hooks.unfit = 'bindingRecord'
    await expect(enrol()).rejects.toMatchObject({ code: 'FACTS_REFUSED' })
    expect(await typed('AuthenticatorBound')).toEqual([])
    hooks.unfit = ''
    await enrol()
    expect(await typed('AuthenticatorBound')).toHaveLength(1)
  })
})

describe('registration', () => {
  test('asks for a discoverable passkey with user verification and pinned algorithms', async () => {
    const { authenticator } = await openWorld()
    const first = await authenticator.beginRegistration(BROWSER, undefined)
    const second = await authenticator.beginRegistration(BROWSER, undefined)
    if (first.outcome === 'refused' || second.outcome === 'refused') throw new Error('refused')
    expect(first.options).toMatchObject({
      rp: { id: RP_ID, name: 'Watashi' },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      attestation: 'none',
      pubKeyCredParams: [{ alg: -7 }, { alg: -8 }, { alg: -257 }],
    })
    expect(first.options).not.toHaveProperty('authenticatorSelection.authenticatorAttachment')
    const options = [first.options, second.options] as unknown as Options[]
    expect(options.map((one) => Buffer.from(one.challenge, 'base64url').length)).toEqual([32, 32])
    const handles = options.map((one) => one.user?.id)
    expect(new Set(handles).size).toBe(2)
    expect(Buffer.from(handles[0] ?? '', 'base64url').length).toBe(32)
  })

  test('hands the binding hash of this very credential to the card', async () => {
    const { register, proofing } = await openWorld()
    await register(newPasskey())
    await register(newPasskey())
    const hashes = proofing.opened.map((one) => Buffer.from(one.bindingHash).toString('hex'))
    expect(new Set(hashes).size).toBe(2)
    expect(proofing.opened[0]).toMatchObject({
      purpose: 'enrol',
      rpId: '',
      keyUse: 'signature',
      returnPath: '/enrol/return',
    })
    expect(proofing.opened[0]?.bindingHash.length).toBe(32)
  })

  test('a passkey is pending until the card vouches for it, then active and told of once', async () => {
    const { authenticator, register, proofing, login, typed } = await openWorld()
    const passkey = newPasskey()
    await register(passkey)
    const ticket = proofing.opened[0]?.ticket ?? ''
    expect(await authenticator.registrationState(ticket, BROWSER)).toMatchObject({
      state: 'pending',
      reason: null,
    })
    expect(await login(passkey)).toEqual({ outcome: 'refused', reason: 'AUTHENTICATOR_PENDING' })

    const proof = proofing.pass('subject-a')
    for (let poll = 0; poll < 3; poll += 1) {
      expect((await authenticator.registrationState(ticket, BROWSER)).state).toBe('active')
    }
    expect(await login(passkey)).toMatchObject({ outcome: 'logged_in' })
    const bound = await typed('AuthenticatorBound')
    expect(bound).toMatchObject([
      {
        subjectRef: 'subject-a',
        environment: 'simulator',
        proofingId: proof.proofingId,
        facts: {
          method: 'proofing_session',
          proofing_id: proof.proofingId,
          same_protected_session: true,
        },
      },
    ])
  })

  test('the event of the proofing binds as well, and whichever comes second does nothing', async () => {
    const world = await openWorld()
    world.consume()
    const passkey = newPasskey()
    await world.register(passkey)
    const proof = world.proofing.pass('subject-a')
    await world.publishProofed(proof)
    await world.core.settle()
    expect(await world.login(passkey)).toMatchObject({ outcome: 'logged_in' })
    expect(await world.authenticator.registrationState(proof.ticket, BROWSER)).toMatchObject({
      state: 'active',
    })
    await world.publishProofed({ ...proof, proofingId: 'another', subjectRef: 'subject-b' })
    expect(await world.typed('AuthenticatorBound')).toMatchObject([{ subjectRef: 'subject-a' }])
  })

  test.each([
    ['a hash over another key', { bindingHash: sha256('another key') }, undefined],
    ['no hash', { bindingHash: new Uint8Array() }, undefined],
    ['another purpose', {}, PurposeNumber.PROOF_PURPOSE_LOGIN],
    ['a tap after the ten minutes', { verifiedAt: new Date('2026-04-01T00:10:00Z') }, undefined],
  ])('a proofing with %s binds nothing', async (_name, change, purpose) => {
    const world = await openWorld()
    world.consume()
    const passkey = newPasskey()
    await world.register(passkey)
    const proof = world.proofing.pass('subject-a', change)
    await world.publishProofed(proof, purpose)
    expect(await world.typed('AuthenticatorBound')).toEqual([])
    expect(await world.login(passkey)).toMatchObject({ reason: 'AUTHENTICATOR_PENDING' })
  })

  test('the state of a proofing is told on: refused, indeterminate, expired', async () => {
    const { authenticator, register, proofing, clock } = await openWorld()
    await register(newPasskey())
    const last = proofing.opened[0]
    if (last === undefined) throw new Error('nothing opened')
    const state = () => authenticator.registrationState(last.ticket, BROWSER)
    proofing.answer(last.sessionId, { status: 'refused', reason: 'CERTIFICATE_REVOKED' })
    expect(await state()).toMatchObject({ state: 'refused', reason: 'CERTIFICATE_REVOKED' })
    proofing.answer(last.sessionId, { status: 'indeterminate', reason: 'CRL_STALE' })
    expect(await state()).toMatchObject({ state: 'indeterminate', reason: 'CRL_STALE' })
    proofing.answer(last.sessionId, { status: 'expired' })
    expect(await state()).toMatchObject({ state: 'expired' })
    clock.advance(10 * 60_000)
    proofing.answer(last.sessionId, { status: 'open', expiresAt: clock.now() })
    expect(await state()).toMatchObject({ state: 'expired' })
  })

  test('the ticket says nothing to another browser', async () => {
    const { authenticator, register, proofing } = await openWorld()
    await register(newPasskey())
    const { ticket } = proofing.pass('subject-a')
    await expect(authenticator.registrationState(ticket, OTHER_BROWSER)).rejects.toThrow(NotFound)
    await expect(authenticator.registrationState('x'.repeat(43), BROWSER)).rejects.toThrow(NotFound)
  })

  test('a second passkey of somebody who is logged in is bound to the same person', async () => {
    const { enrol, logIn, register, proofing, authenticator } = await openWorld()
    const { session } = await logIn(await enrol())
    await register(newPasskey(), {}, session)
    const { ticket } = proofing.pass('subject-a')
    expect((await authenticator.registrationState(ticket, BROWSER)).state).toBe('active')
    expect(await authenticator.authenticatorsOf(session)).toMatchObject([
      { state: 'active' },
      { state: 'active' },
    ])
  })

  test('the card of somebody else does not bind a passkey begun in a session', async () => {
    const { enrol, logIn, register, login, proofing, authenticator, typed } = await openWorld()
    const { session } = await logIn(await enrol())
    const passkey = newPasskey()
    await register(passkey, {}, session)
    const { ticket } = proofing.pass('subject-b')
    expect(await authenticator.registrationState(ticket, BROWSER)).toMatchObject({
      state: 'refused',
      reason: 'SUBJECT_MISMATCH',
    })
    expect(await login(passkey)).toMatchObject({ reason: 'AUTHENTICATOR_REVOKED' })
    expect(await typed('AuthenticatorStateChanged')).toMatchObject([
      { from: 'pending', to: 'revoked', reason: 'SUBJECT_MISMATCH' },
    ])
  })

  test('a person has at most five passkeys', async () => {
    const { enrol, logIn, register, proofing, authenticator } = await openWorld()
    const first = await enrol()
    for (let n = 0; n < 4; n += 1) await enrol()
    await register(newPasskey())
    const { ticket } = proofing.pass('subject-a')
    expect(await authenticator.registrationState(ticket, BROWSER)).toMatchObject({
      state: 'refused',
      reason: 'TOO_MANY_AUTHENTICATORS',
    })
    const { session } = await logIn(first)
    expect(await authenticator.beginRegistration(BROWSER, session)).toEqual({
      outcome: 'refused',
      reason: 'TOO_MANY_AUTHENTICATORS',
    })
  })

  test('a credential is registered once', async () => {
    const { enrol, register } = await openWorld()
    const passkey = await enrol()
    expect(await register(passkey)).toEqual({ outcome: 'refused', reason: 'CREDENTIAL_EXISTS' })
  })

  test.each<[string, Overrides, string]>([
    ['of another type', { clientData: { type: 'webauthn.get' } }, 'TYPE_MISMATCH'],
    ['to another challenge', { clientData: { challenge: 'AAAA' } }, 'CHALLENGE_MISMATCH'],
    ['from another origin', { clientData: { origin: 'http://evil.localhost' } }, 'ORIGIN_MISMATCH'],
    ['from a frame', { clientData: { crossOrigin: true } }, 'CROSS_ORIGIN'],
    ['with a top origin', { clientData: { topOrigin: ORIGIN } }, 'CROSS_ORIGIN'],
    ['for another rpId', { rpId: 'evil.localhost' }, 'RP_ID_MISMATCH'],
    ['without user presence', { flags: UV | AT }, 'USER_NOT_PRESENT'],
    ['without user verification', { flags: UP | AT }, 'USER_NOT_VERIFIED'],
    ['backed up but not eligible', { flags: UP | UV | AT | BS }, 'BACKUP_FLAGS_INVALID'],
    ['without a credential', { flags: UP | UV }, 'RESPONSE_MALFORMED'],
    ['under another id', { id: toBase64Url(randomBytes(32)) }, 'RESPONSE_MALFORMED'],
    [
      'with a self-made certificate',
      { attestation: { x5c: [utf8('a certificate of my own')] } },
      'ATTESTATION_NOT_ACCEPTED',
    ],
    ['with an algorithm not asked for', { publicKey: p384Key() }, 'ALGORITHM_NOT_ALLOWED'],
    ['with an RSA key of 512 bit', { publicKey: rsaKey(64) }, 'ALGORITHM_NOT_ALLOWED'],
  ])('refuses a registration %s', async (_name, overrides, reason) => {
    const { register, proofing, typed } = await openWorld()
    expect(await register(newPasskey(), overrides)).toEqual({ outcome: 'refused', reason })
    expect(proofing.opened).toEqual([])
    expect(await typed('AuthenticationRefused')).toMatchObject([{ reason }])
  })

  test('a self attestation is recorded as no more than that, and a claimed model is no fact', async () => {
    const { register, proofing, authenticator, logIn } = await openWorld()
    const passkey = newPasskey(new Uint8Array(16).fill(7))
    await register(passkey, { attestation: {} })
    const { ticket } = proofing.pass('subject-a')
    await authenticator.registrationState(ticket, BROWSER)
    const { session } = await logIn(passkey)
    expect(session.auth.factors[0]).toMatchObject({ attestation: 'self', exportable: null })
    expect(session.auth.factors[0]).not.toHaveProperty('aaguid')
  })

  test('a response is taken once, in time, and from the browser that began', async () => {
    const { authenticator, clock } = await openWorld()
    const begin = async () => {
      const begun = await authenticator.beginRegistration(BROWSER, undefined)
      if (begun.outcome === 'refused') throw new Error('refused')
      const response = create(newPasskey(), begun.options)
      return { ...begun, response, keyUse: 'signature' as const, browser: BROWSER }
    }
    const foreign = await begin()
    expect(
      await authenticator.completeRegistration({ ...foreign, browser: OTHER_BROWSER }),
    ).toMatchObject({ reason: 'CEREMONY_OF_ANOTHER_BROWSER' })
    expect(await authenticator.completeRegistration(foreign)).toMatchObject({
      outcome: 'tap_opened',
    })
    expect(await authenticator.completeRegistration(foreign)).toMatchObject({
      reason: 'CEREMONY_ALREADY_USED',
    })
    const late = await begin()
    clock.advance(5 * 60_000)
    expect(await authenticator.completeRegistration(late)).toMatchObject({
      reason: 'CEREMONY_EXPIRED',
    })
  })
})

function p384Key(): Uint8Array {
  const [x, y] = [new Uint8Array(randomBytes(48)), new Uint8Array(randomBytes(48))]
  return encodeCbor(
    new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -35],
      [-1, 2],
      [-2, x],
      [-3, y],
    ]),
  )
}

function rsaKey(modulusBytes: number): Uint8Array {
  const modulus = new Uint8Array(randomBytes(modulusBytes))
  const exponent = Uint8Array.of(1, 0, 1)
  return encodeCbor(
    new Map<number, number | Uint8Array>([
      [1, 3],
      [3, -257],
      [-1, modulus],
      [-2, exponent],
    ]),
  )
}

describe('login', () => {
  test('gives a session with the facts of this ceremony and tells of it', async () => {
    const { enrol, logIn, live, typed } = await openWorld()
    const passkey = await enrol('subject-a', { flags: UP | UV | AT | BE | BS })
    const { session, cookie } = await logIn(passkey, { flags: UP | UV | BE | BS })
    expect(await live(cookie)).toMatchObject({
      sessionId: session.id,
      subjectRef: 'subject-a',
      boundByProofingId: 'proofing-proofing-session-0',
      auth: {
        factors: [
          {
            type: 'mf_crypto',
            uv: true,
            up: true,
            be: true,
            bs: true,
            exportable: true,
            attestation: 'none',
            phishing_resistant: true,
          },
        ],
      },
    })
    expect(await typed('AuthenticationPerformed')).toEqual([
      {
        type: 'AuthenticationPerformed',
        sessionId: session.id,
        subjectRef: 'subject-a',
        authenticatorId: session.authenticatorId,
        environment: 'simulator',
        facts: session.auth,
        at: session.authenticatedAt,
      },
    ])
  })

  test('a key that says it stays is not believed without attestation', async () => {
    const { enrol, logIn } = await openWorld()
    const { session } = await logIn(await enrol())
    expect(session.auth.factors[0]).toMatchObject({ be: false, exportable: null, hardware: null })
  })

  test.each<[string, Overrides, string]>([
    ['of another type', { clientData: { type: 'webauthn.create' } }, 'TYPE_MISMATCH'],
    ['over another challenge', { clientData: { challenge: 'AAAA' } }, 'CHALLENGE_MISMATCH'],
    ['from another origin', { clientData: { origin: 'http://localhost:8081' } }, 'ORIGIN_MISMATCH'],
    ['from a frame', { clientData: { crossOrigin: true } }, 'CROSS_ORIGIN'],
    ['with a top origin', { clientData: { topOrigin: 'http://evil.localhost' } }, 'CROSS_ORIGIN'],
    ['for another rpId', { rpId: 'evil.localhost' }, 'RP_ID_MISMATCH'],
    ['without user presence', { flags: UV }, 'USER_NOT_PRESENT'],
    ['without user verification', { flags: UP }, 'USER_NOT_VERIFIED'],
    ['backed up but not eligible', { flags: UP | UV | BS }, 'BACKUP_FLAGS_INVALID'],
    ['whose backup eligibility flipped', { flags: UP | UV | BE }, 'BACKUP_ELIGIBILITY_CHANGED'],
    ['for the handle of somebody else', { userHandle: new Uint8Array(32) }, 'USER_HANDLE_MISMATCH'],
    ['without a handle', { userHandle: null }, 'USER_HANDLE_MISMATCH'],
    ['of an unknown credential', { id: toBase64Url(randomBytes(32)) }, 'CREDENTIAL_UNKNOWN'],
    ['whose bytes were changed after signing', { tamper: true }, 'SIGNATURE_INVALID'],
  ])('refuses an assertion %s', async (_name, overrides, reason) => {
    const { enrol, login, typed } = await openWorld()
    const passkey = await enrol()
    expect(await login(passkey, overrides)).toEqual({ outcome: 'refused', reason })
    expect(await login(passkey)).toMatchObject({ outcome: 'logged_in' })
    const refusals = await typed('AuthenticationRefused')
    expect(refusals).toMatchObject([{ reason }])
    expect(refusals[0]?.subjectRef).toBe(reason === 'CREDENTIAL_UNKNOWN' ? undefined : 'subject-a')
  })

  test('refuses the signature of another key', async () => {
    const { enrol, login } = await openWorld()
    const passkey = await enrol()
    const { id, userHandle } = passkey.credential
    const forged = { credential: { ...newPasskey().credential, id, userHandle } }
    expect(await login(forged)).toMatchObject({ reason: 'SIGNATURE_INVALID' })
  })

  test('a challenge is for one answer: of two at the same time one wins, a replay never', async () => {
    const { authenticator, enrol, typed } = await openWorld()
    const passkey = await enrol()
    const begun = await authenticator.beginLogin(BROWSER)
    const command = {
      ceremonyId: begun.ceremonyId,
      browser: BROWSER,
      response: get(passkey, begun.options),
      previousToken: undefined,
    }
    const results = await Promise.all([
      authenticator.completeLogin(command),
      authenticator.completeLogin(command),
    ])
    expect(results.map((result) => result.outcome).sort()).toEqual(['logged_in', 'refused'])
    expect(await authenticator.completeLogin(command)).toMatchObject({
      reason: 'CEREMONY_ALREADY_USED',
    })
    expect(await typed('AuthenticationPerformed')).toHaveLength(1)
  })

  test('a challenge is used up by a wrong answer, too', async () => {
    const { authenticator, enrol } = await openWorld()
    const passkey = await enrol()
    const begun = await authenticator.beginLogin(BROWSER)
    const answer = (overrides: Overrides) =>
      authenticator.completeLogin({
        ceremonyId: begun.ceremonyId,
        browser: BROWSER,
        response: get(passkey, begun.options, overrides),
        previousToken: undefined,
      })
    expect(await answer({ flags: UP })).toMatchObject({ reason: 'USER_NOT_VERIFIED' })
    expect(await answer({})).toMatchObject({ reason: 'CEREMONY_ALREADY_USED' })
  })

  test('a challenge is good for five minutes and for the browser that got it', async () => {
    const { authenticator, enrol, clock } = await openWorld()
    const passkey = await enrol()
    const begun = await authenticator.beginLogin(BROWSER)
    const command = {
      ceremonyId: begun.ceremonyId,
      browser: OTHER_BROWSER,
      response: get(passkey, begun.options),
      previousToken: undefined,
    }
    expect(await authenticator.completeLogin(command)).toMatchObject({
      reason: 'CEREMONY_OF_ANOTHER_BROWSER',
    })
    clock.advance(5 * 60_000)
    expect(await authenticator.completeLogin({ ...command, browser: BROWSER })).toMatchObject({
      reason: 'CEREMONY_EXPIRED',
    })
    await expect(authenticator.completeLogin({ ...command, ceremonyId: 'never' })).rejects.toThrow(
      NotFound,
    )
  })

  test('the ceremony of a registration is no login', async () => {
    const { authenticator, enrol } = await openWorld()
    const passkey = await enrol()
    const begun = await authenticator.beginRegistration(BROWSER, undefined)
    if (begun.outcome === 'refused') throw new Error('refused')
    await expect(
      authenticator.completeLogin({
        ceremonyId: begun.registrationId,
        browser: BROWSER,
        response: get(passkey, begun.options),
        previousToken: undefined,
      }),
    ).rejects.toThrow(NotFound)
  })

  test.each([3, 5, 0])(
    'a counter that falls from 5 to %i on a key that cannot be copied suspends it until the card comes',
    async (counter) => {
      const { enrol, login, logIn, logInByCard, authenticator, typed } = await openWorld()
      const passkey = await enrol()
      const { cookie, session } = await logIn(passkey, { counter: 5 })
      expect(await login(passkey, { counter })).toMatchObject({ reason: 'COUNTER_REGRESSED' })
      expect(await authenticator.sessions.current(cookie)).toBeUndefined()
      expect(await login(passkey, { counter: 9 })).toMatchObject({
        reason: 'AUTHENTICATOR_SUSPENDED',
      })
      expect(await typed('AuthenticatorStateChanged')).toMatchObject([
        { from: 'active', to: 'suspended', reason: 'COUNTER_REGRESSED' },
      ])

      const other = await logIn(await enrol())
      const id = session.authenticatorId
      expect(await authenticator.changeAuthenticator(other.session, id, 'resume')).toEqual({
        outcome: 'refused',
        reason: 'CARD_REQUIRED',
      })
      const card = await logInByCard('subject-a')
      expect(await authenticator.changeAuthenticator(card.session, id, 'resume')).toEqual({
        outcome: 'changed',
      })
      expect(await login(passkey, { counter: 9 })).toMatchObject({ outcome: 'logged_in' })
    },
  )

  test('a counter that falls on a synced passkey is let pass, and its height is kept', async () => {
    const { enrol, login, logIn, only } = await openWorld()
    const passkey = await enrol('subject-a', { flags: UP | UV | AT | BE })
    await logIn(passkey, { flags: UP | UV | BE, counter: 5 })
    const { session } = await logIn(passkey, { flags: UP | UV | BE | BS, counter: 3 })
    expect(await only(session)).toMatchObject({ counter: 5, backedUp: true })
    expect(await login(passkey, { flags: UP | UV | BE })).toMatchObject({ outcome: 'logged_in' })
  })

  test('a login ends the session that the browser had, and its relying parties go over', async () => {
    const { enrol, logIn, authenticator, typed } = await openWorld()
    const passkey = await enrol()
    const first = await logIn(passkey)
    await authenticator.sessions.noteUse(first.session.id, 'library')
    const second = await logIn(passkey, {}, first.token)
    expect(await authenticator.sessions.current(first.cookie)).toBeUndefined()
    expect(await authenticator.sessions.latestFor('subject-a', 'library')).toMatchObject({
      sessionId: second.session.id,
    })
    expect(await typed('SessionEnded')).toMatchObject([
      { sessionId: first.session.id, reason: 'REPLACED' },
    ])
  })

  test('another person in the same browser gets nothing of the one before', async () => {
    const { enrol, logIn, authenticator } = await openWorld()
    const first = await logIn(await enrol('subject-a'))
    await authenticator.sessions.noteUse(first.session.id, 'library')
    await logIn(await enrol('subject-b'), {}, first.token)
    expect(await authenticator.sessions.byId(first.session.id)).toBeUndefined()
    expect(await authenticator.sessions.latestFor('subject-b', 'library')).toBeUndefined()
  })
})

describe('login by card', () => {
  test('gives a session with the facts of a relayed tap, once', async () => {
    const { authenticator, logInByCard, proofing, typed } = await openWorld()
    const { session, token, ticket } = await logInByCard('subject-a')
    expect(proofing.opened[0]).toMatchObject({
      purpose: 'login',
      keyUse: 'authentication',
      returnPath: '/login/return',
    })
    expect(session.auth.factors).toMatchObject([
      {
        type: 'mf_crypto',
        form: 'ic_card',
        activation: 'pin',
        attestation: 'pki_chain',
        exportable: false,
        phishing_resistant: false,
      },
    ])
    expect(token).toBeDefined()
    const command = { ticket, browser: BROWSER, previousToken: undefined }
    const again = await authenticator.cardLoginState(command)
    expect(again).toMatchObject({ state: 'passed', session: { id: session.id } })
    expect(again).not.toHaveProperty('token')
    expect(await typed('AuthenticationPerformed')).toHaveLength(1)
  })

  test('two answers at the same time start one session', async () => {
    const { authenticator, proofing, typed } = await openWorld()
    await authenticator.beginCardLogin(BROWSER, '/login/return')
    const { ticket } = proofing.pass('subject-a')
    const command = { ticket, browser: BROWSER, previousToken: undefined }
    const states = await Promise.all([
      authenticator.cardLoginState(command),
      authenticator.cardLoginState(command),
    ])
    expect(states.map((one) => one.state)).toEqual(['passed', 'passed'])
    expect(states.filter((one) => one.token !== undefined)).toHaveLength(1)
    expect(await typed('AuthenticationPerformed')).toHaveLength(1)
  })

  test.each([
    [{ purpose: 'enrol' as const }],
    [{ keyUse: 'signature' as const }],
    [{ bindingHash: sha256('x') }],
  ])('refuses a proof that was made for something else: %j', async (change) => {
    const { authenticator, proofing, typed } = await openWorld()
    await authenticator.beginCardLogin(BROWSER, '/login/return')
    const { ticket } = proofing.pass('subject-a', change)
    expect(
      await authenticator.cardLoginState({ ticket, browser: BROWSER, previousToken: undefined }),
    ).toMatchObject({ state: 'refused', session: null, reason: 'PROOF_MISMATCH' })
    expect(await typed('AuthenticationPerformed')).toEqual([])
  })

  test('the ticket is no login in another browser, nor after its time', async () => {
    const { authenticator, proofing, clock } = await openWorld()
    await authenticator.beginCardLogin(BROWSER, '/login/return')
    const { ticket } = proofing.pass('subject-a')
    const command = { ticket, previousToken: undefined }
    await expect(
      authenticator.cardLoginState({ ...command, browser: OTHER_BROWSER }),
    ).rejects.toThrow(NotFound)
    clock.advance(10 * 60_000)
    expect(await authenticator.cardLoginState({ ...command, browser: BROWSER })).toMatchObject({
      state: 'expired',
      session: null,
    })
  })
})

describe('confirming again with the card', () => {
  async function openReproof() {
    const world = await openWorld()
    const { session } = await world.logIn(await world.enrol('subject-a'))
    await world.authenticator.beginReproof(BROWSER, session, {
      returnPath: '/reproof/return',
      purpose: 'reproof',
    })
    const ask = (ticket: string, browser = BROWSER, subjectRef = session.subjectRef) =>
      world.authenticator.reproofState({ ticket, browser, session: { subjectRef } })
    const ticket = world.proofing.opened.at(-1)?.ticket ?? ''
    return { ...world, ask, ticket }
  }

  test('opens a proofing with the signature key that binds nothing, and tells that it passed', async () => {
    const { proofing, ask, ticket, typed } = await openReproof()
    expect(proofing.opened.at(-1)).toMatchObject({
      purpose: 'reproof',
      keyUse: 'signature',
      bindingHash: new Uint8Array(),
      rpId: '',
      returnPath: '/reproof/return',
    })
    expect(await ask(ticket)).toEqual({ state: 'pending', reason: null })
    proofing.pass('subject-a')
    expect(await ask(ticket)).toEqual({ state: 'passed', reason: null })
    expect(await typed('AuthenticationPerformed')).toHaveLength(1)
    expect(await typed('AuthenticatorBound')).toHaveLength(1)
  })

  test('the card of somebody else is told as that and as nothing more', async () => {
    const { proofing, ask, ticket } = await openReproof()
    proofing.pass('subject-b')
    expect(await ask(ticket)).toEqual({ state: 'other_person', reason: null })
  })

  test('is answered to the browser and the person that began it, and to no other', async () => {
    const { proofing, ask, ticket } = await openReproof()
    proofing.pass('subject-a')
    await expect(ask(ticket, OTHER_BROWSER)).rejects.toThrow(NotFound)
    await expect(ask(ticket, BROWSER, 'subject-b')).rejects.toThrow(NotFound)
    await expect(ask('t'.repeat(30))).rejects.toThrow(NotFound)
  })

  test('the ticket of a login is none of a new proofing', async () => {
    const { authenticator, proofing, ask } = await openReproof()
    await authenticator.beginCardLogin(BROWSER, '/login/return')
    const { ticket } = proofing.pass('subject-a')
    await expect(ask(ticket)).rejects.toThrow(NotFound)
  })

  test.each([
    [{ purpose: 'login' as const }],
    [{ purpose: 'enrol' as const }],
    [{ keyUse: 'authentication' as const }],
  ])('refuses a proof that was made for something else: %j', async (change) => {
    const { proofing, ask, ticket } = await openReproof()
    proofing.pass('subject-a', change)
    expect(await ask(ticket)).toEqual({ state: 'refused', reason: 'PROOF_MISMATCH' })
  })

  test('says why a card was refused or could not be judged', async () => {
    const { proofing, ask, ticket } = await openReproof()
    const { sessionId = '' } = proofing.opened.at(-1) ?? {}
    for (const status of ['refused', 'indeterminate'] as const) {
      proofing.answer(sessionId, { status, reason: 'SOME_REASON' })
      expect(await ask(ticket)).toEqual({ state: status, reason: 'SOME_REASON' })
    }
  })

  test('runs out when no card came, and not when one did', async () => {
    const { proofing, ask, ticket, clock } = await openReproof()
    clock.advance(10 * 60_000 - 1)
    expect(await ask(ticket)).toMatchObject({ state: 'pending' })
    clock.advance(1)
    expect(await ask(ticket)).toEqual({ state: 'expired', reason: null })
    proofing.pass('subject-a')
    expect(await ask(ticket)).toMatchObject({ state: 'passed' })
    proofing.answer(proofing.opened.at(-1)?.sessionId ?? '', { status: 'expired' })
    expect(await ask(ticket)).toEqual({ state: 'expired', reason: null })
  })
})

describe('the first login after a registration', () => {
  async function openTwice() {
    const world = await openWorld()
    const abandoned = newPasskey()
    await world.register(abandoned)
    const made = newPasskey()
    const begun = await world.authenticator.beginRegistration(BROWSER, undefined)
    if (begun.outcome === 'refused') throw new Error(begun.reason)
    const { registrationId } = begun
    const respond = () =>
      world.authenticator.completeRegistration({
        registrationId,
        browser: BROWSER,
        response: create(made, begun.options),
        keyUse: 'signature',
      })
    const bind = async () => {
      await respond()
      const { ticket } = world.proofing.pass('subject-a')
      await world.authenticator.registrationState(ticket, BROWSER)
    }
    const answer = async (passkey: Passkey, overrides: Overrides = {}) => {
      const login = await world.authenticator.beginLogin(BROWSER, registrationId)
      const response = get(passkey, login.options, overrides)
      const { ceremonyId } = login
      const command = { ceremonyId, browser: BROWSER, response, previousToken: undefined }
      return { login, result: await world.authenticator.completeLogin(command) }
    }
    return { ...world, abandoned, made, registrationId, bind, answer }
  }

  test('names the passkey just made, so that the device offers no abandoned one', async () => {
    const { bind, answer, made } = await openTwice()
    await bind()
    const { login, result } = await answer(made)
    expect(login.options).toMatchObject({
      allowCredentials: [{ id: toBase64Url(made.credential.id) }],
    })
    expect(result).toMatchObject({ outcome: 'logged_in' })
  })

  test('needs no user handle, since a device that was told which passkey may leave it out', async () => {
    const { bind, answer, made } = await openTwice()
    await bind()
    expect((await answer(made, { userHandle: null })).result).toMatchObject({
      outcome: 'logged_in',
    })
  })

  test('takes no other passkey', async () => {
    const { bind, answer, abandoned } = await openTwice()
    await bind()
    expect((await answer(abandoned)).result).toMatchObject({ reason: 'CREDENTIAL_NOT_ALLOWED' })
  })

  test('is told to the browser that registered, once there is a passkey', async () => {
    const { authenticator, bind, registrationId } = await openTwice()
    await expect(authenticator.beginLogin(BROWSER, registrationId)).rejects.toThrow(NotFound)
    await bind()
    await expect(authenticator.beginLogin(OTHER_BROWSER, registrationId)).rejects.toThrow(NotFound)
    await expect(authenticator.beginLogin(BROWSER, 'r'.repeat(43))).rejects.toThrow(NotFound)
  })

  test('an abandoned passkey becomes unknown, and not while a card may still vouch for it', async () => {
    const { register, proofing, login, clock } = await openWorld()
    const abandoned = newPasskey()
    await register(abandoned)
    expect(proofing.opened).toHaveLength(1)
    clock.advance(20 * 60_000 - 1)
    expect(await login(abandoned)).toMatchObject({ reason: 'AUTHENTICATOR_PENDING' })
    clock.advance(1)
    expect(await login(abandoned)).toMatchObject({ reason: 'CREDENTIAL_UNKNOWN' })
  })

  test('passkeys of one day have names of their own on the device', async () => {
    const { authenticator, clock } = await openWorld()
    const nameOfNext = async () => {
      const begun = await authenticator.beginRegistration(BROWSER, undefined)
      if (begun.outcome === 'refused') throw new Error(begun.reason)
      return (begun.options as unknown as { user: { name: string; displayName: string } }).user
    }
    const first = await nameOfNext()
    expect(first.name).toMatch(/^Watashi \d{4}-\d{2}-\d{2} \d{2}:\d{2}$/)
    expect(first.displayName).toBe(first.name)
    clock.advance(60_000)
    expect((await nameOfNext()).name).not.toBe(first.name)
  })
})

describe('sessions', () => {
  test('end after thirty idle minutes and after twelve hours, whatever happens', async () => {
    const { enrol, logIn, authenticator, clock } = await openWorld()
    const passkey = await enrol()
    const idle = await logIn(passkey)
    clock.advance(30 * 60_000 - 1)
    expect(await authenticator.sessions.byId(idle.session.id)).toBeDefined()
    clock.advance(1)
    expect(await authenticator.sessions.current(idle.cookie)).toBeUndefined()

    const busy = await logIn(passkey)
    for (let minutes = 0; minutes < 12 * 60 - 20; minutes += 20) {
      clock.advance(20 * 60_000)
      expect(await authenticator.sessions.current(busy.cookie)).toBeDefined()
    }
    clock.advance(20 * 60_000)
    expect(await authenticator.sessions.current(busy.cookie)).toBeUndefined()
  })

  test('are found by their own cookie alone', async () => {
    const { enrol, logIn, authenticator } = await openWorld()
    const { session, token } = await logIn(await enrol())
    const { sessions } = authenticator
    expect(await sessions.current(`a=b; ${SESSION_COOKIE}=${token}; c=d`)).toBeDefined()
    expect(await sessions.current(undefined)).toBeUndefined()
    expect(await sessions.current(`${SESSION_COOKIE}=${session.id}`)).toBeUndefined()
    expect(await sessions.current(`${SESSION_COOKIE}=${session.tokenHash}`)).toBeUndefined()
    const twice = `${SESSION_COOKIE}=${token}; ${SESSION_COOKIE}=${'x'.repeat(43)}`
    expect(await sessions.current(twice)).toBeUndefined()
  })

  test('end with a logout, which is told', async () => {
    const { enrol, logIn, authenticator, typed } = await openWorld()
    const { session, cookie } = await logIn(await enrol())
    await authenticator.logOut(cookie)
    await authenticator.logOut(cookie)
    expect(await authenticator.sessions.current(cookie)).toBeUndefined()
    expect(await typed('SessionEnded')).toMatchObject([
      { sessionId: session.id, reason: 'LOGOUT', subjectRef: 'subject-a' },
    ])
  })

  test('of several at one relying party the freshest live one counts', async () => {
    const { enrol, logIn, authenticator, clock } = await openWorld()
    const passkey = await enrol()
    const old = await logIn(passkey)
    clock.advance(60_000)
    const fresh = await logIn(passkey)
    const { sessions } = authenticator
    expect(await sessions.latestFor('subject-a', 'bank')).toBeUndefined()
    await sessions.noteUse(fresh.session.id, 'bank')
    await sessions.noteUse(old.session.id, 'bank')
    await sessions.noteUse(old.session.id, 'bank')
    expect(await sessions.latestFor('subject-a', 'bank')).toMatchObject({
      sessionId: fresh.session.id,
    })
    await authenticator.logOut(fresh.cookie)
    expect(await sessions.latestFor('subject-a', 'bank')).toMatchObject({
      sessionId: old.session.id,
    })
    expect(await sessions.latestFor('subject-b', 'bank')).toBeUndefined()
  })
})

describe('the consent ceremony', () => {
  const document = sha256('a document with a nonce')

  async function withSession() {
    const world = await openWorld()
    const passkey = await world.enrol()
    const { cookie, token } = await world.logIn(passkey)
    return { ...world, passkey, cookie, token, session: await world.live(cookie) }
  }

  test('signs the digest of the document and renews the session', async () => {
    const world = await withSession()
    const { authenticator, clock, session, passkey } = world
    clock.advance(20 * 60_000)
    const begun = await authenticator.consent.begin(session, document)
    expect(begun.options).toMatchObject({
      challenge: toBase64Url(document),
      userVerification: 'required',
      allowCredentials: [{ id: toBase64Url(passkey.credential.id) }],
    })
    const response = get(passkey, begun.options, { userHandle: null })
    const outcome = await authenticator.consent.complete(session, begun.ceremonyId, response)
    expect(outcome).toMatchObject({
      outcome: 'verified',
      challenge: document,
      session: { sessionId: session.sessionId, authenticatedAt: clock.now() },
    })
    expect(await world.live(world.cookie)).toMatchObject({ authenticatedAt: clock.now() })
    expect(await world.typed('AuthenticationPerformed')).toHaveLength(2)
  })

  test('a document is answered once', async () => {
    const { authenticator, session, passkey } = await withSession()
    const first = await authenticator.consent.begin(session, document)
    const second = await authenticator.consent.begin(session, document)
    const response = get(passkey, second.options)
    await expect(
      authenticator.consent.complete(session, first.ceremonyId, response),
    ).rejects.toThrow(NotFound)
    const answers = await Promise.all([
      authenticator.consent.complete(session, second.ceremonyId, response),
      authenticator.consent.complete(session, second.ceremonyId, response),
    ])
    expect(answers.map((one) => one.outcome).sort()).toEqual(['refused', 'verified'])
    await expect(authenticator.consent.begin(session, document)).rejects.toThrow(Conflict)
  })

  test.each<[string, Overrides, string]>([
    [
      'over another document',
      { clientData: { challenge: toBase64Url(sha256('other')) } },
      'CHALLENGE_MISMATCH',
    ],
    ['without user verification', { flags: UP }, 'USER_NOT_VERIFIED'],
  ])('refuses an assertion %s', async (_name, overrides, reason) => {
    const { authenticator, session, passkey } = await withSession()
    const begun = await authenticator.consent.begin(session, document)
    const response = get(passkey, begun.options, overrides)
    expect(await authenticator.consent.complete(session, begun.ceremonyId, response)).toEqual({
      outcome: 'refused',
      reason,
    })
  })

  test('refuses the passkey of somebody else', async () => {
    const world = await withSession()
    const other = await world.enrol('subject-b')
    const begun = await world.authenticator.consent.begin(world.session, document)
    const response = get(other, begun.options)
    expect(
      await world.authenticator.consent.complete(world.session, begun.ceremonyId, response),
    ).toEqual({ outcome: 'refused', reason: 'CREDENTIAL_NOT_ALLOWED' })
  })

  test('refuses the ceremony of another session, and one whose session has ended', async () => {
    const world = await withSession()
    const { authenticator, session, passkey } = world
    const other = await world.live((await world.logIn(passkey)).cookie)
    const begun = await authenticator.consent.begin(session, document)
    const response = get(passkey, begun.options)
    expect(await authenticator.consent.complete(other, begun.ceremonyId, response)).toEqual({
      outcome: 'refused',
      reason: 'CEREMONY_OF_ANOTHER_BROWSER',
    })
    await authenticator.logOut(world.cookie)
    expect(await authenticator.consent.complete(session, begun.ceremonyId, response)).toEqual({
      outcome: 'refused',
      reason: 'SESSION_ENDED',
    })
  })

  test('wants an assertion, and somebody who has a passkey', async () => {
    const { authenticator, session, logInByCard } = await withSession()
    const begun = await authenticator.consent.begin(session, document)
    expect(() => authenticator.consent.complete(session, begun.ceremonyId, { id: 'x' })).toThrow(
      InvalidInput,
    )
    const card = await logInByCard('subject-without-passkey')
    const cardSession = await authenticator.sessions.byId(card.session.id)
    if (cardSession === undefined) throw new Error('no session')
    await expect(authenticator.consent.begin(cardSession, sha256('d'))).rejects.toThrow(Conflict)
  })
})

describe('states', () => {
  test('a suspended passkey logs nobody in, its sessions end, and another one wakes it', async () => {
    const { enrol, logIn, login, authenticator, typed } = await openWorld()
    const phone = await enrol()
    const key = await enrol()
    const lost = await logIn(phone)
    const { session } = await logIn(key)
    const id = lost.session.authenticatorId
    expect(await authenticator.changeAuthenticator(session, id, 'suspend')).toEqual({
      outcome: 'changed',
    })
    expect(await authenticator.changeAuthenticator(session, id, 'suspend')).toMatchObject({
      reason: 'WRONG_STATE',
    })
    expect(await authenticator.sessions.current(lost.cookie)).toBeUndefined()
    expect(await login(phone)).toMatchObject({ reason: 'AUTHENTICATOR_SUSPENDED' })
    expect(await typed('SessionEnded')).toMatchObject([
      { sessionId: lost.session.id, reason: 'AUTHENTICATOR_SUSPENDED' },
    ])
    await authenticator.changeAuthenticator(session, id, 'resume')
    expect(await login(phone)).toMatchObject({ outcome: 'logged_in' })
    expect(await typed('AuthenticatorStateChanged')).toMatchObject([
      { authenticatorId: id, from: 'active', to: 'suspended', reason: 'BY_PERSON' },
      { authenticatorId: id, from: 'suspended', to: 'active', reason: 'BY_PERSON' },
    ])
  })

  test.each(['suspend', 'revoke'] as const)(
    'to %s it tells at which services no live session is left, and of no other end',
    async (change) => {
      const { enrol, logIn, authenticator, typed } = await openWorld()
      const { sessions } = authenticator
      const phone = await enrol()
      const key = await enrol()
      const desk = await logIn(phone)
      const sofa = await logIn(phone)
      const { session, cookie } = await logIn(key)
      for (const [{ id }, rpId] of [
        [desk.session, 'bank'],
        [sofa.session, 'bank'],
        [sofa.session, 'liquor'],
        [session, 'liquor'],
        [session, 'library'],
      ] as const) {
        await sessions.noteUse(id, rpId)
      }
      await authenticator.changeAuthenticator(session, desk.session.authenticatorId, change)
      await authenticator.logOut(cookie)
      const ended = await typed('SessionEnded')
      const lost = ended.map(({ reason, lostAtRpIds }) => ({ reason, lostAtRpIds }))
      const byChange = `AUTHENTICATOR_${change === 'suspend' ? 'SUSPENDED' : 'REVOKED'}`
      expect(lost).toEqual([
        { reason: byChange, lostAtRpIds: [] },
        { reason: byChange, lostAtRpIds: ['bank'] },
        { reason: 'LOGOUT', lostAtRpIds: [] },
      ])
    },
  )

  test('a revoked passkey never comes back', async () => {
    const { enrol, logIn, login, authenticator } = await openWorld()
    const phone = await enrol()
    const { session } = await logIn(await enrol())
    const lost = await logIn(phone)
    const id = lost.session.authenticatorId
    expect(await authenticator.changeAuthenticator(session, id, 'revoke')).toEqual({
      outcome: 'changed',
    })
    for (const change of ['resume', 'suspend', 'revoke'] as const) {
      expect(await authenticator.changeAuthenticator(session, id, change)).toMatchObject({
        reason: 'WRONG_STATE',
      })
    }
    expect(await login(phone)).toMatchObject({ reason: 'AUTHENTICATOR_REVOKED' })
  })

  test('the last one is revoked only with the card at hand', async () => {
    const { enrol, logIn, logInByCard, authenticator } = await openWorld()
    const { session } = await logIn(await enrol())
    const id = session.authenticatorId
    expect(await authenticator.changeAuthenticator(session, id, 'revoke')).toEqual({
      outcome: 'refused',
      reason: 'LAST_AUTHENTICATOR',
    })
    const card = await logInByCard('subject-a')
    expect(await authenticator.changeAuthenticator(card.session, id, 'revoke')).toEqual({
      outcome: 'changed',
    })
  })

  test('nobody changes the passkey of somebody else', async () => {
    const { enrol, logIn, authenticator } = await openWorld()
    const { session } = await logIn(await enrol('subject-a'))
    const other = await logIn(await enrol('subject-b'))
    await expect(
      authenticator.changeAuthenticator(other.session, session.authenticatorId, 'suspend'),
    ).rejects.toThrow(NotFound)
  })

  test('a passkey revoked while its signature was checked logs nobody in', async () => {
    const { enrol, logIn, logInByCard, login, authenticator, hooks, typed } = await openWorld()
    const passkey = await enrol()
    const { session } = await logIn(passkey)
    const card = await logInByCard('subject-a')
    hooks.afterRead = async () => {
      hooks.afterRead = async () => undefined
      await authenticator.changeAuthenticator(card.session, session.authenticatorId, 'revoke')
    }
    expect(await login(passkey)).toEqual({ outcome: 'refused', reason: 'AUTHENTICATOR_REVOKED' })
    expect(await typed('AuthenticationRefused')).toMatchObject([
      { subjectRef: 'subject-a', reason: 'AUTHENTICATOR_REVOKED' },
    ])
  })
})

describe('erasure', () => {
  test('revokes, ends and deletes everything of the person, and of nobody else', async () => {
    const world = await openWorld()
    world.consume()
    const passkey = await world.enrol('subject-a')
    const other = await world.enrol('subject-b')
    const mine = await world.logIn(passkey)
    const theirs = await world.logIn(other)
    await world.authenticator.sessions.noteUse(mine.session.id, 'bank')
    const erased = () =>
      world.core.database.run((tx) =>
        world.core.publisher('wallet').publish(tx, {
          topic: TOPICS.subject,
          key: 'subject-a',
          type: 'watashi.wallet.v1.SubjectErased',
          value: SubjectErased.encode({
            subjectRef: 'subject-a',
            keyIds: [],
            erasedAt: world.clock.now(),
          }).finish(),
          occurredAt: world.clock.now(),
        }),
      )
    await erased()
    await erased()
    expect(await world.typed('AuthenticatorStateChanged')).toMatchObject([
      { subjectRef: 'subject-a', to: 'revoked', reason: 'SUBJECT_ERASED' },
    ])
    expect(await world.typed('SessionEnded')).toMatchObject([
      { sessionId: mine.session.id, reason: 'SUBJECT_ERASED', lostAtRpIds: [] },
    ])
    expect(await world.login(passkey)).toMatchObject({ reason: 'CREDENTIAL_UNKNOWN' })
    expect(await world.authenticator.authenticatorsOf(mine.session)).toEqual([])
    expect(await world.authenticator.sessions.current(theirs.cookie)).toBeDefined()
    expect(await world.login(other)).toMatchObject({ outcome: 'logged_in' })
  })
})

describe('housekeeping', () => {
  test('deletes what ran out a day ago and keeps what may still count', async () => {
    const { enrol, logIn, login, register, proofing, authenticator, clock } = await openWorld()
    const passkey = await enrol()
    await register(newPasskey())
    const pending = proofing.opened.at(-1)?.ticket ?? ''
    clock.advance(25 * 3_600_000)
    const { session } = await logIn(passkey)
    await authenticator.sweep()
    await expect(authenticator.registrationState(pending, BROWSER)).rejects.toThrow(NotFound)
    expect(await authenticator.sessions.byId(session.id)).toBeDefined()
    expect(await login(passkey)).toMatchObject({ outcome: 'logged_in' })
  })

  test('tells once of a session that ended by time alone, with the time it ended at', async () => {
    const { enrol, logIn, typed, authenticator, clock } = await openWorld()
    const { session } = await logIn(await enrol())
    clock.advance(IDLE - 1)
    await authenticator.sweep()
    expect(await typed('SessionEnded')).toEqual([])

    const endedAt = new Date(clock.now().getTime() + 1)
    clock.advance(90_000)
    await Promise.all([authenticator.sweep(), authenticator.sweep()])
    clock.advance(48 * 3_600_000)
    await authenticator.sweep()
    const { id: sessionId, subjectRef } = session
    expect(await typed('SessionEnded')).toEqual([
      {
        type: 'SessionEnded',
        sessionId,
        subjectRef,
        reason: 'EXPIRED',
        // Whoever stays away is not followed over the relying parties.
        lostAtRpIds: [],
        at: endedAt,
      },
    ])
  })

  test('says EXPIRED of a session that was used to the end of its twelve hours', async () => {
    const { enrol, logIn, typed, authenticator, clock } = await openWorld()
    const { session, cookie } = await logIn(await enrol())
    const steps = (session.expiresAt.getTime() - clock.now().getTime()) / (IDLE / 2)
    for (let step = 1; step < steps; step += 1) {
      clock.advance(IDLE / 2)
      expect(await authenticator.currentSession(cookie)).toBeDefined()
      await authenticator.sweep()
    }
    expect(await typed('SessionEnded')).toEqual([])
    clock.advance(IDLE / 2)
    await authenticator.sweep()
    expect(await typed('SessionEnded')).toMatchObject([
      { sessionId: session.id, reason: 'EXPIRED', at: session.expiresAt },
    ])
  })

  test('tells of a session that ended while nobody swept before it is forgotten, and not of one that was ended', async () => {
    const { enrol, logIn, typed, authenticator, clock } = await openWorld()
    const passkey = await enrol()
    const { session } = await logIn(passkey)
    const left = await logIn(passkey)
    await authenticator.logOut(left.cookie)
    clock.advance(72 * 3_600_000)
    await authenticator.sweep()
    await authenticator.sweep()
    expect(
      (await typed('SessionEnded')).map(({ sessionId, reason }) => `${sessionId} ${reason}`),
    ).toEqual([`${left.session.id} LOGOUT`, `${session.id} EXPIRED`])
    expect(await authenticator.sessions.byId(session.id)).toBeUndefined()
  })
})

describe('events of others', () => {
  const proofed = {
    proofingId: 'proofing-1',
    subjectRef: 'subject-a',
    trustEnvironment: EnvironmentNumber.TRUST_ENVIRONMENT_SIMULATOR,
    purpose: PurposeNumber.PROOF_PURPOSE_ENROL,
    sessionId: 'proofing-session',
    factsJson: Buffer.from('{}'),
    bindingHash: Buffer.alloc(32),
    certificateRef: Buffer.alloc(32),
    attributeNames: [],
    verifiedAt: new Date('2026-04-01T00:00:00Z'),
  }

  test.each<[string, Partial<IdentityProofed>]>([
    ['another key', { subjectRef: 'subject-b' }],
    ['no proofing', { proofingId: '' }],
    ['no purpose', { purpose: PurposeNumber.PROOF_PURPOSE_UNSPECIFIED }],
    ['no time', { verifiedAt: undefined }],
  ])('a proofing with %s is at fault itself', async (_name, change) => {
    const { authenticator, core } = await openWorld()
    const [consumer] = createAuthenticatorConsumers(authenticator)
    const apply = (value: Uint8Array) =>
      core.database.run(async (tx) =>
        consumer?.apply(tx, {
          id: 'event-1',
          topic: TOPICS.subject,
          key: 'subject-a',
          keyVersion: 1,
          type: 'watashi.identity.v1.IdentityProofed',
          source: 'proofing',
          environment: 'simulator',
          occurredAt: proofed.verifiedAt,
          recordedAt: proofed.verifiedAt,
          value,
        }),
      )
    await apply(IdentityProofed.encode(proofed).finish())
    const broken = IdentityProofed.encode({ ...proofed, ...change }).finish()
    await expect(apply(broken)).rejects.toThrow(InvalidInput)
    await expect(apply(Uint8Array.of(0xff, 0xff))).rejects.toThrow(InvalidInput)
  })

  async function endCertificate(
    world: Awaited<ReturnType<typeof openWorld>>,
    personEnded: boolean,
  ): Promise<void> {
    const at = world.clock.now()
    await world.core.database.run((tx) =>
      world.core.publisher('proofing').publish(tx, {
        topic: TOPICS.subject,
        key: 'subject-a',
        type: 'watashi.identity.v1.IdentityStatusChanged',
        value: IdentityStatusChanged.encode({
          subjectRef: 'subject-a',
          trustEnvironment: EnvironmentNumber.TRUST_ENVIRONMENT_SIMULATOR,
          certificateRef: Buffer.alloc(32),
          proofingIds: ['proofing-proofing-session-0'],
          status: CertificateStatus.CERTIFICATE_STATUS_REVOKED,
          reason: 'affiliationChanged',
          effectiveAt: at,
          learnedAt: at,
          attributesStale: false,
          personEnded,
          statusCheckJson: Buffer.from('{}'),
        }).finish(),
        occurredAt: at,
      }),
    )
    await world.core.settle()
  }

  test('the end of a certificate leaves the passkey good for logging in', async () => {
    const world = await openWorld()
    world.consume()
    const passkey = await world.enrol()
    const { cookie } = await world.logIn(passkey)
    await endCertificate(world, false)
    expect(await world.authenticator.sessions.current(cookie)).toBeDefined()
    expect(await world.login(passkey)).toMatchObject({ outcome: 'logged_in' })
    expect(await world.typed('AuthenticatorStateChanged')).toEqual([])
  })

  test('the end of the person ends sessions and passkeys, and nobody else’s', async () => {
    const world = await openWorld()
    world.consume()
    const passkey = await world.enrol()
    const neighbour = await world.enrol('subject-b')
    const { cookie } = await world.logIn(passkey)
    const { cookie: other } = await world.logIn(neighbour)
    await endCertificate(world, true)
    expect(await world.authenticator.sessions.current(cookie)).toBeUndefined()
    expect(await world.login(passkey)).toMatchObject({ reason: 'AUTHENTICATOR_SUSPENDED' })
    expect(await world.typed('AuthenticatorStateChanged')).toHaveLength(1)
    expect(await world.typed('SessionEnded')).toMatchObject([{ reason: 'PERSON_ENDED' }])
    expect(await world.authenticator.sessions.current(other)).toBeDefined()
    expect(await world.login(neighbour)).toMatchObject({ outcome: 'logged_in' })
  })
})
