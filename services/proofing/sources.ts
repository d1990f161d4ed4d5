import type { CrlPoint } from './crl-header.ts'
import type { CertificateName } from './certificate-record.ts'

/** A CRL as a source gave it: bytes that nobody has verified. */
export interface FetchedCrl {
  readonly der: Uint8Array
  /** What the source calls this version of it; null when it has no name for it. */
  readonly version: string | null
}

/** Where CRLs come from. */
export interface CrlSource {
  /**
   * Whether a list in hand goes on to count, as long as it is fresh, while the source has nothing better: yes where an
   * operator's job brings the lists, no where a source is asked and must answer.
   */
  readonly outlivesOutage: boolean
  /** The CRL of this point, or that it is still the one of `version`; `Unavailable` when it cannot be had. */
  fetchCrl(point: CrlPoint, version: string | null): Promise<FetchedCrl | 'unchanged'>
}

/** Where OCSP responses come from. */
export interface OcspSource {
  /** Unverified answer of the responder that certificates name by `uri`; `Unavailable` when there is none. */
  fetchOcsp(uri: string, request: Uint8Array): Promise<Uint8Array>
}

/** Where revocation data comes from: the simulator, an operator's HTTP service, or a folder that is filled by a job. */
export interface RevocationSources {
  readonly crl: CrlSource
  /** Null where CRLs alone are to be had. */
  readonly ocsp: OcspSource | null
}

/** What the linkage service (証明書紐付け, 新旧紐付け) says about a certificate. */
export type LinkageAnswer =
  | {
      readonly outcome: 'linked'
      /** The person, by an id that only we are given. */
      readonly personId: string
      /** Other certificates of the same person: predecessors, successor, the other one of the card. */
      readonly related: readonly CertificateName[]
      /** The certificate that replaced this one. */
      readonly successor: CertificateName | null
    }
  /** The certificate was issued too short a time ago. */
  | { readonly outcome: 'not-ready' }
  | { readonly outcome: 'unavailable' }

export interface LinkageSource {
  resolve(certificate: CertificateName): Promise<LinkageAnswer>
}
