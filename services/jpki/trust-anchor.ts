import { constantTimeEqual, fromHex, toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { AnchorRefused } from './errors.ts'
import { KEY_USAGE } from './extensions.ts'
import { sameName } from './name.ts'
import { importPublicKey, type PublicKey } from './public-key.ts'
import { signatureAlgorithm, verifySignature } from './signature.ts'

/** 署名用 (documents) or 利用者証明用 (logins): two CA families that never stand for each other. */
export type CertificateKind = 'signature' | 'authentication'

/** What makes a root ours: its bytes, and the environment and family that they stand for. */
export interface TrustAnchorPin {
  /** SHA-256 of the DER, hexadecimal. */
  readonly sha256: string
  readonly environment: TrustEnvironment
  readonly kind: CertificateKind
}

/** A pinned root with its key imported once. */
export interface TrustAnchor extends TrustAnchorPin {
  readonly certificate: Certificate
  readonly key: PublicKey
}

/** The roots that J-LIS publishes; all generations of a family share one subject name. */
export const PRODUCTION_PINS: readonly TrustAnchorPin[] = (
  [
    ['authentication', '4dcfc4ca0aaf9fb2a3081b3f0c991c320b3acc008667a341eeaec5af1d58ca7d'],
    ['authentication', '0d98de47fc11b7f67126874b7028b6026a803d2638d6edfe53176953961fade6'],
    ['authentication', '64114f29620c24ed2631d46476a040e7ee740d956089c00b036a6a8118c322b5'],
    ['signature', '19645405a1fe14377434bd55957628ac4038557c542403a2243f21c706fc9355'],
    ['signature', '79679c33e4cc9319440f1ad120a597ff1844e2ef217063adb176966fd5e6fbeb'],
    ['signature', 'd227f6cde11d35c5252178f106f843d24651944975413b539fa2fb68dbfa365f'],
  ] as const
).map(([kind, digest]) => ({ sha256: digest, environment: 'production', kind }))

/**
 * Opens one root: the pinned bytes, and what `readRoot` asks of them. Throws `AnchorRefused`, `MalformedDer` or `AlgorithmNotAllowed`.
 */
export function openTrustAnchor(der: Uint8Array, pin: TrustAnchorPin): TrustAnchor {
  if (!constantTimeEqual(sha256(der), fromHex(pin.sha256))) {
    throw new AnchorRefused('the pinned root certificate')
  }
  return { ...pin, ...readRoot(der) }
}

/**
 * Reads a root without asking whether it is trusted: self-issued and self-signed, a certification authority that may sign
 * certificates and CRLs. Throws `AnchorRefused`, `MalformedDer` or `AlgorithmNotAllowed`.
 */
export function readRoot(der: Uint8Array): Pick<TrustAnchor, 'certificate' | 'key'> {
  const certificate = parseCertificate(der)
  const key = importPublicKey(certificate.spki)
  const algorithm = signatureAlgorithm(certificate.outerAlgorithm)
  const mayIssue =
    certificate.basicConstraints?.ca === true &&
    certificate.keyUsage?.has(KEY_USAGE.keyCertSign) === true &&
    certificate.keyUsage.has(KEY_USAGE.crlSign)
  if (!mayIssue) throw new AnchorRefused('a certification authority that signs CRLs')
  if (
    !sameName(certificate.subject, certificate.issuer) ||
    !verifySignature(key, algorithm, certificate.tbs, certificate.signature)
  ) {
    throw new AnchorRefused('a self-signed certificate')
  }
  return { certificate, key }
}

/** Opens the pinned roots among `ders`; a root without a pin stops it. */
export function openTrustAnchors(
  ders: readonly Uint8Array[],
  pins: readonly TrustAnchorPin[],
): TrustAnchor[] {
  return ders.map((der) => {
    const digest = toHex(sha256(der))
    const pin = pins.find((candidate) => candidate.sha256.toLowerCase() === digest)
    if (pin === undefined) throw new AnchorRefused('a root certificate with a pin')
    return openTrustAnchor(der, pin)
  })
}
