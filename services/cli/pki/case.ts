import { STRICT_ALGORITHMS } from '../../jpki/algorithm-policy.ts'
import { certificateStatus, type StatusVerdict } from '../../jpki/certificate-status.ts'
import { ANY_POLICY } from '../../jpki/oids.ts'
import { verifyPath, type PathVerdict } from '../../jpki/verify-path.ts'
import {
  PATH_RULES,
  VERIFICATION_PROFILES,
  type VerificationProfile,
} from '../../jpki/verification-profile.ts'
import { verifyDocument } from '../../jpki/verify-document.ts'
import { verifySignatureAlone } from '../../jpki/verify-signature.ts'
import type { Verdict } from '../../jpki/verdict.ts'
import { fromBase64 } from '../../kernel/bytes.ts'
import { InvalidInput } from '../../kernel/errors.ts'
import type { TrustEnvironment } from '../../kernel/trust-environment.ts'
import { readInstant } from './instants.ts'

/** What the command line and a case know alike. */
export interface CaseContext {
  readonly environment: TrustEnvironment
  /** Verification time of a case that names none. */
  readonly now: Date
}

/** The answer to a case, in the form in which it is printed. */
export interface Answer {
  readonly indication: Verdict['indication']
  readonly subIndication: Verdict['sub']
  readonly status: 'GOOD' | 'REVOKED' | 'UNKNOWN' | null
  readonly checks: Verdict['checks']
  readonly [more: string]: unknown
}

type Fields = Readonly<Record<string, unknown>>
type Task = (fields: Fields, context: CaseContext) => Answer

const TASKS: Readonly<Record<string, Task>> = {
  path: pathCase,
  crl: (fields, context) => statusCase(fields, context, 'crls'),
  ocsp: (fields, context) => statusCase(fields, context, 'ocsp'),
  signature: signatureCase,
  cms: documentCase,
}

/** Answers one case of a file (README, Commands). Throws `InvalidInput` for one that cannot be read. */
export function answerCase(fields: Fields, context: CaseContext): Answer {
  const name = fields['task']
  const task = typeof name === 'string' && Object.hasOwn(TASKS, name) ? TASKS[name] : undefined
  if (task === undefined) {
    throw new InvalidInput('task', `one of ${Object.keys(TASKS).join(', ')}`)
  }
  return task(fields, context)
}

function pathCase(fields: Fields, context: CaseContext): Answer {
  return pathAnswer(
    verifyPath({
      certificate: bytesOf(fields, 'certificate'),
      anchors: bytesListOf(fields, 'anchors'),
      intermediates: bytesListOf(fields, 'intermediates'),
      crls: bytesListOf(fields, 'crls'),
      ocsp: bytesListOf(fields, 'ocsp'),
      checkRevocation: !flagOf(fields, 'noRevocation'),
      initialPolicies: initialPolicies(textsOf(fields, 'policies'), 'policies'),
      explicitPolicy: flagOf(fields, 'explicitPolicy'),
      inhibitMapping: flagOf(fields, 'inhibitMapping'),
      inhibitAnyPolicy: flagOf(fields, 'inhibitAnyPolicy'),
      ...commonOf(fields, context),
    }),
  )
}

function statusCase(fields: Fields, context: CaseContext, source: 'crls' | 'ocsp'): Answer {
  return statusAnswer(
    certificateStatus({
      certificate: bytesOf(fields, 'certificate'),
      issuers: bytesListOf(fields, 'issuers'),
      crls: [],
      ocsp: [],
      [source]: bytesListOf(fields, source),
      ...commonOf(fields, context),
    }),
  )
}

function signatureCase(fields: Fields, context: CaseContext): Answer {
  const { profile, at } = commonOf(fields, context)
  const verdict = verifySignatureAlone({
    spki: bytesOf(fields, 'spki'),
    algorithm: textOf(fields, 'algorithm'),
    message: bytesOf(fields, 'message'),
    signature: bytesOf(fields, 'signature'),
    encoding: oneOf(fields, 'encoding', ['der', 'p1363'], 'der'),
    algorithms: profile === 'jpki' ? STRICT_ALGORITHMS : PATH_RULES[profile].algorithms,
    at,
  })
  return answerOf(verdict, null)
}

function documentCase(fields: Fields, context: CaseContext): Answer {
  const verdict = verifyDocument({
    cms: bytesOf(fields, 'cms'),
    content: fields['content'] == null ? undefined : bytesOf(fields, 'content'),
    anchors: bytesListOf(fields, 'anchors'),
    tsaAnchors: bytesListOf(fields, 'tsaAnchors'),
    intermediates: bytesListOf(fields, 'intermediates'),
    crls: bytesListOf(fields, 'crls'),
    ocsp: bytesListOf(fields, 'ocsp'),
    checkRevocation: !flagOf(fields, 'noRevocation'),
    ...commonOf(fields, context),
  })
  return answerOf(verdict, null)
}

function commonOf(fields: Fields, { environment, now }: CaseContext) {
  return {
    at: fields['at'] == null ? now : readInstant(textOf(fields, 'at'), 'at'),
    profile: allowedProfile(
      oneOf(fields, 'profile', VERIFICATION_PROFILES, 'jpki'),
      environment,
      'profile',
    ),
    maximumAgeDays: daysOf(fields, 'maxAgeDays'),
  }
}

/** The profile for public test files takes what no real issuer may do. Throws `InvalidInput` for it in production. */
export function allowedProfile(
  profile: VerificationProfile,
  environment: TrustEnvironment,
  path: string,
): VerificationProfile {
  if (profile === 'vectors' && environment === 'production') {
    throw new InvalidInput(path, 'jpki or rfc5280 where `TRUST_ENVIRONMENT=production`')
  }
  return profile
}

/** user-initial-policy-set: none named, or anyPolicy among them, stands for any. Throws `InvalidInput`. */
export function initialPolicies(
  policies: readonly string[],
  path: string,
): ReadonlySet<string> | null {
  if (!policies.every((policy) => /^[0-2](?:\.\d{1,40}){1,60}$/.test(policy))) {
    throw new InvalidInput(path, 'a policy such as 2.5.29.32.0')
  }
  return policies.length === 0 || policies.includes(ANY_POLICY) ? null : new Set(policies)
}

export function pathAnswer(verdict: PathVerdict): Answer {
  const { status, path, policies } = verdict
  return { ...answerOf(verdict, status), path, policies }
}

export interface StatusAnswer extends Answer {
  /** Why it was revoked, or why nothing is known. */
  readonly reason: string | null
  readonly revokedAt: string | null
}

export function statusAnswer(verdict: StatusVerdict): StatusAnswer {
  const { revocation } = verdict
  const isRevoked = revocation.status === 'revoked' || revocation.status === 'suspended'
  return {
    ...answerOf(verdict, isRevoked ? 'revoked' : revocation.status),
    reason: isRevoked ? revocation.reason : 'cause' in revocation ? revocation.cause : null,
    revokedAt: isRevoked ? revocation.revokedAt.toISOString() : null,
  }
}

function answerOf(verdict: Verdict, status: PathVerdict['status']): Answer {
  const { indication, sub, checks } = verdict
  return { indication, subIndication: sub, status: status === null ? null : STATUS[status], checks }
}

const STATUS = { good: 'GOOD', revoked: 'REVOKED', unknown: 'UNKNOWN' } as const

function textOf(fields: Fields, path: string): string {
  const value = fields[path]
  if (typeof value !== 'string') throw new InvalidInput(path, 'a text')
  return value
}

function bytesOf(fields: Fields, path: string): Uint8Array {
  return fromBase64(textOf(fields, path), path)
}

const MAX_LIST = 1024

function textsOf(fields: Fields, path: string): readonly string[] {
  const value = fields[path] ?? []
  if (!Array.isArray(value) || value.length > MAX_LIST) {
    throw new InvalidInput(path, `a list of at most ${MAX_LIST}`)
  }
  return value.map((one: unknown) => {
    if (typeof one !== 'string') throw new InvalidInput(path, 'a list of texts')
    return one
  })
}

function bytesListOf(fields: Fields, path: string): Uint8Array[] {
  return textsOf(fields, path).map((text) => fromBase64(text, path))
}

function flagOf(fields: Fields, path: string): boolean {
  const value = fields[path] ?? false
  if (typeof value !== 'boolean') throw new InvalidInput(path, 'true or false')
  return value
}

function daysOf(fields: Fields, path: string): number {
  const value = fields[path] ?? Infinity
  if (typeof value !== 'number' || !(value >= 0)) throw new InvalidInput(path, 'a number of days')
  return value
}

function oneOf<T extends string>(
  fields: Fields,
  path: string,
  values: readonly T[],
  fallback: T,
): T {
  const value = fields[path] ?? fallback
  const found = values.find((one) => one === value)
  if (found === undefined) throw new InvalidInput(path, `one of ${values.join(', ')}`)
  return found
}
