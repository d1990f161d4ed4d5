import { constantTimeEqual } from '../kernel/bytes.ts'
import type { Certificate } from './certificate.ts'
import { sameName } from './name.ts'
import { signatureAlgorithm, verifySignature } from './signature.ts'
import type { TrustAnchor } from './trust-anchor.ts'

/**
 * The anchor that issued the certificate, or null. JPKI has no intermediates, and every generation of a family bears
 * one name: the key identifier orders the candidates, and the signature alone decides (RFC 5280 §6.1.3(a)(1)).
 */
export function findIssuer(
  certificate: Certificate,
  anchors: readonly TrustAnchor[],
): TrustAnchor | null {
  const algorithm = signatureAlgorithm(certificate.outerAlgorithm)
  const candidates = anchors.filter((anchor) =>
    sameName(anchor.certificate.subject, certificate.issuer),
  )
  const keyId = certificate.authorityKeyIdentifier?.keyIdentifier ?? null
  const named = candidates.filter((anchor) => hasKeyIdentifier(anchor, keyId))
  const others = candidates.filter((anchor) => !named.includes(anchor))
  const issued = (anchor: TrustAnchor): boolean =>
    verifySignature(anchor.key, algorithm, certificate.tbs, certificate.signature)
  return [...named, ...others].find(issued) ?? null
}

function hasKeyIdentifier({ certificate }: TrustAnchor, keyId: Uint8Array | null): boolean {
  const own = certificate.subjectKeyIdentifier
  return keyId !== null && own !== null && constantTimeEqual(own, keyId)
}
