import { fromBase64Url, lengthPrefixed } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'

export interface BindingFields {
  /** Challenge of the registration, base64url. */
  readonly challenge: string
  /** base64url. */
  readonly credentialId: string
  /** COSE_Key as the authenticator gave it. */
  readonly publicKey: Uint8Array
  readonly rpId: string
}

/**
 * What the card signs to vouch for a new passkey: SHA-256(LP("bind:v1", challenge, credentialId, SHA-256(COSE key),
 * thumbprint of the device key, rpId)), 32 bytes. The thumbprint is empty as long as there is no device key.
 */
export function bindingHash(fields: BindingFields): Uint8Array {
  return sha256(
    lengthPrefixed(
      'bind:v1',
      fromBase64Url(fields.challenge),
      fromBase64Url(fields.credentialId),
      sha256(fields.publicKey),
      '',
      fields.rpId,
    ),
  )
}
