import type { Json } from '../kernel/canonical-json.ts'

export interface AxisMinimum {
  readonly framework: string
  readonly axis: string
  readonly level: string
}

export type AssuranceFlag = 'phishing_resistant' | 'device_bound'

/** Compared per axis: every entry must be met. */
export interface Minimum {
  readonly axes: readonly AxisMinimum[]
  readonly flags: readonly AssuranceFlag[]
  /** Oldest login that is enough; undefined = no limit beyond the framework's own. */
  readonly maxAgeSeconds?: number
}

export interface AxisLevel {
  readonly framework: string
  readonly axis: string
  /** Label of the axis, or `indeterminate`. */
  readonly level: string
  readonly validUntil?: Date
}

/** Level of a person on an axis of identity. */
export interface IdentityAxisLevel extends AxisLevel {
  /** Nothing that is known raises it: whoever is unknown stands there too. */
  readonly lowest: boolean
}

export type Remedy = 'log_in' | 'log_in_with_user_verification' | 'tap_card' | 'enrol' | 'none'

export interface Shortfall {
  readonly framework: string
  /** Axis name, or `flag:phishing_resistant`, `flag:device_bound`, `max_age`. */
  readonly axis: string
  /** What falls short: what is known about the person (身元確認), or the login alone (当人確認). */
  readonly scope: 'person' | 'ceremony'
  readonly have: string
  readonly need: string
  readonly missing: readonly string[]
  readonly remedy: Remedy
  /** The remedy needs a certificate (署名用電子証明書) that this person has never shown, and may not have. */
  readonly neverShown: boolean
}

/** What happened in the ceremony that the question is about; none = nobody is logged in. */
export interface CeremonyFacts {
  /** `auth` object of facts.schema.json. */
  readonly auth: Json
  readonly authenticatedAt: Date
  readonly lastActiveAt: Date
  /** The proofing that bound the authenticator used. */
  readonly boundByProofingId?: string
}

export interface AssessmentQuestion {
  readonly subjectRef: string
  readonly ceremony?: CeremonyFacts
  readonly minimum: Minimum
  readonly rp?: { readonly id: string; readonly signatureVerifier?: boolean }
  readonly at: Date
}

export interface Assessment {
  readonly satisfied: boolean
  /** One entry per axis of the minimum. */
  readonly levels: readonly AxisLevel[]
  readonly shortfalls: readonly Shortfall[]
  readonly policyDigest: string
  /** Number of the last event that the scorer applied for this person; grows. */
  readonly factsVersion: number
}

export interface AxisExplanation {
  readonly level: AxisLevel
  readonly reasons: readonly { readonly ja: string; readonly en: string }[]
  readonly clauses: readonly string[]
  readonly shortfalls: readonly Shortfall[]
}

/** What the policy service offers to the others. Every answer is a function of facts, policy and `at`. */
export interface PolicyPort {
  assess(question: AssessmentQuestion): Promise<Assessment>
  explain(question: AssessmentQuestion): Promise<readonly AxisExplanation[]>
  /** Current levels of the identity axes of the active pack, for the person's own page. */
  identityLevels(subjectRef: string, at: Date): Promise<readonly IdentityAxisLevel[]>
  /** `InvalidInput` naming what exists, when framework, axis or level is not one of the active packs'. */
  checkMinimum(minimum: Minimum): void
  /** Orders two labels of an axis: negative, 0 or positive; `InvalidInput` for unknown ones. */
  compareLevels(framework: string, axis: string, a: string, b: string): number
  /** Whether `to` is less than `from`; a label that the active packs no longer have counts as the highest. */
  isLowered(framework: string, axis: string, from: string, to: string): boolean
  /** What the axis of a login says while nobody is logged in; undefined for an axis of persons and for an unknown one. */
  lowestLoginLevel(framework: string, axis: string): string | undefined
}
