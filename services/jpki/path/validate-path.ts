import type { Certificate } from '../certificate.ts'
import { namesOneAlgorithm } from '../der-values.ts'
import { KEY_USAGE } from '../extensions.ts'
import { sameName } from '../name.ts'
import { ANY_POLICY, EXTENSION } from '../oids.ts'
import type { Failure } from '../verdict.ts'
import type { Budget } from './budget.ts'
import { NameSpace } from './name-constraints.ts'
import { PolicyGraph } from './policy-graph.ts'

/** Inputs of RFC 5280 §6.1.1 other than the path itself. */
export interface PathInputs {
  readonly at: Date
  /** user-initial-policy-set; null: any policy. */
  readonly initialPolicies: ReadonlySet<string> | null
  readonly explicitPolicy: boolean
  readonly inhibitMapping: boolean
  readonly inhibitAnyPolicy: boolean
}

export const ANY_PURPOSE: Omit<PathInputs, 'at'> = {
  initialPolicies: null,
  explicitPolicy: false,
  inhibitMapping: false,
  inhibitAnyPolicy: false,
}

/** A path that is valid, with the policies it is valid under. */
export interface ValidPath {
  readonly policies: ReadonlySet<string>
}

/** The extensions that this validation processes; any other that is critical refuses the certificate (§4.2). */
const PROCESSED: ReadonlySet<string> = new Set([
  EXTENSION.keyUsage,
  EXTENSION.extendedKeyUsage,
  EXTENSION.basicConstraints,
  EXTENSION.subjectAltName,
  EXTENSION.issuerAltName,
  EXTENSION.subjectKeyIdentifier,
  EXTENSION.authorityKeyIdentifier,
  EXTENSION.nameConstraints,
  EXTENSION.certificatePolicies,
  EXTENSION.policyMappings,
  EXTENSION.policyConstraints,
  EXTENSION.inhibitAnyPolicy,
  EXTENSION.crlDistributionPoints,
  EXTENSION.freshestCrl,
  EXTENSION.authorityInformationAccess,
])

class Refused extends Error {
  readonly failure: Failure
  constructor(sub: Failure['sub'], expected: string) {
    super(expected)
    this.failure = { sub, expected }
  }
}

/**
 * Basic path validation (RFC 5280 §6.1) with the policy graph of RFC 9618, from the certificate that the anchor issued to
 * the target; the anchor's own constraints apply (RFC 5937). Signatures were verified while the path was built.
 *
 * @param path from below the anchor to the target
 */
export function validatePath(
  anchor: Certificate,
  path: readonly Certificate[],
  inputs: PathInputs,
  budget: Budget,
): ValidPath | Failure {
  const state = new PathState(anchor, path.length, inputs, budget)
  try {
    path.forEach((certificate, i) => {
      const isTarget = i === path.length - 1
      state.process(certificate, isTarget)
      if (!isTarget) state.prepare(certificate)
    })
    return { policies: state.wrapUp(path.at(-1)) }
  } catch (error) {
    if (error instanceof Refused) return error.failure
    throw error
  }
}

/** The state variables of §6.1.2. */
class PathState {
  readonly #inputs: PathInputs
  readonly #names: NameSpace
  readonly #policies = new PolicyGraph()
  #explicitPolicy: number
  #inhibitAnyPolicy: number
  #policyMapping: number
  #pathLength: number

  constructor(anchor: Certificate, length: number, inputs: PathInputs, budget: Budget) {
    this.#inputs = inputs
    this.#names = new NameSpace(budget)
    this.#explicitPolicy = inputs.explicitPolicy ? 0 : length + 1
    this.#inhibitAnyPolicy = inputs.inhibitAnyPolicy ? 0 : length + 1
    this.#policyMapping = inputs.inhibitMapping ? 0 : length + 1
    this.#pathLength = anchor.basicConstraints?.pathLength ?? length
    if (anchor.nameConstraints !== null) this.#names.narrow(anchor.nameConstraints)
    this.#applyPolicyLimits(anchor)
  }

  /** §6.1.3, without the signature and the issuer's name. */
  process(certificate: Certificate, isTarget: boolean): void {
    const { at } = this.#inputs
    if (at < certificate.notBefore.at)
      throw new Refused('NOT_YET_VALID', 'a validity that has begun')
    if (at > certificate.notAfter.at) throw new Refused('EXPIRED', 'a validity that has not ended')
    if (!namesOneAlgorithm(certificate)) {
      throw new Refused('FORMAT_FAILURE', 'one signature algorithm inside and outside')
    }
    const selfIssued = isSelfIssued(certificate)
    if ((!selfIssued || isTarget) && !this.#names.holds(certificate)) {
      throw new Refused('CHAIN_CONSTRAINTS_FAILURE', 'names within the constraints of the issuers')
    }
    this.#policies.add(certificate, this.#inhibitAnyPolicy > 0 || (!isTarget && selfIssued))
    if (this.#explicitPolicy <= 0 && this.#policies.isEmpty) {
      throw new Refused('CHAIN_CONSTRAINTS_FAILURE', 'a policy that is valid along the path')
    }
    for (const { critical, oid } of certificate.extensions) {
      if (critical && !PROCESSED.has(oid)) {
        throw new Refused('CHAIN_CONSTRAINTS_FAILURE', 'no unknown critical extension')
      }
    }
  }

  /** §6.1.4. */
  prepare(certificate: Certificate): void {
    const { policyMappings, nameConstraints, basicConstraints, keyUsage, version } = certificate
    const mapsAny = policyMappings.some(
      ({ issuerDomain, subjectDomain }) =>
        issuerDomain === ANY_POLICY || subjectDomain === ANY_POLICY,
    )
    if (mapsAny) throw new Refused('CHAIN_CONSTRAINTS_FAILURE', 'no mapping of anyPolicy')
    this.#policies.map(certificate, this.#policyMapping > 0)
    if (nameConstraints !== null) this.#names.narrow(nameConstraints)
    const selfIssued = isSelfIssued(certificate)
    if (!selfIssued) {
      this.#explicitPolicy -= 1
      this.#policyMapping -= 1
      this.#inhibitAnyPolicy -= 1
    }
    this.#applyPolicyLimits(certificate)
    if (version !== 3 || basicConstraints?.ca !== true) {
      throw new Refused('CHAIN_CONSTRAINTS_FAILURE', 'an issuer that is a certification authority')
    }
    if (!selfIssued) {
      if (this.#pathLength <= 0) {
        throw new Refused('CHAIN_CONSTRAINTS_FAILURE', 'a path within its length constraint')
      }
      this.#pathLength -= 1
    }
    this.#pathLength = Math.min(this.#pathLength, basicConstraints.pathLength ?? Infinity)
    if (keyUsage !== null && !keyUsage.has(KEY_USAGE.keyCertSign)) {
      throw new Refused('CHAIN_CONSTRAINTS_FAILURE', 'an issuer that may sign certificates')
    }
  }

  /** §6.1.5. */
  wrapUp(target: Certificate | undefined): ReadonlySet<string> {
    this.#explicitPolicy -= 1
    if (target?.policyConstraints?.requireExplicitPolicy === 0) this.#explicitPolicy = 0
    const policies = this.#policies.constrainedTo(this.#inputs.initialPolicies)
    if (this.#explicitPolicy <= 0 && policies.size === 0) {
      throw new Refused('CHAIN_CONSTRAINTS_FAILURE', 'one of the policies asked for')
    }
    return policies
  }

  /** §6.1.4 (i), (j). */
  #applyPolicyLimits({ policyConstraints, inhibitAnyPolicy }: Certificate): void {
    const { requireExplicitPolicy, inhibitPolicyMapping } = policyConstraints ?? {}
    this.#explicitPolicy = Math.min(this.#explicitPolicy, requireExplicitPolicy ?? Infinity)
    this.#policyMapping = Math.min(this.#policyMapping, inhibitPolicyMapping ?? Infinity)
    this.#inhibitAnyPolicy = Math.min(this.#inhibitAnyPolicy, inhibitAnyPolicy ?? Infinity)
  }
}

/** Whether subject and issuer are one name (§6.1): such a certificate counts nowhere but as a target. */
export function isSelfIssued({ subject, issuer }: Certificate): boolean {
  return sameName(subject, issuer)
}
