import type { Certificate } from '../certificate.ts'
import { KEY_USAGE } from '../extensions.ts'
import { ANY_POLICY } from '../oids.ts'
import type { CheckId, Failure } from '../verdict.ts'
import type { Budget } from './budget.ts'
import { brokenRule, isSelfIssued } from './certificate-rules.ts'
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
  /** Takes an issuer without basic constraints, and a certificate without the key identifier of its issuer: public test files. */
  readonly unmarked?: boolean
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

/** Why a path does not hold, and the check that says so. */
export interface PathFailure extends Failure {
  readonly check: CheckId
}

class Refused extends Error {
  readonly failure: PathFailure
  constructor(check: CheckId, sub: Failure['sub'], expected: string) {
    super(expected)
    this.failure = { check, sub, expected }
  }
}

/**
 * Basic path validation (RFC 5280 §6.1) with the policy graph of RFC 9618, from the certificate that the anchor issued to
 * the target; the anchor's own validity and constraints apply (RFC 5937). Signatures were verified while the path was built.
 *
 * @param path from below the anchor to the target
 */
export function validatePath(
  anchor: Certificate,
  path: readonly Certificate[],
  inputs: PathInputs,
  budget: Budget,
): ValidPath | PathFailure {
  try {
    checkValidity('issuer-validity', anchor, inputs.at)
    path.forEach((certificate, i) => {
      budget.step()
      const isTarget = i === path.length - 1
      checkValidity(isTarget ? 'certificate-validity' : 'issuer-validity', certificate, inputs.at)
    })
    checkConstraints(anchor, path, inputs, budget)
    return { policies: validPolicies(anchor, path, inputs, budget) }
  } catch (error) {
    if (error instanceof Refused) return error.failure
    throw error
  }
}

/** §6.1.3 (a)(2). */
function checkValidity(check: CheckId, { notBefore, notAfter }: Certificate, at: Date): void {
  const time = at.getTime() // comparing two dates costs twenty times as much
  if (time < notBefore.at.getTime())
    throw new Refused(check, 'NOT_YET_VALID', 'a validity that has begun')
  if (time > notAfter.at.getTime())
    throw new Refused(check, 'EXPIRED', 'a validity that has not ended')
}

/** Names, use and length of the path: §6.1.3 (b), (c) and §6.1.4 (g), (k) to (o). */
function checkConstraints(
  anchor: Certificate,
  path: readonly Certificate[],
  inputs: PathInputs,
  budget: Budget,
): void {
  const names = new NameSpace(budget)
  if (anchor.nameConstraints !== null) names.narrow(anchor.nameConstraints)
  requireThat(!deniesIssuing(anchor), 'an anchor that may issue certificates')
  let pathLength = anchor.basicConstraints?.pathLength ?? path.length
  path.forEach((certificate, i) => {
    const isTarget = i === path.length - 1
    const selfIssued = isSelfIssued(certificate)
    const broken = brokenRule(certificate, inputs.unmarked === true)
    if (broken !== null) throw new Refused('path-constraints', broken.sub, broken.expected)
    if (!selfIssued || isTarget) {
      requireThat(names.holds(certificate), 'names within the constraints of the issuers')
    }
    if (isTarget) return
    const { nameConstraints, basicConstraints } = certificate
    if (nameConstraints !== null) names.narrow(nameConstraints)
    requireThat(mayIssue(certificate, inputs), 'an issuer that is a certification authority')
    if (!selfIssued) {
      requireThat(pathLength > 0, 'a path within its length constraint')
      pathLength -= 1
    }
    pathLength = Math.min(pathLength, basicConstraints?.pathLength ?? Infinity)
  })
}

function requireThat(holds: boolean, expected: string): void {
  if (!holds) throw new Refused('path-constraints', 'CHAIN_CONSTRAINTS_FAILURE', expected)
}

/** An anchor is trusted as it is, in version 1 too, unless it says itself that it issues nothing. */
function deniesIssuing({ basicConstraints, keyUsage }: Certificate): boolean {
  return (
    basicConstraints?.ca === false || (keyUsage !== null && !keyUsage.has(KEY_USAGE.keyCertSign))
  )
}

/** §6.1.4 (k), (n). */
function mayIssue(
  { version, basicConstraints, keyUsage }: Certificate,
  inputs: PathInputs,
): boolean {
  const isAuthority =
    basicConstraints === null ? inputs.unmarked === true : version === 3 && basicConstraints.ca
  return isAuthority && (keyUsage === null || keyUsage.has(KEY_USAGE.keyCertSign))
}

/** The policies under which the path is valid: §6.1.3 (d) to (f), §6.1.4 (a), (b), (h) to (j), §6.1.5 (a), (b), (g). */
function validPolicies(
  anchor: Certificate,
  path: readonly Certificate[],
  inputs: PathInputs,
  budget: Budget,
): ReadonlySet<string> {
  const graph = new PolicyGraph(budget)
  const limits = new PolicyLimits(anchor, path.length, inputs)
  path.forEach((certificate, i) => {
    const isTarget = i === path.length - 1
    const selfIssued = isSelfIssued(certificate)
    graph.add(certificate, limits.anyPolicy > 0 || (!isTarget && selfIssued))
    if (limits.explicitPolicy <= 0 && graph.isEmpty) {
      throw policyRefused('a policy that is valid along the path')
    }
    if (isTarget) return
    if (mapsAnyPolicy(certificate)) throw policyRefused('no mapping of anyPolicy')
    graph.map(certificate, limits.mapping > 0)
    if (!selfIssued) limits.count()
    limits.narrow(certificate)
  })
  const requires = path.at(-1)?.policyConstraints?.requireExplicitPolicy === 0
  const policies = graph.constrainedTo(inputs.initialPolicies)
  if ((limits.explicitPolicy <= 1 || requires) && policies.size === 0) {
    throw policyRefused('one of the policies asked for')
  }
  return policies
}

function policyRefused(expected: string): Refused {
  return new Refused('certificate-policies', 'CHAIN_CONSTRAINTS_FAILURE', expected)
}

/** §6.1.4 (a). */
function mapsAnyPolicy({ policyMappings }: Certificate): boolean {
  return policyMappings.some(
    ({ issuerDomain, subjectDomain }) =>
      issuerDomain === ANY_POLICY || subjectDomain === ANY_POLICY,
  )
}

/** explicit_policy, policy_mapping and inhibit_anyPolicy: certificates until each of them applies (§6.1.2 (d) to (f)). */
class PolicyLimits {
  explicitPolicy: number
  mapping: number
  anyPolicy: number

  constructor(anchor: Certificate, length: number, inputs: PathInputs) {
    this.explicitPolicy = inputs.explicitPolicy ? 0 : length + 1
    this.mapping = inputs.inhibitMapping ? 0 : length + 1
    this.anyPolicy = inputs.inhibitAnyPolicy ? 0 : length + 1
    this.narrow(anchor)
  }

  /** §6.1.4 (h): one certificate more that is not self-issued. */
  count(): void {
    this.explicitPolicy -= 1
    this.mapping -= 1
    this.anyPolicy -= 1
  }

  /** §6.1.4 (i), (j). */
  narrow({ policyConstraints, inhibitAnyPolicy }: Certificate): void {
    const { requireExplicitPolicy, inhibitPolicyMapping } = policyConstraints ?? {}
    this.explicitPolicy = Math.min(this.explicitPolicy, requireExplicitPolicy ?? Infinity)
    this.mapping = Math.min(this.mapping, inhibitPolicyMapping ?? Infinity)
    this.anyPolicy = Math.min(this.anyPolicy, inhibitAnyPolicy ?? Infinity)
  }
}
