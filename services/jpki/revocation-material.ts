import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { parseCrl, type CertificateRevocationList } from './crl.ts'
import { AlgorithmNotAllowed, AnchorRefused, MalformedDer } from './errors.ts'
import { parseOcspResponse, type BasicOcspResponse } from './ocsp-response.ts'
import type { FreshnessPolicy } from './revocation.ts'

/** Most revocation lists, and most OCSP responses, that one verification takes: leaving one out could hide a revocation. */
const MAX_REVOCATION_OBJECTS = 256

/** Revocation data as it came, nothing of it read. */
export interface UnverifiedRevocation {
  readonly crls: readonly Uint8Array[]
  readonly ocsp: readonly Uint8Array[]
}

/** The same as read; what could not be read says nothing, and is left out. */
export interface RevocationMaterial {
  readonly crls: readonly CertificateRevocationList[]
  /** Null: a responder that refused to answer. */
  readonly responses: readonly (BasicOcspResponse | null)[]
}

/** Null when there is more of it than may be given. */
export function readRevocation({ crls, ocsp }: UnverifiedRevocation): RevocationMaterial | null {
  if (crls.length > MAX_REVOCATION_OBJECTS || ocsp.length > MAX_REVOCATION_OBJECTS) return null
  return { crls: readUsable(crls, parseCrl), responses: readUsable(ocsp, parseOcspResponse) }
}

export const TOO_MUCH_REVOCATION = `at most ${MAX_REVOCATION_OBJECTS} revocation lists and as many OCSP responses`

/** Each different one of `ders` that `read` takes, in order. */
export function readUsable<T>(ders: readonly Uint8Array[], read: (der: Uint8Array) => T): T[] {
  const different = new Map(ders.map((der) => [toHex(sha256(der)), der]))
  return [...different.values()].flatMap((der) => {
    try {
      return [read(der)]
    } catch (error) {
      if (
        error instanceof MalformedDer ||
        error instanceof AlgorithmNotAllowed ||
        error instanceof AnchorRefused
      ) {
        return []
      }
      throw error
    }
  })
}

const DAY = 86_400_000

/** CRLs are made ahead of time; an OCSP answer is made on request, by a clock that is not ours. */
export function crlFreshness(maximumAgeDays: number): FreshnessPolicy {
  return { maximumAge: maximumAgeDays * DAY, clockSkew: 0 }
}

export function ocspFreshness(maximumAgeDays: number): FreshnessPolicy {
  return { maximumAge: maximumAgeDays * DAY, clockSkew: 60_000 }
}
