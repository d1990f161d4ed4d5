import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { AuthenticatorBound } from '../../proto/gen/watashi/authenticator/v1/authenticator.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { cardFacts, passkeyFacts } from './authentication-facts.ts'
import {
  decodeAuthenticatorEvent,
  encodeAuthenticatorEvent,
  type AuthenticatorEvent,
} from './events.ts'

const at = new Date('2026-04-01T00:00:00.123Z')
const facts = passkeyFacts({
  authenticatorId: 'authenticator-1',
  at,
  userVerified: true,
  backupEligible: true,
  backedUp: false,
  attestation: 'none',
})

const EVENTS: readonly AuthenticatorEvent[] = [
  {
    type: 'AuthenticatorBound',
    authenticatorId: 'authenticator-1',
    subjectRef: 'subject-a',
    environment: 'jpki-test',
    proofingId: 'proofing-1',
    facts: { authenticator: 'authenticator-1', method: 'proofing_session' },
    at,
  },
  {
    type: 'AuthenticatorStateChanged',
    authenticatorId: 'authenticator-1',
    subjectRef: 'subject-a',
    from: 'active',
    to: 'suspended',
    reason: 'BY_PERSON',
    at,
  },
  {
    type: 'AuthenticationPerformed',
    sessionId: 'session-1',
    subjectRef: 'subject-a',
    authenticatorId: 'authenticator-1',
    environment: 'simulator',
    facts,
    at,
  },
  {
    type: 'AuthenticationRefused',
    ceremonyId: 'ceremony-1',
    authenticatorId: 'authenticator-1',
    subjectRef: 'subject-a',
    reason: 'SIGNATURE_INVALID',
    at,
  },
  {
    type: 'AuthenticationRefused',
    ceremonyId: 'ceremony-2',
    authenticatorId: '',
    reason: 'CREDENTIAL_UNKNOWN',
    at,
  },
  {
    type: 'SessionEnded',
    sessionId: 'session-1',
    subjectRef: 'subject-a',
    reason: 'AUTHENTICATOR_SUSPENDED',
    lostAtRpIds: ['bank', 'library'],
    at,
  },
]

test.each(EVENTS.map((event) => [event.type, event] as const))(
  '%s comes out of its message as it went in',
  (type, event) => {
    const outgoing = encodeAuthenticatorEvent(event)
    expect(outgoing).toMatchObject({
      topic: 'subject.events.v1',
      type: `watashi.authenticator.v1.${type}`,
      occurredAt: at,
    })
    expect(decodeAuthenticatorEvent(outgoing)).toEqual(event)
  },
)

test('the key is the person, or the ceremony where nobody is known', () => {
  expect(EVENTS.map((event) => encodeAuthenticatorEvent(event).key)).toEqual([
    'subject-a',
    'subject-a',
    'subject-a',
    'subject-a',
    'ceremony-2',
    'subject-a',
  ])
})

describe('what is not an event of ours', () => {
  const type = 'watashi.authenticator.v1.AuthenticatorBound'

  test('another type is left to others', () => {
    const record = {
      type: 'watashi.identity.v1.IdentityProofed',
      key: 'k',
      value: new Uint8Array(),
    }
    expect(decodeAuthenticatorEvent(record)).toBeUndefined()
  })

  test.each([
    ['bytes of something else', Uint8Array.of(0xff, 0xff)],
    ['an empty message', new Uint8Array()],
    [
      'no time',
      AuthenticatorBound.encode({
        authenticatorId: 'a',
        subjectRef: 's',
        trustEnvironment: 1,
        proofingId: 'p',
        factsJson: Buffer.from('{}'),
        boundAt: undefined,
      }).finish(),
    ],
    [
      'facts that are no JSON',
      AuthenticatorBound.encode({
        authenticatorId: 'a',
        subjectRef: 's',
        trustEnvironment: 1,
        proofingId: 'p',
        factsJson: Buffer.from('{'),
        boundAt: at,
      }).finish(),
    ],
  ])('%s is refused', (_name, value) => {
    expect(() => decodeAuthenticatorEvent({ type, key: 'k', value })).toThrow(InvalidInput)
  })
})

describe('facts', () => {
  const file = new URL('../../policies/facts.schema.json', import.meta.url)
  const schema: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const ajv = addFormats.default(new Ajv2020({ strict: false, allowUnionTypes: true }))
  const validate = ajv.compile(schema as object)

  test.each([
    ['a passkey', { auth: facts }],
    ['a tap of the card', { auth: cardFacts('card', at) }],
    [
      'a binding',
      {
        bindings: [
          {
            authenticator: 'authenticator-1',
            at: at.toISOString(),
            method: 'proofing_session',
            proofing_id: 'proofing-1',
            same_protected_session: true,
          },
        ],
      },
    ],
  ])('%s has the form of the schema', (_name, value) => {
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true)
  })
})
