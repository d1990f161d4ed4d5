import type { Certificate } from './certificate.ts'
import { sameName } from './name.ts'
import { likelierFirst } from './path/build-path.ts'
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
  const issued = (anchor: TrustAnchor): boolean =>
    verifySignature(anchor.key, algorithm, certificate.tbs, certificate.signature)
  return likelierFirst(certificate, candidates, (anchor) => anchor.certificate).find(issued) ?? null
}
