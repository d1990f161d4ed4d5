import { generateKeyPairSync } from 'node:crypto'
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { decodeCredentialPublicKey } from '@simplewebauthn/server/helpers'
import { describe, expect, test } from 'vitest'
import { fromBase64Url, toHex } from '../kernel/bytes.ts'
import { systemRandom } from '../kernel/random.ts'
import { encodeCbor } from './cbor.ts'
import {
  assertionResponse,
  createCredential,
  FLAGS,
  registrationResponse,
} from './software-authenticator.ts'

const CHALLENGE = 'AAECAwQFBgcICQoLDA0ODw'
const ORIGIN = 'http://localhost:8080'
const input = { challenge: CHALLENGE, origin: ORIGIN }
const credential = createCredential(systemRandom, {
  rpId: 'localhost',
  userHandle: Uint8Array.of(1, 2, 3),
})

type Registration = ReturnType<typeof registrationResponse>
type Assertion = ReturnType<typeof assertionResponse>

const register = (response: Registration) =>
  verifyRegistrationResponse({
    response,
    expectedChallenge: CHALLENGE,
    expectedOrigin: ORIGIN,
    expectedRPID: 'localhost',
    supportedAlgorithmIDs: [-7],
  })

const authenticate = (response: Assertion) =>
  verifyAuthenticationResponse({
    response,
    expectedChallenge: CHALLENGE,
    expectedOrigin: ORIGIN,
    expectedRPID: 'localhost',
    credential: {
      id: response.id,
      publicKey: new Uint8Array(credential.publicKey),
      counter: 0,
    },
  })

describe('a registration', () => {
  test('is taken by another implementation, with what it was made with', async () => {
    const { verified, registrationInfo } = await register(registrationResponse(credential, input))
    expect(verified).toBe(true)
    expect(registrationInfo).toMatchObject({
      fmt: 'none',
      userVerified: true,
      credentialDeviceType: 'singleDevice',
      credentialBackedUp: false,
    })
    expect(fromBase64Url(registrationInfo?.credential.id ?? '')).toEqual(credential.id)
  })

  test('of a synced passkey says so', async () => {
    const flags =
      FLAGS.userPresent |
      FLAGS.userVerified |
      FLAGS.attestedCredential |
      FLAGS.backupEligible |
      FLAGS.backedUp
    const { registrationInfo } = await register(registrationResponse(credential, input, { flags }))
    expect(registrationInfo).toMatchObject({
      credentialDeviceType: 'multiDevice',
      credentialBackedUp: true,
    })
  })

  test('with self attestation is taken; with the signature of another key it is not', async () => {
    const own = registrationResponse(credential, input, { attestation: {} })
    expect(await register(own)).toMatchObject({
      verified: true,
      registrationInfo: { fmt: 'packed' },
    })
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const foreign = registrationResponse(credential, input, { attestation: { privateKey } })
    expect(await register(foreign)).toMatchObject({ verified: false })
  })

  test.each([
    ['another origin', { ...input, origin: 'http://evil.example' }, {}],
    ['another challenge', { ...input, challenge: 'AAAA' }, {}],
    ['another relying party', input, { rpId: 'evil.example' }],
    ['no user verification', input, { flags: FLAGS.userPresent | FLAGS.attestedCredential }],
  ])('for %s is refused', async (_name, ceremony, variation) => {
    const response = registrationResponse(credential, ceremony, variation)
    await expect(register(response)).rejects.toThrow()
  })
})

describe('an assertion', () => {
  test('is taken by another implementation, with counter and user handle', async () => {
    const response = assertionResponse(credential, input, { counter: 7 })
    expect(await authenticate(response)).toMatchObject({
      verified: true,
      authenticationInfo: { newCounter: 7, userVerified: true },
    })
    expect(response.response.userHandle).toBe('AQID')
  })

  test('has the user handle it is told, or none', () => {
    const other = assertionResponse(credential, input, { userHandle: Uint8Array.of(9) })
    expect(other.response.userHandle).toBe('CQ')
    const none = assertionResponse(credential, input, { userHandle: null })
    expect('userHandle' in none.response).toBe(false)
  })

  test('of another credential is not taken', async () => {
    const other = createCredential(systemRandom, {
      rpId: 'localhost',
      userHandle: Uint8Array.of(1),
    })
    expect(await authenticate(assertionResponse(other, input))).toMatchObject({ verified: false })
  })

  test.each([
    ['another origin', { ...input, origin: 'http://evil.example' }, {}],
    ['another relying party', input, { rpId: 'evil.example' }],
    ['no user verification', input, { flags: FLAGS.userPresent }],
    ['a backup that it cannot have', input, { flags: 0x01 | 0x04 | FLAGS.backedUp }],
  ])('for %s is refused', async (_name, ceremony, variation) => {
    await expect(authenticate(assertionResponse(credential, ceremony, variation))).rejects.toThrow()
  })
})

describe('CBOR', () => {
  // Examples of RFC 8949 appendix A.
  test.each([
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [1000, '1903e8'],
    [-1, '20'],
    [-100, '3863'],
    ['', '60'],
    ['水', '63e6b0b4'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'],
    [[1, [2, 3]], '8201820203'],
    [
      new Map([
        [1, 2],
        [3, 4],
      ]),
      'a201020304',
    ],
  ])('of %j is %s', (value, expected) => {
    expect(toHex(encodeCbor(value))).toBe(expected)
  })

  test('has no numbers of 65536 and more', () => {
    expect(() => encodeCbor(65_536)).toThrow(TypeError)
  })

  test('of a public key is read by another implementation', () => {
    const decoded = decodeCredentialPublicKey(new Uint8Array(credential.publicKey))
    expect(decoded.get(3)).toBe(-7)
  })
})
