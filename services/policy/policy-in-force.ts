import type { ActivePolicy } from './active-policy.ts'
import { PolicyLibrary, type PolicyDocuments } from './policy-library.ts'
import { contentDigest } from './release/release.ts'

/** What answers now. Taking another policy is one step: a question that has begun ends with the one it began with. */
export class PolicyInForce {
  readonly pack: string
  #now: {
    readonly sequence: number
    readonly documents: PolicyDocuments
    readonly contentDigest: string
    readonly policy: ActivePolicy
  }

  /**
   * @param pack name of the pack in force
   * @throws PolicyRejected when it cannot be used
   */
  constructor(pack: string, installed: PolicyLibrary) {
    this.pack = pack
    this.#now = { sequence: 0, ...this.#read(installed) }
  }

  get policy(): ActivePolicy {
    return this.#now.policy
  }

  /** Sequence of the release; 0 for the installed packs. */
  get sequence(): number {
    return this.#now.sequence
  }

  get documents(): PolicyDocuments {
    return this.#now.documents
  }

  /** Identity of the documents, tests included. */
  get contentDigest(): string {
    return this.#now.contentDigest
  }

  /** Puts the documents of a release in force. Throws, and leaves all as it was, when they cannot be used. */
  take(sequence: number, documents: PolicyDocuments): void {
    this.#now = { sequence, ...this.#read(new PolicyLibrary(documents)) }
  }

  #read(library: PolicyLibrary) {
    const policy = library.policyOf(this.pack)
    const { documents } = library
    return { documents, contentDigest: contentDigest(documents), policy }
  }
}
