/** A message that was changed, with all that it is judged with. */
export type Mutant = PathMutant | OcspMutant | CmsMutant

interface Common {
  readonly number: number
  /** What the message was before, and whether it was signed again after the change. */
  readonly what: string
  readonly isSignedAgain: boolean
}

/** A path from the target to the root; one of its certificates, or one of the lists, is the mutant. */
export interface PathMutant extends Common {
  readonly kind: 'target' | 'intermediate' | 'crl'
  readonly target: Uint8Array
  readonly root: Uint8Array
  readonly intermediates: readonly Uint8Array[]
  readonly crls: readonly Uint8Array[]
}

export interface OcspMutant extends Common {
  readonly kind: 'ocsp'
  readonly response: Uint8Array
  readonly certificate: Uint8Array
  readonly issuer: Uint8Array
}

export interface CmsMutant extends Common {
  readonly kind: 'cms'
  readonly cms: Uint8Array
  readonly root: Uint8Array
}

/** What one of the two made of a mutant. */
export interface Judgement {
  readonly accepts: boolean
  /** Why not; empty when it accepts. No bytes of the message, and no places in it. */
  readonly reason: string
}
