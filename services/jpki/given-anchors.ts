import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { AlgorithmPolicy } from './algorithm-policy.ts'
import { parseCertificate } from './certificate.ts'
import type { PathAnchor } from './path/build-path.ts'
import { familyOf, kindNamed, type Family } from './profile.ts'
import { readUsable } from './revocation-material.ts'
import { readRoot, type TrustAnchor } from './trust-anchor.ts'

/** Certificates with a key of an allowed kind, as they were handed over; what cannot be read is left out. */
export function anchorsOf(ders: readonly Uint8Array[], algorithms: AlgorithmPolicy): PathAnchor[] {
  return readUsable(ders, parseCertificate)
    .map((certificate) => ({ certificate, key: certificate.spki.keyUnder(algorithms) }))
    .filter((anchor): anchor is PathAnchor => anchor.key !== null)
}

type Root = Omit<TrustAnchor, 'kind' | 'environment'>

/** Roots that somebody who answers for them has handed over: what no root could be is left out. */
export function readRoots(ders: readonly Uint8Array[]): Root[] {
  return readUsable(ders, (der) => ({ ...readRoot(der), sha256: toHex(sha256(der)) }))
}

/**
 * The family that a certificate's policy names, and the roots as anchors of it, but for those whose name tells the other
 * family. A certificate of no family gets one all the same, whose profile then refuses it.
 */
export function rootsFor(
  der: Uint8Array,
  roots: readonly Root[],
): { readonly family: Family; readonly anchors: readonly TrustAnchor[] } {
  const [certificate] = readUsable([der], parseCertificate)
  const claimed = certificate === undefined ? null : familyOf(certificate)
  if (claimed === null) {
    const family = { kind: 'signature', environment: 'production' } as const
    return { family, anchors: roots.map((root) => ({ ...root, ...family })) }
  }
  const anchors = roots.map((root) => {
    const kind = kindNamed(root.certificate.subject) ?? claimed.kind
    return { ...root, kind, environment: claimed.environment }
  })
  return { family: claimed, anchors }
}
