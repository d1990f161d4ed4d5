import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemRandom } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import {
  fixedKeyProvider,
  makeKey,
  openKey,
  PersonKeys,
  rewrapKey,
  type KeyProvider,
} from './keys.ts'
import { seal, unseal } from './sealing.ts'

const undecryptable = expect.objectContaining({ code: 'UNDECRYPTABLE' }) as Error
const context = { store: 's', type: 't', recordId: 'r', subjectRef: 'p', field: 'f' }
const key = () => systemRandom.bytes(32)
const AT = new Date(0)

describe('a sealed value', () => {
  test('opens with its key in its place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (plaintext) => {
        const k = key()
        expect(unseal(k, seal(k, plaintext, context, systemRandom), context)).toEqual(plaintext)
      }),
    )
  })
  test('opens with no other key', () => {
    const sealed = seal(key(), new Uint8Array(4), context, systemRandom)
    expect(() => unseal(key(), sealed, context)).toThrow(undecryptable)
  })
  test.each(['store', 'type', 'recordId', 'subjectRef', 'field'])(
    'opens in no other %s',
    (member) => {
      const k = key()
      const sealed = seal(k, new Uint8Array(4), context, systemRandom)
      expect(() => unseal(k, sealed, { ...context, [member]: 'x' })).toThrow(undecryptable)
    },
  )
  test('does not open once any bit is changed or any byte cut off', () => {
    const k = key()
    const sealed = seal(k, new Uint8Array(8), context, systemRandom)
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), fc.nat(sealed.length - 1), (bit, length) => {
        const changed = Uint8Array.from(sealed)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(() => unseal(k, changed, context)).toThrow(undecryptable)
        expect(() => unseal(k, sealed.subarray(0, length), context)).toThrow(undecryptable)
      }),
    )
  })
})

describe('the key hierarchy', () => {
  const provider = fixedKeyProvider(new Secret(key()))
  const subjectRef = 'p'
  const subject = makeKey(provider, systemRandom, AT, { keyClass: 'subject', subjectRef })
  const persona = makeKey(provider, systemRandom, AT, {
    keyClass: 'persona',
    subjectRef,
    parent: subject.key,
  })

  test('unwraps a persona through its person', () => {
    const keys = new PersonKeys([persona.row, subject.row], provider)
    expect(keys.byId(persona.key.keyId).secret.reveal()).toEqual(persona.key.secret.reveal())
  })
  test('loses every key below one that was destroyed', () => {
    const keys = new PersonKeys([persona.row], provider)
    expect(() => keys.byId(persona.key.keyId)).toThrow(undecryptable)
    expect(() => keys.only('subject')).toThrow(undecryptable)
  })
  test('refuses a wrapped key put in the place of another person’s', () => {
    expect(() => openKey(provider, { ...subject.row, subjectRef: 'other' })).toThrow(undecryptable)
    expect(() => openKey(provider, { ...subject.row, keyId: 'other' })).toThrow(undecryptable)
    expect(() => openKey(provider, { ...subject.row, keyClass: 'ledger' })).toThrow(undecryptable)
  })
  test('does not show a key when it is printed', () => {
    expect(JSON.stringify(subject.key)).not.toContain(
      Buffer.from(subject.key.secret.reveal()).toString('base64'),
    )
    expect(JSON.stringify(subject.key)).toContain('[secret]')
  })
  test('moves a key to the next key encryption key, after which the old one opens nothing', () => {
    const next = new Secret(key())
    const both: KeyProvider = {
      current: { epoch: '2', key: next },
      byEpoch: (epoch) => (epoch === '2' ? next : provider.byEpoch(epoch)),
    }
    const moved = rewrapKey(both, systemRandom, subject.row)
    const only = fixedKeyProvider(next, '2')
    expect(openKey(only, moved).secret.reveal()).toEqual(subject.key.secret.reveal())
    expect(() => openKey(provider, moved)).toThrow(undecryptable)
    expect(() => openKey(only, subject.row)).toThrow(undecryptable)
  })
  test('takes a key encryption key of 32 bytes only', () => {
    expect(() => fixedKeyProvider(new Secret(new Uint8Array(31)))).toThrow(TypeError)
  })
})
