import type { SealedAttributes } from '../wallet/ports.ts'
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

/** A consent as the card's 署名用 key signed it. */
export interface SignedConsent {
  /** Of the certificate, lower-case hexadecimal without leading zeros. */
  readonly serial: string
  readonly document: string
  /** Ends with the SHA-256 of the document. */
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export type ConsentAnswer =
  | {
      readonly outcome: 'recorded'
      /** What the service calls the consent. */
      readonly reference: string
    }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'unavailable' }

export type SupplyAnswer =
  | { readonly outcome: 'supplied'; readonly attributes: SealedAttributes }
  /** The register has nobody under this certificate any more. */
  | { readonly outcome: 'not-supplied' }
  /** The service knows of no consent that stands. */
  | { readonly outcome: 'no-consent' }
  | { readonly outcome: 'unavailable' }

/** What the register says today (最新の基本4情報提供), for whoever consented. */
export interface LatestAttributesSource {
  /** Hands in a consent; the same one again is the same consent. */
  record(consent: SignedConsent): Promise<ConsentAnswer>
  withdraw(reference: string): Promise<'withdrawn' | 'refused' | 'unavailable'>
  /** The four attributes of the holder of a 署名用 certificate, by its serial. */
  supply(reference: string, serial: string): Promise<SupplyAnswer>
}
