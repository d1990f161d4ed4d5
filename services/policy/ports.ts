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

/** A minimum that a vector of trust stands for. */
export interface VectorMinimum extends Minimum {
  readonly vector: string
}

/** A minimum that holds by itself, or together with one of several vectors. */
export interface OpenMinimum extends Minimum {
  /** Each is the whole minimum with one vector; the first that is met counts. */
  readonly anyOf?: readonly VectorMinimum[]
}

/** What a relying party asks for, in its own words: all of it together. */
export interface AskedMinimum extends Minimum {
  /** Name of a minimum that the policy offers. */
  readonly profile?: string
  /** Vectors of trust of which one is enough, best first (`vtr`, RFC 8485 §4). */
  readonly vectors?: readonly string[]
}

/** A vector of a request, with what it asks for. */
export interface WantedVector {
  readonly vector: string
  /** One for each of its values: every one of them is needed. */
  readonly minimums: readonly Minimum[]
}

/** What a relying party asks for, in levels of axes. */
export interface ReadMinimum {
  readonly own: Minimum
  readonly profile?: Minimum
  /** Any one is enough, best first; empty where none were asked for. */
  readonly vectors: readonly WantedVector[]
}

/** What holds, as a vector of trust (RFC 8485 §3). */
export interface VectorOfTrust {
  /** Of the axes that were asked for and of the login, nothing else. */
  readonly vot: string
  /** Path of the document that says what the values mean, on our own origin. */
  readonly trustmark: string
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
  readonly minimum: OpenMinimum
  readonly rp?: { readonly id: string; readonly signatureVerifier?: boolean }
  readonly at: Date
}

export interface Assessment {
  readonly satisfied: boolean
  /**
   * What the person was held against: the minimum, or the first vector of it that is met, else the first that some step of the
   * person's could bring.
   */
  readonly held: Minimum
  /** Where vectors were asked for. */
  readonly vector?: VectorOfTrust
  /** One entry per axis of what was held against, and of the vectors before it: that they were not met tells of these too. */
  readonly levels: readonly AxisLevel[]
  readonly shortfalls: readonly Shortfall[]
  readonly policyDigest: string
  /** Digest of what was known of the person. */
  readonly factsDigest: string
  /** Rules that made each level, by the order of `levels`. */
  readonly firedRules: readonly (readonly string[])[]
  /** Number of the last event that the scorer applied for this person; grows. */
  readonly factsVersion: number
}

export interface AxisExplanation {
  readonly level: AxisLevel
  readonly reasons: readonly { readonly ja: string; readonly en: string }[]
  readonly clauses: readonly string[]
  readonly shortfalls: readonly Shortfall[]
}

/** What a relying party was told an assessment for. */
export type AnswerOccasion = 'check' | 'explain' | 'login' | 'release' | 'signature'

/** An assessment that a relying party is told. */
export interface GivenAnswer {
  readonly question: AssessmentQuestion & Required<Pick<AssessmentQuestion, 'rp'>>
  readonly assessment: Assessment
  readonly occasion: AnswerOccasion
}

/** What the policy service offers to the others. Every answer is a function of facts, policy and `at`. */
export interface PolicyPort {
  assess(question: AssessmentQuestion): Promise<Assessment>
  /** Writes an answer to the decision log, durably; call it before the answer is given. Nothing is left out or sampled. */
  recordAnswer(answer: GivenAnswer): Promise<void>
  explain(question: AssessmentQuestion): Promise<readonly AxisExplanation[]>
  /** Current levels of the identity axes of the active pack, for the person's own page. */
  identityLevels(subjectRef: string, at: Date): Promise<readonly IdentityAxisLevel[]>
  /** What a request asks for; `InvalidInput` as `checkMinimum`, and for an unknown profile and a vector that is not in form. */
  readMinimum(asked: AskedMinimum): ReadMinimum
  /** `InvalidInput` naming what exists, when framework, axis or level is not one of the active packs'. */
  checkMinimum(minimum: Minimum): void
  /** Orders two labels of an axis: negative, 0 or positive; `InvalidInput` for unknown ones. */
  compareLevels(framework: string, axis: string, a: string, b: string): number
  /** Whether `to` is less than `from`; a label that the active packs no longer have counts as the highest. */
  isLowered(framework: string, axis: string, from: string, to: string): boolean
  /** What the axis of a login says while nobody is logged in; undefined for an axis of persons and for an unknown one. */
  lowestLoginLevel(framework: string, axis: string): string | undefined
}
