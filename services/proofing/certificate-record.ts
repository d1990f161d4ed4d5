import { decryptBytes, encryptBytes } from '../kernel/aead.ts'
import { lengthPrefixed, toHex } from '../kernel/bytes.ts'
import { hmacSha256 } from '../kernel/digest.ts'
import { ServiceError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import type { Secret } from '../kernel/secret.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import {
  decodeRevocationTarget,
  encodeRevocationTarget,
  type RevocationTarget,
} from '../jpki/revocation-target.ts'
import type { CertificateKind } from '../jpki/trust-anchor.ts'

/** Keys of proofing alone; 32 bytes each. */
export interface ProofingKeys {
  /** Makes references of certificates and persons. */
  readonly reference: Secret<Uint8Array>
  /** Seals what the revocation monitor needs of a certificate, its serial included. */
  readonly sealing: Secret<Uint8Array>
}

/** A certificate by family and serial; a serial alone names two of them. */
export interface CertificateName {
  readonly kind: CertificateKind
  /** Lower-case hexadecimal without leading zeros. */
  readonly serial: string
}

/** A stored record that does not open: another key, or changed bytes. */
export class RecordSealed extends ServiceError {
  readonly code = 'RECORD_SEALED'
}

/** Keyed digest of a certificate, hexadecimal: the same for the same certificate, and nothing to guess serials with. */
export function certificateRef(
  keys: ProofingKeys,
  environment: TrustEnvironment,
  { kind, serial }: CertificateName,
): string {
  const fields = lengthPrefixed('certificate', environment, kind, serial)
  return toHex(hmacSha256(keys.reference.reveal(), fields))
}

/** Keyed digest of the person's id at the linkage service, hexadecimal. */
export function personRef(
  keys: ProofingKeys,
  environment: TrustEnvironment,
  personId: string,
): string {
  return toHex(hmacSha256(keys.reference.reveal(), lengthPrefixed('person', environment, personId)))
}

/** Seals what the revocation monitor needs, bound to the certificate's reference. */
export function sealTarget(
  keys: ProofingKeys,
  ref: string,
  target: RevocationTarget,
  random: Random,
): Uint8Array {
  return encryptBytes(keys.sealing.reveal(), encodeRevocationTarget(target), placeOf(ref), random)
}

/** Opens what `sealTarget` made; `RecordSealed` when it does not. */
export function openTarget(keys: ProofingKeys, ref: string, sealed: Uint8Array): RevocationTarget {
  try {
    return decodeRevocationTarget(decryptBytes(keys.sealing.reveal(), sealed, placeOf(ref)))
  } catch (cause) {
    throw new RecordSealed('expected a record under this key', { cause })
  }
}

function placeOf(ref: string): Uint8Array {
  return lengthPrefixed('target', ref)
}
