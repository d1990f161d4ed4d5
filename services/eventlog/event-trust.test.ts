import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toBase64Url, utf8 } from '../kernel/bytes.ts'
import { TOPICS } from '../kernel/event.ts'
import { fromHeaders, signedBytes, SIGNATURE_HEADER, toHeaders } from './event-headers.ts'
import type { StoredRecord } from './event-log.ts'
import { EventRefused } from './event-refused.ts'
import { createEventSigner, createEventTrust, eventKeyId, verifyEvent } from './event-trust.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const signer = createEventSigner(privateKey, publicKey)
const TYPE = 'watashi.identity.v1.IdentityProofed'
const trust = createEventTrust([{ publicKey, service: 'proofing', types: [TYPE] }])
const ID = '019eb1de-5c00-7000-8000-000000000001'

function signed(over: Record<string, string> = {}, value = utf8('value')): StoredRecord {
  const headers = {
    ...toHeaders({
      id: ID,
      type: TYPE,
      source: 'proofing',
      keyVersion: 3,
      environment: 'simulator',
      occurredAt: new Date('2026-04-01T00:00:00.123Z'),
      recordedAt: new Date('2026-04-01T00:00:01Z'),
      kid: signer.kid,
    }),
    ...over,
  }
  const signature = signer.sign(signedBytes(TOPICS.subject, 'key', headers, value))
  return {
    topic: TOPICS.subject,
    partition: 0,
    offset: 0,
    key: 'key',
    value,
    headers: { ...headers, [SIGNATURE_HEADER]: toBase64Url(signature) },
  }
}

function refusal(record: StoredRecord): string {
  try {
    verifyEvent(record, trust, 'simulator')
    return 'accepted'
  } catch (error) {
    if (!(error instanceof EventRefused)) throw error
    return error.code
  }
}

describe('an event of the log', () => {
  test('is accepted with everything that its producer signed', () => {
    expect(verifyEvent(signed(), trust, 'simulator')).toEqual({
      id: ID,
      topic: TOPICS.subject,
      key: 'key',
      keyVersion: 3,
      type: TYPE,
      source: 'proofing',
      environment: 'simulator',
      occurredAt: new Date('2026-04-01T00:00:00.123Z'),
      recordedAt: new Date('2026-04-01T00:00:01Z'),
      value: utf8('value'),
    })
  })

  test.each(Object.keys(signed().headers))('is refused without its header %s', (name) => {
    const record = signed()
    const headers = Object.fromEntries(
      Object.entries(record.headers).filter(([one]) => one !== name),
    )
    expect(refusal({ ...record, headers })).toBe(
      name === SIGNATURE_HEADER ? 'EVENT_SIGNATURE_INVALID' : 'EVENT_MALFORMED',
    )
  })

  test.each([
    ['ce_specversion', '0.3'],
    ['content-type', 'application/json'],
    ['ce_id', 'not-a-uuid'],
    ['ce_type', 'no dots'],
    ['ce_source', 'stranger'],
    ['ce_sequence', '0'],
    ['ce_sequence', '01'],
    ['ce_sequence', '-1'],
    ['ce_sequence', '1e3'],
    ['ce_time', 'yesterday'],
    ['ce_time', '2026-02-31T00:00:00Z'],
    ['ce_trustenvironment', 'elsewhere'],
    ['ce_keyid', ''],
  ])('is refused with header %s of another form: %s', (name, text) => {
    expect(refusal(signed({ [name]: text }))).toBe('EVENT_MALFORMED')
  })

  test('is refused when any signed part was changed, added or taken away', () => {
    const record = signed()
    const changed: StoredRecord[] = [
      { ...record, key: 'other' },
      { ...record, topic: TOPICS.policy },
      { ...record, value: utf8('valuf') },
      { ...record, headers: { ...record.headers, ce_sequence: '4' } },
      { ...record, headers: { ...record.headers, ce_time: '2026-04-01T00:00:00.124Z' } },
      { ...record, headers: { ...record.headers, extra: 'x' } },
    ]
    expect(changed.map(refusal)).toEqual(changed.map(() => 'EVENT_SIGNATURE_INVALID'))
  })

  test('is refused with any bit of its signature or value flipped', () => {
    const record = signed()
    const signature = Buffer.from(record.headers[SIGNATURE_HEADER] ?? '', 'base64url')
    fc.assert(
      fc.property(fc.nat(signature.length * 8 - 1), (bit) => {
        const flipped = Buffer.from(signature)
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        const headers = { ...record.headers, [SIGNATURE_HEADER]: toBase64Url(flipped) }
        expect(refusal({ ...record, headers })).toBe('EVENT_SIGNATURE_INVALID')
      }),
    )
  })

  test('is refused without a value, without a key, or in a topic that is not ours', () => {
    const record = signed()
    expect(refusal({ ...record, value: null })).toBe('EVENT_MALFORMED')
    expect(refusal({ ...record, key: '' })).toBe('EVENT_MALFORMED')
    expect(refusal({ ...record, topic: 'other.events.v1' })).toBe('EVENT_MALFORMED')
  })

  test('is refused from another environment, or under a key that is not in the list', () => {
    expect(refusal(signed({ ce_trustenvironment: 'production' }))).toBe(
      'EVENT_ENVIRONMENT_MISMATCH',
    )
    expect(refusal(signed({ ce_keyid: 'unknown' }))).toBe('EVENT_PRODUCER_UNTRUSTED')
    expect(refusal(signed({ ce_source: 'wallet' }))).toBe('EVENT_PRODUCER_UNTRUSTED')
    expect(refusal(signed({ ce_type: 'watashi.policy.v1.AssuranceChanged' }))).toBe(
      'EVENT_PRODUCER_UNTRUSTED',
    )
  })

  test('never makes the reader fail in another way, whatever the headers are', () => {
    const names = Object.keys(signed().headers)
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names, '__proto__', 'x'), fc.string()),
        (headers) => {
          expect(() => fromHeaders(headers)).toThrow(EventRefused)
          expect(refusal({ ...signed(), headers })).toBe('EVENT_MALFORMED')
        },
      ),
    )
  })
})

test('names a key by the thumbprint of its public part', () => {
  // RFC 8037 appendix A.3
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  expect(eventKeyId(createPublicKey({ key: jwk, format: 'jwk' }))).toBe(
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  )
})

test('takes no key of another kind', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  expect(() => createEventSigner(rsa.privateKey, rsa.publicKey)).toThrow(TypeError)
})
