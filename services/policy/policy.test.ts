import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AuthenticatorBound,
  AuthenticatorState,
  AuthenticatorStateChanged,
} from '../../proto/gen/watashi/authenticator/v1/authenticator.ts'
import {
  CertificateStatus,
  IdentityProofed,
  IdentityStatusChanged,
  ProofPurpose,
  TrustEnvironment,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import {
  AssuranceChanged,
  AssuranceSnapshot,
  PolicyActivated,
} from '../../proto/gen/watashi/policy/v1/policy.ts'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import {
  openTemporaryEventCore,
  type TemporaryEventCore,
} from '../eventlog/temporary-event-core.ts'
import { canonicalJson, type Json } from '../kernel/canonical-json.ts'
import {
  TOPICS,
  type OutgoingEvent,
  type ReceivedEvent,
  type ServiceName,
} from '../kernel/event.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { policiesWithTown } from '../../test/policy/town-policies.ts'
import { temporaryReleaseKeys } from '../rpc/temporary-key-series.ts'
import { createPolicy, type Policy, type PolicyDependencies } from './policy.ts'
import type { AssessmentQuestion, CeremonyFacts, Minimum } from './ports.ts'
import { createGateDesk } from './release/gate-thread-pool.ts'
import { createPolicyConsumers } from './worker.ts'

const NOW = '2026-06-01T00:00:00Z'
const ANNA = 'subject-anna'
const IAL = { framework: 'nist-800-63A-4', axis: 'IAL' } as const
const AAL = { framework: 'nist-800-63B-4', axis: 'AAL' } as const
const BANK: Minimum = {
  axes: [
    { ...IAL, level: 'IAL2' },
    { ...AAL, level: 'AAL2' },
  ],
  flags: ['phishing_resistant'],
}

function bytes(value: Json): Buffer {
  return Buffer.from(canonicalJson(value))
}

function jpkiFacts(id: string, more: { readonly [key: string]: Json } = {}): Json {
  const on = 'e1'
  return {
    proofing: { id, channel: 'remote_unattended', at: '2026-05-01T00:00:00Z' },
    evidence: [{ id: on, kind: 'jpki_sign_cert', cls: 'pki_cert' }],
    checks: [
      { type: 'authentic', on, method: 'crypto', anchor: 'JLIS' },
      { type: 'status', on, at: '2026-05-01T00:00:00Z', result: 'good', ...more },
      { type: 'signed', on, payload: 'application', valid: true },
      { type: 'match', on, scope: 'core', source: 'signed_attributes' },
      { type: 'holder', on, method: 'pin' },
    ],
  }
}

function outgoing(type: string, value: Uint8Array): OutgoingEvent {
  return { topic: TOPICS.subject, key: ANNA, type, value, occurredAt: new Date(NOW) }
}

function proofed(proofingId: string, facts: Json = jpkiFacts(proofingId)): OutgoingEvent {
  return outgoing(
    'watashi.identity.v1.IdentityProofed',
    IdentityProofed.encode({
      proofingId,
      subjectRef: ANNA,
      trustEnvironment: TrustEnvironment.TRUST_ENVIRONMENT_SIMULATOR,
      purpose: ProofPurpose.PROOF_PURPOSE_ENROL,
      sessionId: 's',
      factsJson: bytes(facts),
      bindingHash: Buffer.alloc(0),
      certificateRef: Buffer.alloc(32),
      attributeNames: ['name'],
      verifiedAt: new Date(NOW),
    }).finish(),
  )
}

function status(result: string, learnedAt: string, proofingId = 'p1'): OutgoingEvent {
  return outgoing(
    'watashi.identity.v1.IdentityStatusChanged',
    IdentityStatusChanged.encode({
      subjectRef: ANNA,
      trustEnvironment: TrustEnvironment.TRUST_ENVIRONMENT_SIMULATOR,
      certificateRef: Buffer.alloc(32),
      proofingIds: [proofingId],
      status: CertificateStatus.CERTIFICATE_STATUS_REVOKED,
      reason: 'cessationOfOperation',
      effectiveAt: new Date(learnedAt),
      learnedAt: new Date(learnedAt),
      attributesStale: false,
      personEnded: false,
      statusCheckJson: bytes({ type: 'status', on: 'e1', at: learnedAt, result }),
    }).finish(),
  )
}

function bound(): OutgoingEvent {
  return outgoing(
    'watashi.authenticator.v1.AuthenticatorBound',
    AuthenticatorBound.encode({
      authenticatorId: 'a1',
      subjectRef: ANNA,
      trustEnvironment: TrustEnvironment.TRUST_ENVIRONMENT_SIMULATOR,
      proofingId: 'p1',
      factsJson: bytes({
        authenticator: 'a1',
        method: 'proofing_session',
        same_protected_session: true,
      }),
      boundAt: new Date(NOW),
    }).finish(),
  )
}

function stateChanged(to: AuthenticatorState, changedAt = NOW): OutgoingEvent {
  return outgoing(
    'watashi.authenticator.v1.AuthenticatorStateChanged',
    AuthenticatorStateChanged.encode({
      authenticatorId: 'a1',
      subjectRef: ANNA,
      from: AuthenticatorState.AUTHENTICATOR_STATE_ACTIVE,
      to,
      reason: 'BY_PERSON',
      changedAt: new Date(changedAt),
    }).finish(),
  )
}

function erased(): OutgoingEvent {
  const value = SubjectErased.encode({
    subjectRef: ANNA,
    keyIds: [],
    erasedAt: new Date(NOW),
  }).finish()
  return outgoing('watashi.wallet.v1.SubjectErased', value)
}

function passkey(uv: boolean): CeremonyFacts {
  return {
    auth: {
      factors: [
        {
          type: 'mf_crypto',
          authenticator: 'a1',
          uv,
          exportable: true,
          be: true,
          phishing_resistant: true,
          replay_resistant: true,
          intent: true,
        },
      ],
    },
    authenticatedAt: new Date(NOW),
    lastActiveAt: new Date(NOW),
  }
}

function ask(more: Partial<AssessmentQuestion> = {}): AssessmentQuestion {
  return { subjectRef: ANNA, minimum: BANK, at: new Date(NOW), ceremony: passkey(true), ...more }
}

interface Stand extends AsyncDisposable {
  readonly core: TemporaryEventCore
  readonly policy: Policy
  tell(...events: readonly OutgoingEvent[]): Promise<void>
  changes(): Promise<AssuranceChanged[]>
}

const RESIDENCE = { framework: 'town-2027', axis: 'residence' } as const

/** A folder of packs with one of a town's own, which the pack in force answers with. */
const RELEASE_KEYS = temporaryReleaseKeys()

async function stand(packs: Pick<PolicyDependencies, 'policies' | 'pack'> = {}): Promise<Stand> {
  const core = await openTemporaryEventCore({ services: ['policy'], now: NOW })
  const { database, clock } = core
  const log = createLog('silent')
  const policy = createPolicy({
    database,
    publisher: core.publisher('policy'),
    clock,
    random: systemRandom,
    log,
    releaseKeys: RELEASE_KEYS,
    gates: createGateDesk(log),
    ...packs,
  })
  for (const consumer of createPolicyConsumers(policy)) core.consume(consumer)
  const source: Readonly<Record<string, ServiceName>> = {
    identity: 'proofing',
    authenticator: 'authenticator',
    wallet: 'wallet',
  }
  return {
    core,
    policy,
    async tell(...events) {
      for (const event of events) {
        const service = source[event.type.split('.')[1] ?? ''] ?? 'proofing'
        await database.run((tx) => core.publisher(service).publish(tx, event))
      }
      await core.settle()
    },
    async changes() {
      const events = await core.events(TOPICS.subject)
      return events
        .filter(({ type }) => type.endsWith('AssuranceChanged'))
        .map(({ value }) => AssuranceChanged.decode(value))
    },
    [Symbol.asyncDispose]: () => core[Symbol.asyncDispose](),
  }
}

function summary(change: AssuranceChanged) {
  return `${change.axis} ${change.from} → ${change.to}${change.lowered ? ' lowered' : ''}`
}

describe('given a person proofed with the card', () => {
  test('tells the levels of both frameworks, with rules and digests', async () => {
    await using given = await stand()
    await given.tell(proofed('p1'), bound())

    const changes = await given.changes()
    expect(changes.map(summary)).toEqual(['proofing  → 3', 'IAL  → IAL2'])
    expect(changes[1]).toMatchObject({
      firedRules: ['IAL2.EACH'],
      policyDigest: given.policy.digest,
    })
    expect(await given.policy.identityLevels(ANNA, new Date(NOW))).toEqual([
      { framework: 'meti-idtf-2016', axis: 'proofing', level: '3', lowest: false },
      { ...IAL, level: 'IAL2', lowest: false },
    ])
    const snapshots = await given.core.events(TOPICS.assurance)
    expect(
      AssuranceSnapshot.decode(snapshots.at(-1)?.value ?? new Uint8Array()).levels.map(
        ({ level }) => level,
      ),
    ).toEqual(['3', 'IAL2'])
  })

  test('the level falls when the certificate ends, and stands again after another proofing', async () => {
    await using given = await stand()
    await given.tell(proofed('p1'), status('revoked', '2026-05-20T00:00:00Z'), proofed('p2'))

    expect((await given.changes()).map(summary)).toEqual([
      'proofing  → 3',
      'IAL  → IAL2',
      'proofing 3 → 1 lowered',
      'IAL IAL2 → no_ial lowered',
      'proofing 1 → 3',
      'IAL no_ial → IAL2',
    ])
    expect((await given.policy.decisions(ANNA)).map(({ level }) => level)).toHaveLength(6)
  })

  test('an unknown status makes the level indeterminate and names what would settle it', async () => {
    await using given = await stand()
    await given.tell(proofed('p1'), status('unknown', '2026-05-20T00:00:00Z'))

    expect((await given.changes()).at(-1)).toMatchObject({
      to: 'indeterminate',
      lowered: true,
      missing: ['status'],
    })
    const { satisfied, shortfalls } = await given.policy.assess(ask())
    expect(satisfied).toBe(false)
    expect(shortfalls).toEqual([
      {
        ...IAL,
        scope: 'person',
        have: 'indeterminate',
        need: 'IAL2',
        missing: ['status'],
        remedy: 'tap_card',
        neverShown: false,
      },
    ])
    const levels = await given.policy.identityLevels(ANNA, new Date(NOW))
    expect(levels).toContainEqual({ ...IAL, level: 'indeterminate', lowest: false })
  })

  test('a status that leaves the identity standing changes no level', async () => {
    await using given = await stand()
    await given.tell(proofed('p1'), status('good', '2026-05-20T00:00:00Z'))
    expect(await given.changes()).toHaveLength(2)
  })

  test('a level that ends by time alone is scored again when it is due, once', async () => {
    await using given = await stand()
    await given.tell(
      proofed(
        'p1',
        jpkiFacts('p1', {
          this_update: '2026-05-31T00:00:00Z',
          next_update: '2026-06-02T00:00:00Z',
        }),
      ),
    )
    expect((await given.changes()).at(-1)?.validUntil).toEqual(new Date('2026-06-02T00:00:00Z'))

    expect(await given.policy.rescoreDue(new Date('2026-06-01T23:59:59Z'))).toBe(0)
    given.core.clock.set('2026-06-02T00:00:00Z')
    expect(await given.policy.rescoreDue(given.core.clock.now())).toBe(1)
    expect(await given.policy.rescoreDue(given.core.clock.now())).toBe(0)
    await given.core.settle()
    const snapshots = await given.core.events(TOPICS.assurance)
    expect(
      AssuranceSnapshot.decode(snapshots.at(-1)?.value ?? new Uint8Array()).levels.map(
        ({ validUntil }) => validUntil,
      ),
    ).toEqual([undefined, undefined])
  })

  test('a person erased after being found due is not scored again', async () => {
    await using given = await stand()
    const { database, clock } = given.core
    const checked = { this_update: '2026-05-31T00:00:00Z', next_update: '2026-06-02T00:00:00Z' }
    await given.tell(proofed('p1', jpkiFacts('p1', checked)))
    const told = await given.changes()
    let reads = 0
    const slow = createPolicy({
      database: {
        dialect: database.dialect,
        run: (work) => database.run(work),
        close: () => database.close(),
        async read(query) {
          const found = await database.read(query)
          // The first one asks for a newer policy, the second one who is due: whom another policy scored is asked for in a work.
          reads += 1
          if (reads === 2) await given.tell(erased())
          return found
        },
      },
      publisher: given.core.publisher('policy'),
      clock,
      random: systemRandom,
      releaseKeys: RELEASE_KEYS,
      gates: createGateDesk(createLog('silent')),
      log: createLog('silent'),
    })

    clock.set('2026-06-02T00:00:00Z')
    expect(await slow.rescoreDue(clock.now())).toBe(1)
    await given.core.settle()
    expect(await given.changes()).toEqual(told)
    expect(await given.policy.decisions(ANNA)).toEqual([])
    const snapshots = await given.core.events(TOPICS.assurance)
    expect(AssuranceSnapshot.decode(snapshots.at(-1)?.value ?? new Uint8Array()).levels).toEqual([])
  })

  test('erasure forgets facts, levels and decisions, and what comes late is not taken in', async () => {
    await using given = await stand()
    await given.tell(proofed('p1'), erased(), proofed('p2'))

    expect(await given.changes()).toHaveLength(2)
    expect(await given.policy.decisions(ANNA)).toEqual([])
    expect(await given.policy.identityLevels(ANNA, new Date(NOW))).toEqual([
      { framework: 'meti-idtf-2016', axis: 'proofing', level: '1', lowest: true },
      { ...IAL, level: 'no_ial', lowest: true },
    ])
    const snapshots = await given.core.events(TOPICS.assurance)
    expect(AssuranceSnapshot.decode(snapshots.at(-1)?.value ?? new Uint8Array()).levels).toEqual([])
  })
})

describe('assessment', () => {
  test('a bank is satisfied by card and passkey', async () => {
    await using given = await stand()
    await given.tell(proofed('p1'), bound())
    const assessment = await given.policy.assess(ask())
    expect(assessment).toMatchObject({
      satisfied: true,
      shortfalls: [],
      factsVersion: 2,
      policyDigest: given.policy.digest,
    })
    expect(assessment.levels).toMatchObject([
      { ...IAL, level: 'IAL2' },
      { ...AAL, level: 'AAL2', validUntil: new Date('2026-06-01T01:00:01Z') },
    ])
  })

  test.each([
    ['no login', { ceremony: undefined }, 'AAL', 'none', 'log_in_with_user_verification'],
    [
      'a passkey without user verification',
      { ceremony: passkey(false) },
      'AAL',
      'AAL1',
      'log_in_with_user_verification',
    ],
    [
      'an idle session',
      { at: new Date('2026-06-01T01:00:01Z') },
      'AAL',
      'none',
      'log_in_with_user_verification',
    ],
    [
      'a device-bound key wanted',
      { minimum: { axes: [], flags: ['device_bound'] } },
      'flag:device_bound',
      'no',
      'tap_card',
    ],
    [
      'a login that is too old',
      { minimum: { axes: [], flags: [], maxAgeSeconds: 60 }, at: new Date('2026-06-01T00:01:01Z') },
      'max_age',
      '61',
      'log_in',
    ],
    [
      'a level nobody reaches with the card alone',
      { minimum: { axes: [{ ...IAL, level: 'IAL3' }], flags: [] } },
      'IAL',
      'IAL2',
      'none',
    ],
  ] as const)('%s falls short and names the step', async (_, more, axis, have, remedy) => {
    await using given = await stand()
    await given.tell(proofed('p1'), bound())
    const { ceremony: _none, ...question } = ask()
    const asked = {
      ...question,
      ...('ceremony' in more ? {} : { ceremony: passkey(true) }),
      ...more,
    }
    const { satisfied, shortfalls } = await given.policy.assess(asked as AssessmentQuestion)
    expect(satisfied).toBe(false)
    const scope = axis === 'IAL' ? 'person' : 'ceremony'
    expect(shortfalls).toContainEqual(expect.objectContaining({ axis, scope, have, remedy }))
  })

  test('a person without a proofing is sent to enrol', async () => {
    await using given = await stand()
    const { shortfalls } = await given.policy.assess(ask())
    expect(shortfalls).toEqual([
      expect.objectContaining({
        ...IAL,
        have: 'no_ial',
        remedy: 'enrol',
        neverShown: true,
        missing: ['IAL2.EACH', 'IAL2.STRONGEST', 'IAL3'],
      }),
    ])
  })

  test('who has only ever shown the other certificate is told that the remedy needs one not seen yet', async () => {
    await using given = await stand()
    await given.tell(
      proofed('p1', {
        proofing: { id: 'p1', channel: 'remote_unattended', at: '2026-05-01T00:00:00Z' },
        evidence: [{ id: 'e1', kind: 'jpki_auth_cert', cls: 'pki_cert' }],
        checks: [{ type: 'authentic', on: 'e1', method: 'crypto', anchor: 'JLIS' }],
      }),
    )
    const fallsShort = async () => (await given.policy.assess(ask())).shortfalls
    expect(await fallsShort()).toEqual([
      expect.objectContaining({ ...IAL, remedy: 'tap_card', neverShown: true }),
    ])
    await given.tell(proofed('p2'), status('revoked', '2026-05-20T00:00:00Z', 'p2'))
    expect(await fallsShort()).toEqual([
      expect.objectContaining({ ...IAL, remedy: 'tap_card', neverShown: false }),
    ])
  })

  test('a framework that is new says itself which of its axes are about the person', async () => {
    await using given = await stand({ policies: await policiesWithTown(), pack: 'town-default' })
    const minimum = { axes: [{ ...RESIDENCE, level: 'shown' }], flags: [] }
    const { shortfalls } = await given.policy.assess(ask({ minimum }))
    expect(shortfalls).toEqual([
      expect.objectContaining({ ...RESIDENCE, scope: 'person', have: 'nothing', remedy: 'enrol' }),
    ])
    const levels = () => given.policy.identityLevels(ANNA, new Date(NOW))
    expect(await levels()).toEqual([{ ...RESIDENCE, level: 'nothing', lowest: true }])
    await given.tell(proofed('p1'))
    expect(await levels()).toEqual([{ ...RESIDENCE, level: 'shown', lowest: false }])
  })

  test('a suspended passkey is worth nothing, and as much as before when it is resumed', async () => {
    await using given = await stand()
    await given.tell(
      proofed('p1'),
      bound(),
      stateChanged(AuthenticatorState.AUTHENTICATOR_STATE_SUSPENDED),
    )
    expect((await given.policy.assess(ask())).shortfalls.map(({ axis }) => axis)).toEqual([
      'AAL',
      'flag:phishing_resistant',
    ])
    await given.tell(
      stateChanged(AuthenticatorState.AUTHENTICATOR_STATE_ACTIVE, '2026-06-01T00:00:01Z'),
    )
    expect((await given.policy.assess(ask())).satisfied).toBe(true)
  })

  test('explains a level by the rules that made it, in both languages and with clauses', async () => {
    await using given = await stand()
    await given.tell(proofed('p1'))
    const [identity, login] = await given.policy.explain(ask({ ceremony: passkey(false) }))
    expect(identity).toMatchObject({
      reasons: [{ ja: '証拠の組、すべての所有を確認' }],
      clauses: ['SP 800-63A-4 §4.2.2', 'SP 800-63A-4 §4.2.6'],
    })
    expect(login?.reasons).toContainEqual({
      ja: '端末での本人確認（生体・PIN）が必要です',
      en: 'needs a fingerprint, face or PIN on the device',
    })
    expect(login?.shortfalls).toHaveLength(1)
  })

  test.each([
    [{ axes: [{ framework: 'nist-800-63A-3', axis: 'IAL', level: 'IAL1' }], flags: [] }],
    [{ axes: [{ ...IAL, level: 'IAL4' }], flags: [] }],
    [{ axes: [{ framework: 'nist-800-63B-4', axis: 'binding', level: 'AAL1' }], flags: [] }],
    [{ axes: [], flags: [], maxAgeSeconds: -1 }],
  ] as const)('refuses the minimum %j', async (minimum) => {
    await using given = await stand()
    expect(() => given.policy.checkMinimum(minimum)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })

  test('orders labels of one axis and refuses others', async () => {
    await using given = await stand()
    const { policy } = given
    expect(policy.compareLevels('meti-idtf-2016', 'proofing', '1+', '2')).toBeLessThan(0)
    expect(policy.compareLevels('nist-800-63A-4', 'IAL', 'IAL3', 'no_ial')).toBeGreaterThan(0)
    expect(() => policy.compareLevels('nist-800-63A-4', 'IAL', 'IAL2', '2')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })
})

describe('what a change of level comes to', () => {
  test.each([
    ['AAL2', 'AAL1', true],
    ['AAL1', 'AAL2', false],
    ['AAL2', 'AAL2', false],
    ['AAL2', 'indeterminate', true],
    ['indeterminate', 'none', false],
    ['a label of an older pack', 'AAL3', true],
  ])('from %s to %s: lowered is %j', async (from, to, lowered) => {
    await using given = await stand()
    expect(given.policy.isLowered('nist-800-63B-4', 'AAL', from, to)).toBe(lowered)
  })

  test('an axis of logins has a lowest level, and neither one of persons nor an unknown one has', async () => {
    await using given = await stand()
    const { policy } = given
    expect(policy.lowestLoginLevel('nist-800-63B-4', 'AAL')).toBe('none')
    expect(policy.lowestLoginLevel('nist-800-63A-4', 'IAL')).toBeUndefined()
    expect(policy.lowestLoginLevel('nist-800-63B-9', 'AAL')).toBeUndefined()
  })
})

describe('activation', () => {
  test('is told once per pack in force', async () => {
    await using given = await stand()
    await given.policy.activate()
    await given.policy.activate()
    await given.core.settle()
    const events = await given.core.events(TOPICS.policy)
    expect(events.map(({ value }) => PolicyActivated.decode(value))).toMatchObject([
      { pack: 'watashi-default', digest: given.policy.digest },
    ])
  })
})

describe('the scorer', () => {
  const history = [
    proofed('p1'),
    proofed('p2'),
    bound(),
    status('revoked', '2026-05-20T00:00:00Z'),
    status('good', '2026-05-22T00:00:00Z'),
    status('suspended', '2026-05-22T00:00:00Z', 'p2'),
    stateChanged(AuthenticatorState.AUTHENTICATOR_STATE_SUSPENDED),
    stateChanged(AuthenticatorState.AUTHENTICATOR_STATE_ACTIVE),
  ]

  test('comes to the same levels whatever the order and repetition of the news', async () => {
    const outcomes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(history, { minLength: history.length }),
        fc.array(fc.constantFrom(...history), { maxLength: 4 }),
        async (order, again) => {
          await using given = await stand()
          const [consumer] = createPolicyConsumers(given.policy)
          await given.core.database.run(async (tx) => {
            for (const [i, event] of [...order, ...again].entries())
              await consumer?.apply(tx, received(event, i))
          })
          const levels = await given.policy.identityLevels(ANNA, new Date(NOW))
          const { shortfalls } = await given.policy.assess(ask())
          outcomes.add(JSON.stringify([levels, shortfalls]))
        },
      ),
      { numRuns: 12 },
    )
    expect(outcomes.size).toBe(1)
  })

  test.each([
    ['bytes that are no message', { value: new Uint8Array([255, 255]) }],
    ['a key that is not the person', { key: 'somebody-else' }],
    [
      'facts against the schema',
      { value: proofed('p1', { proofing: { channel: 'by_pigeon' } }).value },
    ],
    ['facts with a relying party in the wrong form', { value: proofed('p1', { rp: 3 }).value }],
  ])('refuses %s with a typed error', async (_, wrong) => {
    await using given = await stand()
    const [consumer] = createPolicyConsumers(given.policy)
    const event = { ...received(proofed('p1'), 1), ...wrong }
    await expect(
      given.core.database.run(async (tx) => consumer?.apply(tx, event)),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})

function received(event: OutgoingEvent, keyVersion: number): ReceivedEvent {
  const recordedAt = new Date(NOW)
  return {
    ...event,
    id: `event-${keyVersion}`,
    keyVersion,
    source: 'proofing',
    environment: 'simulator',
    recordedAt,
  }
}
