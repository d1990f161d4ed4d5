import type { CertificateName } from './certificate-record.ts'

/** Where revocation data comes from; both answers are bytes that nobody has verified. */
export interface RevocationSources {
  /** The CRL that is named by this directory name (DER of the Name); `Unavailable` when it cannot be had. */
  fetchCrl(directoryName: Uint8Array): Promise<Uint8Array>
  /** Answer of the responder that certificates name by `uri`; `Unavailable` when there is none. */
  fetchOcsp(uri: string, request: Uint8Array): Promise<Uint8Array>
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
