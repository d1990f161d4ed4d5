import { certificateStatus } from '../../jpki/certificate-status.ts'
import { VERIFICATION_PROFILES, type VerificationProfile } from '../../jpki/verification-profile.ts'
import { verifyPath } from '../../jpki/verify-path.ts'
import { InvalidInput } from '../../kernel/errors.ts'
import { EXIT } from '../policy-io.ts'
import { allowedProfile, initialPolicies, pathAnswer, statusAnswer, type Answer } from './case.ts'
import { FILE, readObjects } from './der-files.ts'
import { readInstant } from './instants.ts'
import type { PkiIo } from './pki-io.ts'
import { runCases } from './run-cases.ts'

/** Options that both commands have. */
export interface PkiOptions {
  readonly at?: string
  readonly profile: string
  readonly maxAgeDays?: string
  readonly json?: boolean
  readonly cases?: string
}

export interface VerifyOptions extends PkiOptions {
  readonly anchors?: readonly string[]
  readonly intermediates?: readonly string[]
  readonly crls?: readonly string[]
  readonly ocsp?: readonly string[]
  /** False: `--no-revocation`. */
  readonly revocation: boolean
  readonly policy?: readonly string[]
  readonly explicitPolicy?: boolean
  readonly inhibitMapping?: boolean
  readonly inhibitAnyPolicy?: boolean
}

export interface StatusOptions extends PkiOptions {
  readonly issuer?: readonly string[]
  readonly crl?: readonly string[]
  readonly ocsp?: readonly string[]
}

/**
 * `watashi pki verify`: verifies a certificate up to an anchor and prints indication, sub-indication and checks. Exit code 0
 * when it PASSED, 1 when not. Throws `InvalidInput` for a call or file that is bad.
 */
export async function pkiVerify(
  certificate: string | undefined,
  options: VerifyOptions,
  io: PkiIo,
): Promise<number> {
  if (options.cases !== undefined) return runOnlyCases(options.cases, certificate, io)
  if (options.anchors === undefined) throw new InvalidInput('--anchors', 'at least one file')
  const verdict = verifyPath({
    certificate: soleCertificate(certificate, io),
    anchors: readObjects(options.anchors, FILE.certificates, io),
    intermediates: readObjects(options.intermediates, FILE.certificates, io),
    crls: readObjects(options.crls, FILE.crls, io),
    ocsp: readObjects(options.ocsp, FILE.ocsp, io),
    checkRevocation: options.revocation,
    initialPolicies: initialPolicies(options.policy ?? [], '--policy'),
    explicitPolicy: options.explicitPolicy === true,
    inhibitMapping: options.inhibitMapping === true,
    inhibitAnyPolicy: options.inhibitAnyPolicy === true,
    ...commonOf(options, io),
  })
  const answer = pathAnswer(verdict)
  const { indication, subIndication } = answer
  const heading = subIndication === null ? indication : `${indication} ${subIndication}`
  return report(answer, heading, options, io)
}

/**
 * `watashi pki status`: prints GOOD, REVOKED or UNKNOWN with the reason. Exit code 0 when it is GOOD, 1 when not. Throws
 * `InvalidInput` for a call or file that is bad.
 */
export async function pkiStatus(
  certificate: string | undefined,
  options: StatusOptions,
  io: PkiIo,
): Promise<number> {
  if (options.cases !== undefined) return runOnlyCases(options.cases, certificate, io)
  if (options.issuer === undefined) throw new InvalidInput('--issuer', 'at least one file')
  if ((options.crl === undefined) === (options.ocsp === undefined)) {
    throw new InvalidInput('--crl', 'either this or `--ocsp`')
  }
  const verdict = certificateStatus({
    certificate: soleCertificate(certificate, io),
    issuers: readObjects(options.issuer, FILE.certificates, io),
    crls: readObjects(options.crl, FILE.crls, io),
    ocsp: readObjects(options.ocsp, FILE.ocsp, io),
    ...commonOf(options, io),
  })
  const answer = statusAnswer(verdict)
  const { status, reason, revokedAt } = answer
  const heading = [status, reason, revokedAt].filter((part) => part !== null).join(' ')
  return report(answer, heading, options, io)
}

async function runOnlyCases(
  cases: string,
  certificate: string | undefined,
  io: PkiIo,
): Promise<number> {
  if (certificate !== undefined) throw new InvalidInput('--cases', 'no certificate beside it')
  return runCases(cases, io)
}

function soleCertificate(path: string | undefined, io: PkiIo): Uint8Array {
  if (path === undefined) throw new InvalidInput('CERT', 'the file of a certificate')
  const [certificate, ...more] = readObjects([path], FILE.certificates, io)
  if (certificate === undefined || more.length > 0) throw new InvalidInput(path, 'one certificate')
  return certificate
}

function commonOf({ at, profile, maxAgeDays }: PkiOptions, { clock, environment }: PkiIo) {
  return {
    at: at === undefined ? clock.now() : readInstant(at, '--at'),
    profile: allowedProfile(readProfile(profile), environment, '--profile'),
    maximumAgeDays: maxAgeDays === undefined ? Infinity : readDays(maxAgeDays),
  }
}

function readProfile(text: string): VerificationProfile {
  const profile = VERIFICATION_PROFILES.find((one) => one === text)
  if (profile === undefined) {
    throw new InvalidInput('--profile', `one of ${VERIFICATION_PROFILES.join(', ')}`)
  }
  return profile
}

function readDays(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidInput('--max-age-days', 'a number of days')
  return Number(text)
}

function report(
  answer: Answer,
  heading: string,
  { json }: Pick<PkiOptions, 'json'>,
  io: PkiIo,
): number {
  if (json === true) io.print(JSON.stringify(answer))
  else {
    io.print(heading)
    for (const { id, outcome, expected } of answer.checks) {
      io.print(`  ${outcome} ${id}${expected === undefined ? '' : `: expected ${expected}`}`)
    }
  }
  return answer.indication === 'PASSED' ? EXIT.holds : EXIT.doesNotHold
}
