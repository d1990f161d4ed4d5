import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { concatBytes, toBase64Url, utf8 } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Random } from '../kernel/random.ts'
import { encodeCbor, type CborMap } from './cbor.ts'

/** Flags of authenticator data (WebAuthn L3 §6.1). */
export const FLAGS = {
  userPresent: 0x01,
  userVerified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  attestedCredential: 0x40,
} as const

const ES256 = -7

/** A passkey held in memory. */
export interface SoftwareCredential {
  readonly id: Uint8Array
  readonly rpId: string
  readonly aaguid: Uint8Array
  readonly privateKey: KeyObject
  /** COSE_Key of the public half. */
  readonly publicKey: Uint8Array
  /** `user.id` that the relying party gave; comes back with every assertion. */
  readonly userHandle: Uint8Array
}

/** What the page hands to the authenticator; wrong values make negative tests. */
export interface CeremonyInput {
  /** Base64url, as in the options. */
  readonly challenge: string
  readonly origin: string
  readonly crossOrigin?: boolean
  readonly topOrigin?: string
}

export interface CeremonyVariation {
  /** Flags byte as a whole. */
  readonly flags?: number
  readonly counter?: number
  /** RP id to hash, where it is not the credential's own. */
  readonly rpId?: string
}

/** `fmt` packed: with x5c basic, without it self attestation. Absent: `none`. */
export interface Attestation {
  readonly privateKey?: KeyObject
  /** DER, leaf first. */
  readonly x5c?: readonly Uint8Array[]
}

/** JSON form of a registration response (WebAuthn L3 §5.1.8.4). */
export interface RegistrationJson {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly authenticatorAttachment: 'platform'
  readonly clientExtensionResults: { readonly credProps: { readonly rk: boolean } }
  readonly response: {
    readonly clientDataJSON: string
    readonly attestationObject: string
    readonly transports: 'internal'[]
  }
}

/** JSON form of an authentication response (WebAuthn L3 §5.1.8.5). */
export interface AssertionJson {
  readonly id: string
  readonly rawId: string
  readonly type: 'public-key'
  readonly authenticatorAttachment: 'platform'
  readonly clientExtensionResults: Record<string, never>
  readonly response: {
    readonly clientDataJSON: string
    readonly authenticatorData: string
    readonly signature: string
    readonly userHandle?: string
  }
}

/** Makes a P-256 credential for a relying party. */
export function createCredential(
  random: Random,
  options: { readonly rpId: string; readonly userHandle: Uint8Array; readonly aaguid?: Uint8Array },
): SoftwareCredential {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const point = publicKey.export({ type: 'spki', format: 'der' }).subarray(-64) // x ‖ y
  const cose: CborMap = new Map<number, number | Uint8Array>([
    [1, 2], // kty EC2
    [3, ES256],
    [-1, 1], // crv P-256
    [-2, new Uint8Array(point.subarray(0, 32))],
    [-3, new Uint8Array(point.subarray(32))],
  ])
  return {
    id: random.bytes(32),
    rpId: options.rpId,
    aaguid: options.aaguid ?? new Uint8Array(16),
    privateKey,
    publicKey: encodeCbor(cose),
    userHandle: options.userHandle,
  }
}

/** Answers `navigator.credentials.create`; user present and verified, device-bound, unless `variation` says otherwise. */
export function registrationResponse(
  credential: SoftwareCredential,
  input: CeremonyInput,
  variation: CeremonyVariation & { readonly attestation?: Attestation } = {},
): RegistrationJson {
  const flags = variation.flags ?? FLAGS.userPresent | FLAGS.userVerified | FLAGS.attestedCredential
  const authData = authenticatorData(credential, { ...variation, flags })
  const clientData = clientDataJson('webauthn.create', input)
  const { attestation } = variation
  const object: CborMap = new Map<string, string | Uint8Array | CborMap>([
    ['fmt', attestation ? 'packed' : 'none'],
    ['attStmt', attestation ? packed(attestation, credential, authData, clientData) : new Map()],
    ['authData', authData],
  ])
  return {
    ...names(credential),
    clientExtensionResults: { credProps: { rk: true } },
    response: {
      clientDataJSON: toBase64Url(clientData),
      attestationObject: toBase64Url(encodeCbor(object)),
      transports: ['internal'],
    },
  }
}

/** Answers `navigator.credentials.get`; user present and verified unless `variation` says otherwise. */
export function assertionResponse(
  credential: SoftwareCredential,
  input: CeremonyInput,
  variation: CeremonyVariation & { readonly userHandle?: Uint8Array | null } = {},
): AssertionJson {
  const flags = variation.flags ?? FLAGS.userPresent | FLAGS.userVerified
  const authData = authenticatorData(credential, { ...variation, flags })
  const clientData = clientDataJson('webauthn.get', input)
  const { userHandle = credential.userHandle } = variation
  const signature = sign('sha256', signedBytes(authData, clientData), credential.privateKey)
  return {
    ...names(credential),
    clientExtensionResults: {},
    response: {
      clientDataJSON: toBase64Url(clientData),
      authenticatorData: toBase64Url(authData),
      signature: toBase64Url(signature),
      ...(userHandle && { userHandle: toBase64Url(userHandle) }),
    },
  }
}

function names({ id }: SoftwareCredential) {
  return {
    id: toBase64Url(id),
    rawId: toBase64Url(id),
    type: 'public-key',
    authenticatorAttachment: 'platform',
  } as const
}

function clientDataJson(type: string, input: CeremonyInput): Uint8Array {
  const { challenge, origin, crossOrigin = false, topOrigin } = input
  return utf8(JSON.stringify({ type, challenge, origin, crossOrigin, topOrigin }))
}

function authenticatorData(
  credential: SoftwareCredential,
  { flags, counter = 0, rpId = credential.rpId }: CeremonyVariation & { readonly flags: number },
): Uint8Array {
  const head = concatBytes(sha256(rpId), Uint8Array.of(flags), uint(counter, 4))
  if ((flags & FLAGS.attestedCredential) === 0) return head
  const { aaguid, id, publicKey } = credential
  return concatBytes(head, aaguid, uint(id.length, 2), id, publicKey)
}

function packed(
  { privateKey, x5c }: Attestation,
  credential: SoftwareCredential,
  authData: Uint8Array,
  clientData: Uint8Array,
): CborMap {
  const key = privateKey ?? credential.privateKey
  const signature = new Uint8Array(sign('sha256', signedBytes(authData, clientData), key))
  const statement: CborMap = new Map()
  statement.set('alg', ES256).set('sig', signature)
  if (x5c) statement.set('x5c', [...x5c])
  return statement
}

function signedBytes(authData: Uint8Array, clientData: Uint8Array): Uint8Array {
  return concatBytes(authData, sha256(clientData))
}

function uint(value: number, length: 2 | 4): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes.subarray(4 - length)
}
