import type { ActivePolicy } from './active-policy.ts'
import { PolicyLibrary, type PolicyDocuments } from './policy-library.ts'
import { contentDigest } from './release/release.ts'

/** Documents with what they give when they are in force. */
export interface ReadPolicy {
  readonly documents: PolicyDocuments
  /** What was read of them: a draft has most of it in common. */
  readonly library: PolicyLibrary
  /** Identity of the documents, tests included. */
  readonly contentDigest: string
  readonly policy: ActivePolicy
}

export interface HeldPolicy extends ReadPolicy {
  /** Sequence of the release; 0 for the installed packs. */
  readonly sequence: number
}

/** What answers now. Taking another policy is one step: a question that has begun ends with the one it began with. */
export class PolicyInForce {
  readonly pack: string
  #held: HeldPolicy

  /**
   * @param pack name of the pack in force
   * @throws PolicyRejected when it cannot be used
   */
  constructor(pack: string, installed: PolicyLibrary) {
    this.pack = pack
    this.#held = { sequence: 0, ...this.#read(installed) }
  }

  /** All of it at one moment. */
  get held(): HeldPolicy {
    return this.#held
  }

  get policy(): ActivePolicy {
    return this.#held.policy
  }

  /** @throws PolicyRejected when the documents cannot be used */
  read(documents: PolicyDocuments): ReadPolicy {
    return this.#read(new PolicyLibrary(documents))
  }

  /** Puts a release in force. One that is not newer changes nothing: whoever was slower must not bring the old one back. */
  take(sequence: number, read: ReadPolicy): void {
    if (sequence > this.#held.sequence) this.#held = { sequence, ...read }
  }

  #read(library: PolicyLibrary): ReadPolicy {
    const policy = library.policyOf(this.pack)
    const { documents } = library
    return { documents, library, contentDigest: contentDigest(documents), policy }
  }
}
