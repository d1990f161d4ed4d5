import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import type { Certificate } from '../jpki/certificate.ts'
import type { RegisterText, SubjectAttributes } from '../jpki/subject-attributes.ts'
import { concatBytes, lengthPrefixed, utf8 } from '../kernel/bytes.ts'
import { japaneseDate } from '../kernel/calendar.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import type { SealedAttributes, Vault } from '../wallet/ports.ts'
import { BASIC_FOUR_NAMES } from './facts.ts'

/** The attributes as the vault reads them; what the register does not know is left out, never guessed. */
export function vaultAttributes(
  attributes: SubjectAttributes,
  { notBefore }: Certificate,
): SealedAttributes {
  const { birthDate, municipality } = attributes
  return {
    name: registerText(attributes.name),
    address: registerText(attributes.address),
    ...(birthDate.date === null ? {} : { birthdate: birthDate.date }),
    gender: attributes.sex.raw,
    ...(municipality === null ? {} : { municipality }),
    asOf: japaneseDate(notBefore.at),
  }
}

function registerText({ text, substituted }: RegisterText) {
  return { value: text, substituted: substituted.length > 0 }
}

/** Seals the attributes and hands them to the vault; idempotent by the deposit's id. The names that are in it. */
export async function depositAttributes(
  { vault, environment }: { readonly vault: Vault; readonly environment: TrustEnvironment },
  depositId: string,
  attributes: SealedAttributes,
): Promise<readonly string[]> {
  const { publicKey } = await vault.publicKey()
  const sealed = await sealAttributes(attributes, publicKey, { environment, proofingId: depositId })
  await vault.deposit(depositId, sealed)
  return BASIC_FOUR_NAMES.filter((name) => attributes[name] !== undefined)
}

/**
 * Seals the attributes to the vault (RFC 9180, base mode): encapsulated key ‖ ciphertext. Nobody but the vault of this
 * environment opens it, and only as the deposit of this proofing.
 */
async function sealAttributes(
  attributes: SealedAttributes,
  vaultKey: Uint8Array,
  place: { readonly environment: TrustEnvironment; readonly proofingId: string },
): Promise<Uint8Array> {
  const suite = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  })
  const recipientKey: unknown = await suite.kem.deserializePublicKey(
    new Uint8Array(vaultKey).buffer,
  )
  const sender = await suite.createSenderContext({
    recipientPublicKey: recipientKey as never, // the library's types name DOM's CryptoKey, which is not loaded here
    info: new Uint8Array(utf8('watashi/vault/v1')).buffer,
  })
  const aad = lengthPrefixed(place.environment, place.proofingId)
  const plaintext = utf8(canonicalJson(attributes))
  const sealed = await sender.seal(new Uint8Array(plaintext).buffer, new Uint8Array(aad).buffer)
  return concatBytes(new Uint8Array(sender.enc), new Uint8Array(sealed))
}
