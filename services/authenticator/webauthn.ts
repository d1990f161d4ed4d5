import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import {
  decodeAttestationObject,
  decodeClientDataJSON,
  decodeCredentialPublicKey,
  parseAuthenticatorData,
} from '@simplewebauthn/server/helpers'
import { constantTimeEqual, fromBase64Url } from '../kernel/bytes.ts'
import { canonicalJson, type Json } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import type { AssertionResponse, RegistrationResponse } from './api.ts'
import type { AttestationTrust } from './authentication-facts.ts'
import { ALGORITHMS, type RefusalReason } from './model.ts'

// The one file that knows SimpleWebAuthn. The library leaves several checks of WebAuthn L3 §7 to its caller and reports
// faults as text; here every step has its typed reason, and the library has the last word on bytes and signature.

/** What a response must be an answer to. */
export interface Expected {
  /** base64url; was taken from the store before, so that no second response can be checked against it. */
  readonly challenge: string
  readonly origin: string
  readonly rpId: string
}

export interface CredentialDescriptor {
  /** base64url. */
  readonly id: string
  readonly transports: readonly string[]
}

export interface NewCredential {
  readonly credentialId: string
  readonly publicKey: Uint8Array
  readonly algorithm: number
  readonly counter: number
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly attestation: AttestationTrust
  readonly claimedAaguid: string
  readonly transports: readonly string[]
}

/** An assertion whose signature holds. Whether its credential may log in is for `decideAssertion`. */
export interface VerifiedAssertion {
  readonly counter: number
  readonly userVerified: boolean
  readonly backupEligible: boolean
  readonly backedUp: boolean
}

interface Refused {
  readonly outcome: 'refused'
  readonly reason: RefusalReason
}
export type RegistrationVerdict =
  { readonly outcome: 'verified'; readonly credential: NewCredential } | Refused
export type AssertionVerdict =
  { readonly outcome: 'verified'; readonly assertion: VerifiedAssertion } | Refused

const TIMEOUT_MS = 5 * 60_000
const MINIMUM_RSA_MODULUS_BYTES = 256

/** Options for `navigator.credentials.create`: a discoverable passkey with user verification. */
export async function creationOptions(input: {
  readonly rpId: string
  readonly rpName: string
  readonly challenge: Uint8Array
  readonly userHandle: Uint8Array
  readonly userName: string
  readonly exclude: readonly CredentialDescriptor[]
}): Promise<Json> {
  const options = await generateRegistrationOptions({
    rpID: input.rpId,
    rpName: input.rpName,
    userName: input.userName,
    userDisplayName: input.userName,
    userID: Uint8Array.from(input.userHandle),
    challenge: Uint8Array.from(input.challenge), // as text it would be encoded twice
    timeout: TIMEOUT_MS,
    // A phone's passkey is not attested anyway, and without metadata of the makers a statement proves nothing that
    // facts could use; asking would only show the person a warning.
    attestationType: 'none',
    excludeCredentials: input.exclude.map(descriptor),
    // A fresh object: the library writes into the one it is given.
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: [...ALGORITHMS], // its default depends on the runtime
  })
  return toJson(options)
}

/** Options for `navigator.credentials.get`; with no `allow` the person chooses among the passkeys for this rpId. */
export async function requestOptions(input: {
  readonly rpId: string
  readonly challenge: Uint8Array
  readonly allow?: readonly CredentialDescriptor[]
}): Promise<Json> {
  const options = await generateAuthenticationOptions({
    rpID: input.rpId,
    challenge: Uint8Array.from(input.challenge),
    timeout: TIMEOUT_MS,
    userVerification: 'required',
    ...(input.allow ? { allowCredentials: input.allow.map(descriptor) } : {}),
  })
  return toJson(options)
}

type Transport = 'ble' | 'cable' | 'hybrid' | 'internal' | 'nfc' | 'smart-card' | 'usb'
const TRANSPORTS: ReadonlySet<string> = new Set<Transport>([
  'ble',
  'cable',
  'hybrid',
  'internal',
  'nfc',
  'smart-card',
  'usb',
])

function isTransport(text: string): text is Transport {
  return TRANSPORTS.has(text)
}

function descriptor(credential: CredentialDescriptor): { id: string; transports: Transport[] } {
  return { id: credential.id, transports: credential.transports.filter(isTransport) }
}

function toJson(options: object): Json {
  // JSON.parse gives nothing but Json.
  return JSON.parse(canonicalJson(options)) as Json
}

/** WebAuthn L3 §7.1, as far as it needs no store. */
export async function verifyRegistration(
  unverified: RegistrationResponse,
  expected: Expected,
): Promise<RegistrationVerdict> {
  return refuseMalformed<RegistrationVerdict>(async () => {
    const { clientDataJSON, attestationObject } = unverified.response
    const clientFault = clientDataFault(clientDataJSON, 'webauthn.create', expected)
    if (clientFault) return refused(clientFault)

    const attestation = decodeAttestationObject(Uint8Array.from(fromBase64Url(attestationObject)))
    const authenticatorData = parseAuthenticatorData(attestation.get('authData'))
    const flagsFault = authenticatorDataFault(authenticatorData, expected.rpId)
    if (flagsFault) return refused(flagsFault)

    const { credentialPublicKey } = authenticatorData
    if (!credentialPublicKey) return refused('RESPONSE_MALFORMED')
    const algorithm = allowedAlgorithm(credentialPublicKey)
    if (algorithm === undefined) return refused('ALGORITHM_NOT_ALLOWED')

    // We asked for none. A certificate chain would be believed without a root and looked up at an address of its own
    // choice, so it is turned away before the library sees it.
    const selfAttested =
      attestation.get('fmt') === 'packed' && attestation.get('attStmt').get('x5c') === undefined
    if (attestation.get('fmt') !== 'none' && !selfAttested) {
      return refused('ATTESTATION_NOT_ACCEPTED')
    }

    const result = await verifyRegistrationResponse({
      response: {
        ...unverified,
        response: { clientDataJSON, attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: expected.challenge,
      expectedOrigin: expected.origin,
      expectedRPID: expected.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...ALGORITHMS],
    })
    if (!result.verified) return refused('SIGNATURE_INVALID')
    const { credential, aaguid } = result.registrationInfo
    if (credential.id !== unverified.id) return refused('RESPONSE_MALFORMED')
    return {
      outcome: 'verified',
      credential: {
        credentialId: credential.id,
        publicKey: credential.publicKey,
        algorithm,
        counter: credential.counter,
        backupEligible: authenticatorData.flags.be,
        backedUp: authenticatorData.flags.bs,
        attestation: selfAttested ? 'self' : 'none',
        claimedAaguid: aaguid,
        transports: (unverified.response.transports ?? []).filter(isTransport),
      },
    }
  })
}

/** WebAuthn L3 §7.2 from step 10 on, for the credential that was looked up by `unverified.id`. */
export async function verifyAssertion(
  unverified: AssertionResponse,
  expected: Expected,
  credential: { readonly credentialId: string; readonly publicKey: Uint8Array },
): Promise<AssertionVerdict> {
  return refuseMalformed<AssertionVerdict>(async () => {
    const { clientDataJSON, authenticatorData, signature } = unverified.response
    const clientFault = clientDataFault(clientDataJSON, 'webauthn.get', expected)
    if (clientFault) return refused(clientFault)

    const parsed = parseAuthenticatorData(Uint8Array.from(fromBase64Url(authenticatorData)))
    const flagsFault = authenticatorDataFault(parsed, expected.rpId)
    if (flagsFault) return refused(flagsFault)

    const result = await verifyAuthenticationResponse({
      response: {
        ...unverified,
        response: { clientDataJSON, authenticatorData, signature },
        clientExtensionResults: {},
      },
      expectedChallenge: expected.challenge,
      expectedOrigin: expected.origin,
      expectedRPID: expected.rpId,
      requireUserVerification: true,
      credential: {
        id: credential.credentialId,
        publicKey: Uint8Array.from(credential.publicKey),
        counter: 0, // judged by us, after the signature: the library would judge it before
      },
    })
    if (!result.verified) return refused('SIGNATURE_INVALID')
    return {
      outcome: 'verified',
      assertion: {
        counter: result.authenticationInfo.newCounter,
        userVerified: parsed.flags.uv,
        backupEligible: parsed.flags.be,
        backedUp: parsed.flags.bs,
      },
    }
  })
}

function clientDataFault(
  unverifiedClientData: string,
  type: 'webauthn.create' | 'webauthn.get',
  expected: Expected,
): RefusalReason | undefined {
  const clientData = decodeClientDataJSON(unverifiedClientData)
  if (clientData.type !== type) return 'TYPE_MISMATCH'
  if (!sameBytes(clientData.challenge, expected.challenge)) return 'CHALLENGE_MISMATCH'
  if (clientData.origin !== expected.origin) return 'ORIGIN_MISMATCH'
  // We never embed our ceremonies, and nobody else shall: a frame of another site is click-jacking.
  if (clientData.crossOrigin || clientData.topOrigin !== undefined) return 'CROSS_ORIGIN'
  return undefined
}

function sameBytes(a: unknown, b: string): boolean {
  return typeof a === 'string' && constantTimeEqual(sha256(a), sha256(b))
}

function authenticatorDataFault(
  parsed: ReturnType<typeof parseAuthenticatorData>,
  rpId: string,
): RefusalReason | undefined {
  if (!constantTimeEqual(parsed.rpIdHash, sha256(rpId))) return 'RP_ID_MISMATCH'
  if (!parsed.flags.up) return 'USER_NOT_PRESENT'
  if (!parsed.flags.uv) return 'USER_NOT_VERIFIED'
  if (parsed.flags.bs && !parsed.flags.be) return 'BACKUP_FLAGS_INVALID'
  return undefined
}

const COSE = { alg: 3, rsaModulus: -1 } as const

function allowedAlgorithm(publicKey: Uint8Array): number | undefined {
  const key = decodeCredentialPublicKey(Uint8Array.from(publicKey))
  const algorithm: unknown = key.get(COSE.alg)
  if (!ALGORITHMS.some((allowed) => allowed === algorithm)) return undefined
  if (algorithm === -257) {
    const modulus: unknown = (key as unknown as ReadonlyMap<number, unknown>).get(COSE.rsaModulus)
    if (!(modulus instanceof Uint8Array) || modulus.length < MINIMUM_RSA_MODULUS_BYTES) {
      return undefined
    }
  }
  return Number(algorithm)
}

function refused(reason: RefusalReason): Refused {
  return { outcome: 'refused', reason }
}

/** Whatever is thrown while bytes from outside are read says that they are not a response: the library throws text alone. */
async function refuseMalformed<T>(verify: () => Promise<T>): Promise<T | Refused> {
  try {
    return await verify()
  } catch {
    return refused('RESPONSE_MALFORMED')
  }
}
