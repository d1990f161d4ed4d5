import type { ActivePolicy } from './active-policy.ts'
import { ceremonyFacts, ceremonyLevel, flagHolds, secondsSince } from './ceremony-level.ts'
import { identityLevel } from './identity-level.ts'
import type { RuleReason } from './language/score-value.ts'
import type { Facts } from './language/judged-facts.ts'
import type {
  AssessmentQuestion,
  AssuranceFlag,
  AxisExplanation,
  AxisLevel,
  AxisMinimum,
  Remedy,
  Shortfall,
} from './ports.ts'
import { proofingsOf, type StoredFact } from './subject-facts.ts'

interface AssessedAxis {
  readonly minimum: AxisMinimum
  readonly level: AxisLevel
  readonly fired: readonly RuleReason[]
  readonly shortfall: Shortfall | undefined
}

export interface Assessed {
  readonly axes: readonly AssessedAxis[]
  /** Shortfalls of flags and of the age of the login. */
  readonly others: readonly Shortfall[]
}

/** Holds a person and a login against a minimum. Pure: facts, policy and `question.at` decide. */
export function assess(
  policy: ActivePolicy,
  known: readonly StoredFact[],
  question: AssessmentQuestion,
): Assessed {
  policy.checkMinimum(question.minimum)
  const assessor = new Assessor(policy, known, question)
  return {
    axes: question.minimum.axes.map((minimum) => assessor.axis(minimum)),
    others: [...question.minimum.flags.flatMap((flag) => assessor.flag(flag)), ...assessor.age()],
  }
}

/** Reasons in both languages; where the level is not enough, what the rules above it would need. */
export function explain(
  policy: ActivePolicy,
  known: readonly StoredFact[],
  question: AssessmentQuestion,
): readonly AxisExplanation[] {
  const assessed = assess(policy, known, question)
  const assessor = new Assessor(policy, known, question)
  return assessed.axes.map(({ level, fired, shortfall, minimum }) => {
    const wanted = shortfall === undefined ? [] : assessor.wanted(minimum)
    return {
      level,
      reasons: [
        ...fired.map(({ title }) => title),
        ...wanted.flatMap(({ missing }) => (missing === undefined ? [] : [missing])),
      ],
      clauses: [...new Set([...fired, ...wanted].flatMap(({ cites }) => cites))],
      shortfalls: [...(shortfall === undefined ? [] : [shortfall]), ...assessed.others],
    }
  })
}

class Assessor {
  readonly #policy: ActivePolicy
  readonly #question: AssessmentQuestion
  readonly #proofings: readonly Facts[]
  readonly #ceremony: Facts

  constructor(policy: ActivePolicy, known: readonly StoredFact[], question: AssessmentQuestion) {
    this.#policy = policy
    this.#question = question
    this.#proofings = proofingsOf(known)
    this.#ceremony = ceremonyFacts(question.ceremony, known)
  }

  axis(minimum: AxisMinimum): AssessedAxis {
    const { framework, axis, level: need } = minimum
    const { scope } = this.#policy.offered(framework, axis)
    const found = scope === 'person' ? this.#identity(minimum) : this.#login(minimum)
    const level = {
      framework,
      axis,
      level: found.level,
      ...(found.validUntil === undefined ? {} : { validUntil: found.validUntil }),
    }
    if (this.#policy.reaches(minimum, found.level))
      return { minimum, level, fired: found.fired, shortfall: undefined }
    const missing =
      found.missing.length > 0 ? found.missing : this.wanted(minimum).map(({ id }) => id)
    const remedy =
      scope === 'person'
        ? this.#identityRemedy(minimum)
        : this.#loginRemedy((facts) => this.#ceremonyReaches(minimum, facts))
    return {
      minimum,
      level,
      fired: found.fired,
      shortfall: {
        ...{ framework, axis, scope, have: found.level, need, missing, remedy },
        neverShown: scope === 'person' && !this.#proofings.some(hasSignatureCertificate),
      },
    }
  }

  flag(flag: AssuranceFlag): readonly Shortfall[] {
    const { at } = this.#question
    if (flagHolds(this.#policy, flag, this.#ceremony, at)) return []
    const remedy = this.#loginRemedy((facts) => flagHolds(this.#policy, flag, facts, at))
    return [
      {
        framework: this.#policy.pack.framework,
        axis: `flag:${flag}`,
        scope: 'ceremony',
        have: 'no',
        need: 'yes',
        missing: [],
        remedy,
        neverShown: false,
      },
    ]
  }

  age(): readonly Shortfall[] {
    const { minimum, ceremony, at } = this.#question
    if (minimum.maxAgeSeconds === undefined) return []
    const age = ceremony === undefined ? undefined : secondsSince(ceremony.authenticatedAt, at)
    if (age !== undefined && age <= minimum.maxAgeSeconds) return []
    const have = age === undefined ? 'none' : String(age)
    return [
      {
        framework: this.#policy.pack.framework,
        axis: 'max_age',
        scope: 'ceremony',
        have,
        need: String(minimum.maxAgeSeconds),
        missing: [],
        remedy: 'log_in',
        neverShown: false,
      },
    ]
  }

  /** Rules that would be enough and do not hold, cheapest first. */
  wanted({ framework, axis, level }: AxisMinimum) {
    const { scope } = this.#policy.offered(framework, axis)
    const facts = scope === 'ceremony' ? this.#ceremony : (this.#proofings[0] ?? {})
    return this.#policy.frameworks
      .whyNot({ framework, axis, facts, at: this.#question.at })
      .filter(
        ({ effect }) =>
          this.#policy.rank(framework, axis, effect) >= this.#policy.rank(framework, axis, level),
      )
      .slice(0, 3)
  }

  #identity({ framework, axis }: AxisMinimum) {
    return identityLevel(
      this.#policy,
      this.#policy.offered(framework, axis).ref,
      this.#proofings,
      this.#question.at,
    )
  }

  #login({ framework, axis }: AxisMinimum) {
    const { ref } = this.#policy.offered(framework, axis)
    const { ceremony, at } = this.#question
    return { ...ceremonyLevel(this.#policy, ref, this.#ceremony, { ceremony, at }), missing: [] }
  }

  #ceremonyReaches(minimum: AxisMinimum, facts: Facts): boolean {
    const { ref } = this.#policy.offered(minimum.framework, minimum.axis)
    const { level } = ceremonyLevel(this.#policy, ref, facts, {
      ceremony: undefined,
      at: this.#question.at,
    })
    return this.#policy.reaches(minimum, level)
  }

  /** The policy itself is asked what one more tap of the card would give. */
  #identityRemedy(minimum: AxisMinimum): Remedy {
    const { ref } = this.#policy.offered(minimum.framework, minimum.axis)
    const { level } = identityLevel(
      this.#policy,
      ref,
      [...this.#proofings, CARD_TAP],
      this.#question.at,
    )
    if (!this.#policy.reaches(minimum, level)) return 'none'
    return this.#proofings.length === 0 ? 'enrol' : 'tap_card'
  }

  /** The easiest login that the policy would take. */
  #loginRemedy(enough: (facts: Facts) => boolean): Remedy {
    if (enough(passkeyLogin(false))) return 'log_in'
    if (enough(passkeyLogin(true))) return 'log_in_with_user_verification'
    return enough(CARD_LOGIN) ? 'tap_card' : 'none'
  }
}

const SIGNATURE_CERTIFICATE = 'jpki_sign_cert'

function hasSignatureCertificate({ evidence }: Facts): boolean {
  return (
    Array.isArray(evidence) && evidence.some(({ kind }: Facts) => kind === SIGNATURE_CERTIFICATE)
  )
}

/** What a tap of a good card brings as evidence of identity. */
const CARD_TAP: Facts = {
  proofing: { channel: 'remote_unattended' },
  evidence: [{ id: 'e1', kind: SIGNATURE_CERTIFICATE, cls: 'pki_cert' }],
  checks: [
    { type: 'authentic', on: 'e1', method: 'crypto', anchor: 'JLIS' },
    { type: 'status', on: 'e1', result: 'good' },
    { type: 'signed', on: 'e1', payload: 'application', valid: true },
    { type: 'match', on: 'e1', scope: 'core', source: 'signed_attributes' },
    { type: 'holder', on: 'e1', method: 'pin' },
  ],
}

/** What a login with a synced passkey brings. */
function passkeyLogin(uv: boolean): Facts {
  return {
    auth: {
      factors: [
        {
          type: 'mf_crypto',
          uv,
          exportable: true,
          be: true,
          phishing_resistant: true,
          replay_resistant: true,
          intent: true,
        },
      ],
    },
  }
}

/** What a tap of the card brings as a login: the challenge is relayed. */
const CARD_LOGIN: Facts = {
  auth: {
    factors: [
      {
        type: 'mf_crypto',
        form: 'ic_card',
        activation: 'pin',
        hardware: true,
        exportable: false,
        phishing_resistant: false,
        replay_resistant: true,
        intent: true,
      },
    ],
  },
}
