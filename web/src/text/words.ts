import type { Language } from './language.ts'
import { textsOf } from './texts.ts'

/** What a code means to a citizen: what happened, and what to do next. */
export interface ErrorWords {
  readonly what: string
  readonly next: string
  /** There are no words for the most telling code, so it is shown too: to be mentioned to support. */
  readonly unknown: boolean
}

/** Codes that differ for an operator and mean the same to a citizen. */
export const SAME_WORDS: Readonly<Record<string, string>> = {
  SESSION_ENDED: 'UNAUTHENTICATED',
  RESPONSE_MALFORMED: 'CEREMONY_REFUSED',
  TYPE_MISMATCH: 'CEREMONY_REFUSED',
  CHALLENGE_MISMATCH: 'CEREMONY_REFUSED',
  ORIGIN_MISMATCH: 'PASSKEY_WRONG_SITE',
  CROSS_ORIGIN: 'PASSKEY_WRONG_SITE',
  RP_ID_MISMATCH: 'PASSKEY_WRONG_SITE',
  USER_NOT_PRESENT: 'USER_NOT_VERIFIED',
  BACKUP_FLAGS_INVALID: 'CEREMONY_REFUSED',
  BACKUP_ELIGIBILITY_CHANGED: 'CEREMONY_REFUSED',
  ALGORITHM_NOT_ALLOWED: 'PASSKEY_FAILED',
  ATTESTATION_NOT_ACCEPTED: 'PASSKEY_FAILED',
  SIGNATURE_INVALID: 'CEREMONY_REFUSED',
  CREDENTIAL_EXISTS: 'PASSKEY_ALREADY_REGISTERED',
  CREDENTIAL_NOT_ALLOWED: 'CREDENTIAL_UNKNOWN',
  USER_HANDLE_MISMATCH: 'CEREMONY_REFUSED',
  PURPOSE_MISMATCH: 'CEREMONY_REFUSED',
  CEREMONY_UNKNOWN: 'CEREMONY_EXPIRED',
  OTHER_BROWSER: 'CEREMONY_OF_ANOTHER_BROWSER',
  NO_PERSON: 'UNAUTHENTICATED',
  WRONG_STATE: 'CONFLICT',
  PROOF_MISMATCH: 'BINDING_MISMATCH',
  REFUSED: 'REFUSED_BY_PERSON',
  CHALLENGE_EXPIRED: 'SESSION_EXPIRED',
  CERTIFICATE_PROFILE: 'CERTIFICATE_UNTRUSTED',
  UNTRUSTED_ISSUER: 'CERTIFICATE_UNTRUSTED',
  ISSUER_EXPIRED: 'CERTIFICATE_UNTRUSTED',
  ATTRIBUTES_UNREADABLE: 'CERTIFICATE_MALFORMED',
  REVOCATION_UNKNOWN: 'STATUS_UNKNOWN',
  LINKAGE_NOT_READY: 'LINKAGE_UNAVAILABLE',
  NOT_ENROLLED: 'SUBJECT_UNKNOWN',
}

/** Words for the first of the codes that has any: the reason before the general code. */
export function errorWords(
  language: Language,
  codes: readonly (string | null | undefined)[],
): ErrorWords {
  const given = codes.filter((code): code is string => code != null && code !== 'UNKNOWN')
  for (const [index, code] of given.entries()) {
    const words = entry(textsOf(language).errors, entry(SAME_WORDS, code) ?? code)
    if (words !== undefined) return { ...words, unknown: index > 0 }
  }
  return { ...textsOf(language).errors.UNKNOWN, unknown: true }
}

interface AxisWords {
  readonly name: string
  readonly standard?: string
  readonly values: Readonly<Record<string, string>>
}

export interface LevelWords {
  /** What the axis measures. */
  readonly axis: string
  /** What the level means. */
  readonly level: string
  /** Standard and label, for those who know them; empty when the words already are the label. */
  readonly technical: string
}

/** Plain words for a level; a framework, axis or level that we do not know is shown as it is. */
export function levelWords(
  language: Language,
  level: { readonly framework: string; readonly axis: string; readonly level: string },
): LevelWords {
  const texts = textsOf(language)
  const flag = level.axis.startsWith('flag:') ? level.axis.slice('flag:'.length) : undefined
  if (flag !== undefined) return flagWords(language, flag, level.level)
  if (level.axis === 'max_age')
    return {
      axis: texts.levels.max_age.name,
      level: ageWords(language, level.level),
      technical: '',
    }
  const axis = axisWords(language, level.framework, level.axis)
  const known = level.level === 'indeterminate' ? texts.levelWords.indeterminate : undefined
  const words = known ?? (axis && entry(axis.values, level.level))
  const standard = axis?.standard ?? level.framework
  return {
    axis: axis?.name ?? `${level.framework} ${level.axis}`,
    level: words ?? level.level,
    technical: words === undefined ? '' : [standard, label(level)].join(' ').trim(),
  }
}

// `IAL2` names its axis already; the standard has no label for having none, and our code for it is not for people.
function label({ axis, level }: { readonly axis: string; readonly level: string }): string {
  if (level === 'no_ial') return ''
  return level.startsWith(axis) ? level : `${axis} ${level}`
}

function axisWords(language: Language, framework: string, axis: string): AxisWords | undefined {
  const { max_age: _, ...frameworks } = textsOf(language).levels
  const axes = entry<Readonly<Record<string, AxisWords>>>(frameworks, framework)
  return axes && entry(axes, axis)
}

function flagWords(language: Language, flag: string, level: string): LevelWords {
  const { levelWords: words } = textsOf(language)
  const met = level === 'true' || level === flag
  const unmet = level === 'false' || level === 'none'
  return {
    axis: flagName(language, flag),
    level: met ? words.met : unmet ? words.unmet : level,
    technical: '',
  }
}

// The policy gives the age in seconds, or as `none` without a login.
function ageWords(language: Language, level: string): string {
  const seconds = /^[0-9]+/u.exec(level)?.[0]
  if (seconds === undefined)
    return level === 'none' ? textsOf(language).levelWords.stale_login : level
  const minutes = Math.ceil(Number(seconds) / 60)
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'minute',
    unitDisplay: 'long',
  }).format(minutes)
}

/** Plain words for a demand that is either met or not; unknown ones as they are. */
export function flagName(language: Language, flag: string): string {
  return entry(textsOf(language).flags, flag) ?? flag
}

/** Why a claim cannot be given; unknown reasons as they are. */
export function claimReason(language: Language, reason: string): string {
  return entry(textsOf(language).claimReasons, reason) ?? reason
}

/** A coded value of a claim in words; everything else as it is. */
export function valueWords(language: Language, claim: string, value: string): string {
  const words = entry<Readonly<Record<string, string>>>(textsOf(language).values, claim)
  return (words && entry(words, value)) ?? value
}

/** On what grounds a service asks; free text of the registry is shown as it is. */
export function legalBasis(language: Language, basis: string): string {
  return entry(textsOf(language).legalBases, basis) ?? basis
}

// Only own keys: a code named `constructor` must not find anything.
function entry<Value>(words: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(words, key) ? words[key] : undefined
}
