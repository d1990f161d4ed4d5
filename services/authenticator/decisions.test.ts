import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideBinding, type CardProof } from './bind-credential.ts'
import { bindingHash, type BindingFields } from './binding-hash.ts'
import { checkCredential, decideAssertion } from './decide-assertion.ts'
import { decideChange, type Change } from './life-cycle.ts'
import { AUTHENTICATOR_STATES, type Authenticator, type AuthenticatorState } from './model.ts'
import { readCookie } from './session-cookie.ts'

const AT = new Date('2026-04-01T00:00:00Z')

function authenticator(change: Partial<Authenticator> = {}): Authenticator {
  return {
    id: 'authenticator-1',
    subjectRef: 'subject-a',
    expectedSubjectRef: null,
    state: 'active',
    reason: '',
    credentialId: 'AAAA',
    publicKey: new Uint8Array(),
    algorithm: -7,
    rpId: 'localhost',
    userHandle: 'BBBB',
    counter: 0,
    backupEligible: false,
    backedUp: false,
    attestation: 'none',
    claimedAaguid: '',
    transports: [],
    bindingHash: '',
    boundByProofingId: 'proofing-1',
    createdAt: AT,
    pendingUntil: new Date(AT.getTime() + 600_000),
    boundAt: AT,
    lastUsedAt: null,
    ...change,
  }
}

describe('which credential may be used', () => {
  const login = { rpId: 'localhost', userHandle: 'BBBB', subjectRef: undefined }

  test.each<[AuthenticatorState, string]>([
    ['pending', 'AUTHENTICATOR_PENDING'],
    ['suspended', 'AUTHENTICATOR_SUSPENDED'],
    ['revoked', 'AUTHENTICATOR_REVOKED'],
  ])('none that is %s', (state, reason) => {
    expect(checkCredential(authenticator({ state }), login)).toEqual({ outcome: 'refused', reason })
  })

  test('an active one of the same rpId, with its own handle', () => {
    expect(checkCredential(authenticator(), login)).toMatchObject({ outcome: 'usable' })
    expect(checkCredential(undefined, login)).toMatchObject({ reason: 'CREDENTIAL_UNKNOWN' })
    expect(checkCredential(authenticator({ rpId: 'other' }), login)).toMatchObject({
      reason: 'CREDENTIAL_UNKNOWN',
    })
    expect(checkCredential(authenticator(), { ...login, userHandle: null })).toMatchObject({
      reason: 'USER_HANDLE_MISMATCH',
    })
  })

  test('where the person is known the handle may be missing, but not another', () => {
    const known = { ...login, subjectRef: 'subject-a' }
    expect(checkCredential(authenticator(), { ...known, userHandle: null })).toMatchObject({
      outcome: 'usable',
    })
    expect(checkCredential(authenticator(), { ...known, userHandle: 'CCCC' })).toMatchObject({
      reason: 'USER_HANDLE_MISMATCH',
    })
    expect(checkCredential(authenticator(), { ...known, subjectRef: 'subject-b' })).toMatchObject({
      reason: 'CREDENTIAL_NOT_ALLOWED',
    })
  })
})

test('the stored counter never falls, and only a growing one or none at all is accepted on a bound key', () => {
  const counter = fc.nat(20)
  fc.assert(
    fc.property(counter, counter, fc.boolean(), (stored, shown, backupEligible) => {
      const decision = decideAssertion(
        { counter: stored, backupEligible },
        { counter: shown, backupEligible, backedUp: false, userVerified: true },
      )
      const grows = shown > stored || (shown === 0 && stored === 0)
      if (!grows && !backupEligible) {
        expect(decision).toEqual({ outcome: 'refused', reason: 'COUNTER_REGRESSED', suspend: true })
      } else {
        expect(decision).toEqual({ outcome: 'accepted', counter: Math.max(stored, shown) })
      }
    }),
  )
})

test('a flipped backup eligibility is refused whatever the counter says', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), fc.boolean(), (stored, shown, backupEligible) => {
      const decision = decideAssertion(
        { counter: stored, backupEligible },
        { counter: shown, backupEligible: !backupEligible, backedUp: false, userVerified: true },
      )
      expect(decision).toMatchObject({ reason: 'BACKUP_ELIGIBILITY_CHANGED', suspend: false })
    }),
  )
})

test('however a person changes their passkeys, a revoked one stays so, and one without the card keeps one', () => {
  const targets = { suspend: 'suspended', resume: 'active', revoke: 'revoked' } as const
  const change = fc.record({
    which: fc.nat(2),
    change: fc.constantFrom<Change>('suspend', 'resume', 'revoke'),
    method: fc.constantFrom<'card' | 'passkey'>('card', 'passkey'),
  })
  const states = fc.array(fc.constantFrom(...AUTHENTICATOR_STATES), {
    minLength: 3,
    maxLength: 3,
  })
  fc.assert(
    fc.property(states, fc.array(change, { maxLength: 20 }), (start, changes) => {
      let all = start.map((state, n) => authenticator({ id: String(n), state }))
      for (const step of changes) {
        const one = all[step.which]
        if (one === undefined) continue
        const others = all.filter((other) => other !== one)
        const decision = decideChange(step.change, one, others, step)
        if (decision.outcome === 'refused') continue
        expect(one.state).not.toBe('revoked')
        expect(one.state).not.toBe('pending')
        const state = targets[step.change]
        expect(state).not.toBe(one.state)
        all = all.map((other) => (other === one ? { ...other, state } : other))
        if (step.change === 'revoke' && step.method === 'passkey') {
          expect(all.some((other) => other.state === 'active')).toBe(true)
        }
      }
    }),
  )
})

describe('what a tap binds', () => {
  const proof: CardProof = {
    proofingId: 'proofing-1',
    subjectRef: 'subject-a',
    purpose: 'enrol',
    bindingHash: new Uint8Array(32),
    verifiedAt: AT,
  }
  const pending = authenticator({ state: 'pending', subjectRef: null })

  test('a tap for enrolment or re-proofing binds; one for anything else does not', () => {
    const outcome = (purpose: CardProof['purpose']) =>
      decideBinding(pending, [], { ...proof, purpose }).outcome
    expect(outcome('enrol')).toBe('bind')
    expect(outcome('reproof')).toBe('bind')
    expect(outcome('login')).toBe('ignore')
    expect(outcome('transaction')).toBe('ignore')
  })

  test('the ten minutes are half-open', () => {
    const at = (verifiedAt: Date) => decideBinding(pending, [], { ...proof, verifiedAt }).outcome
    expect(at(new Date(pending.pendingUntil.getTime() - 1))).toBe('bind')
    expect(at(pending.pendingUntil)).toBe('ignore')
  })

  test('five kept ones are the most; revoked ones do not count', () => {
    const five = (state: AuthenticatorState) =>
      Array.from({ length: 5 }, () => authenticator({ state }))
    expect(decideBinding(pending, five('active').slice(1), proof).outcome).toBe('bind')
    expect(decideBinding(pending, five('revoked'), proof).outcome).toBe('bind')
    for (const state of ['active', 'suspended'] as const) {
      expect(decideBinding(pending, five(state), proof)).toMatchObject({
        reason: 'TOO_MANY_AUTHENTICATORS',
      })
    }
  })
})

test('the binding hash changes with each of its fields', () => {
  const fields: BindingFields = {
    challenge: 'AAAA',
    credentialId: 'BBBB',
    publicKey: Uint8Array.of(1),
    rpId: 'localhost',
  }
  const changes: Partial<BindingFields>[] = [
    {},
    { challenge: 'AAAB' },
    { credentialId: 'BBBA' },
    { publicKey: Uint8Array.of(2) },
    { rpId: 'localhost2' },
    { challenge: 'AAAABBBB', credentialId: '' },
  ]
  const hashes = changes.map((change) =>
    Buffer.from(bindingHash({ ...fields, ...change })).toString('hex'),
  )
  expect(new Set(hashes).size).toBe(changes.length)
})

describe('cookies', () => {
  const token = 'x'.repeat(43)

  test.each([
    [`watashi_session=${token}`, token],
    [`a=1; watashi_session=${token}; b=2`, token],
    [`not_watashi_session=${token}`, undefined],
    [`watashi_session=${token}x`, undefined],
    [`watashi_session="${token}"`, undefined],
    [`watashi_session=${token}; watashi_session=${token}`, undefined],
    ['', undefined],
  ])('%j', (header, expected) => {
    expect(readCookie(header, 'watashi_session')).toBe(expected)
  })

  test('no header makes it throw or gives anything but a token', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const found = readCookie(header, 'watashi_session')
        expect(found === undefined || /^[A-Za-z0-9_-]{43}$/.test(found)).toBe(true)
      }),
    )
  })
})
