import { isDigestOf } from '../../kernel/digest.ts'
import type { Certificate } from '../certificate.ts'
import { KEY_USAGE } from '../extensions.ts'
import type { GeneralName } from '../general-name.ts'
import { sameName } from '../name.ts'
import { CONTENT_TYPE, EXTENSION, KEY_PURPOSE } from '../oids.ts'
import { Budget } from '../path/budget.ts'
import type { PathAnchor } from '../path/build-path.ts'
import type { Revocation } from '../revocation.ts'
import { digestAlgorithm } from '../signature.ts'
import {
  failStep,
  verifyInSteps,
  type Outcome,
  type VerificationSteps,
} from '../verification-steps.ts'
import type { Failure } from '../verdict.ts'
import { certifySigner, type CertificateKnowledge } from './certify-signer.ts'
import { parseSignedData, type SignedData } from './signed-data.ts'
import { verifySigner, type Candidates } from './signer.ts'
import { parseTimeStampInfo, type TimeStampInfo } from './time-stamp-info.ts'

export interface TimeStampQuestion extends CertificateKnowledge {
  /** TimeStampToken (RFC 3161 §2.4.2). */
  readonly token: Uint8Array
  /** What must have existed: a document, or the signature value of a message. */
  readonly stamped: Uint8Array
  /** Time-stamping authorities have anchors of their own. */
  readonly anchors: readonly PathAnchor[]
  readonly at: Date
  /** Policies of authorities that are taken; absent: any. */
  readonly policies?: ReadonlySet<string> | undefined
  /** What the request carried, which the token must bring back; absent: somebody else asked for it. */
  readonly nonce?: bigint | undefined
  readonly budget?: Budget
}

/** Proof that something existed. */
export interface TimeStamp {
  /** By the authority's clock. */
  readonly genTime: Date
  /** The latest true time that its accuracy allows: what was stamped existed then. */
  readonly latest: Date
  readonly policy: string
  readonly authority: Certificate
}

/**
 * Verifies a time-stamp token: signed by a time-stamping authority of the anchors that is valid at the verification time,
 * never at the time that the token itself tells, and over the digest of these bytes.
 */
export function verifyTimeStamp(question: TimeStampQuestion): Outcome<TimeStamp> {
  const { token, at, rules } = question
  return verifyInSteps(at, (steps) => {
    const signedData = steps.take('cms-format', () =>
      parseSignedData(token, { contentType: CONTENT_TYPE.timeStampInfo, maximumContent: 0 }),
    )
    const certificates = [...signedData.certificates, ...question.intermediates]
    const { content: enclosed } = signedData
    const { algorithms } = rules
    const { content, candidates } = verifySigner(
      { signedData, content: enclosed, certificates, algorithms },
      steps,
    )
    const info = steps.take('time-stamp-content', () => contentStep(content, question))
    return certifyAuthority({ question, signedData, candidates, info }, steps)
  })
}

function contentStep(content: Uint8Array, question: TimeStampQuestion): TimeStampInfo {
  const info = parseTimeStampInfo(content)
  const { digest } = digestAlgorithm(info.imprint.algorithm)
  const isImprint = isDigestOf(info.imprint.digest, digest, question.stamped)
  if (!isImprint) failStep({ sub: 'HASH_FAILURE', expected: 'the digest of what was stamped' })
  const broken = RULES.find(({ holds }) => !holds(info, question))
  if (broken !== undefined) {
    failStep({ sub: 'SIG_CONSTRAINTS_FAILURE', expected: broken.expected })
  }
  return info
}

/** RFC 3161 §2.2, §2.4.2: what the asker has to see to. */
const RULES: readonly {
  readonly expected: string
  readonly holds: (info: TimeStampInfo, question: TimeStampQuestion) => boolean
}[] = [
  {
    expected: 'no unknown critical extension',
    holds: (i) => !i.extensions.some((e) => e.critical),
  },
  { expected: 'a policy that is taken', holds: (i, q) => q.policies?.has(i.policy) ?? true },
  { expected: 'the nonce that was sent', holds: (i, q) => (q.nonce ?? i.nonce) === i.nonce },
  {
    expected: 'a time that has come',
    holds: (i, q) => i.genTime.getTime() <= q.at.getTime() + q.rules.freshness.clockSkew,
  },
]

interface Certification {
  readonly question: TimeStampQuestion
  readonly signedData: SignedData
  readonly candidates: Candidates
  readonly info: TimeStampInfo
}

function certifyAuthority(
  { question, signedData, candidates, info }: Certification,
  steps: VerificationSteps,
): TimeStamp {
  const { genTime, accuracy, policy } = info
  const latest = new Date(genTime.getTime() + accuracy)
  const { signer: authority } = certifySigner(
    {
      ...question,
      intermediates: [...question.intermediates, ...signedData.certificates],
      references: signedData.signer.attributes.signingCertificates,
      candidates,
      budget: question.budget ?? new Budget(),
      profile: (certificate) => authorityFlaw(certificate, signedData, info),
      excuses: (revocation) => isHarmless(revocation, latest),
    },
    steps,
  )
  steps.take('time-stamp-time', () => {
    const { notBefore, notAfter } = authority
    if (genTime < notBefore.at || genTime > notAfter.at) {
      failStep({
        sub: 'SIG_CONSTRAINTS_FAILURE',
        expected: 'a time within the validity of the authority’s certificate',
      })
    }
  })
  return { genTime, latest, policy, authority }
}

const STAMPING: readonly number[] = [KEY_USAGE.digitalSignature, KEY_USAGE.nonRepudiation]

/** Why the certificate is not one of a time-stamping authority that made this token, or null (RFC 3161 §2.3, §2.4.2). */
function authorityFlaw(
  certificate: Certificate,
  { signer }: SignedData,
  { authority }: TimeStampInfo,
): Failure | null {
  const { keyUsage, extendedKeyUsage, basicConstraints, extensions } = certificate
  const [purpose, ...more] = extendedKeyUsage
  const isCritical = extensions.some(
    ({ oid, critical }) => critical && oid === EXTENSION.extendedKeyUsage,
  )
  const refuse = (expected: string): Failure => ({ sub: 'CHAIN_CONSTRAINTS_FAILURE', expected })
  if (purpose !== KEY_PURPOSE.timeStamping || more.length > 0 || !isCritical) {
    return refuse('the critical extended key usage timeStamping and no other')
  }
  if (basicConstraints?.ca === true) return refuse('an end entity')
  if (
    keyUsage !== null &&
    !(keyUsage.size > 0 && [...keyUsage].every((bit) => STAMPING.includes(bit)))
  ) {
    return refuse('a key for signatures alone')
  }
  if (signer.attributes.signingCertificates.length === 0) {
    return refuse('a token that names the certificate of its authority')
  }
  if (authority !== null && !isNamed(authority, certificate)) {
    return refuse('the name that the token gives its authority')
  }
  return null
}

function isNamed(name: GeneralName, { subject, subjectAltName }: Certificate): boolean {
  return [{ kind: 'directoryName' as const, name: subject }, ...subjectAltName].some((own) =>
    sameGeneralName(own, name),
  )
}

function sameGeneralName(a: GeneralName, b: GeneralName): boolean {
  if (a.kind === 'directoryName' && b.kind === 'directoryName') return sameName(a.name, b.name)
  if (a.kind === 'uri' && b.kind === 'uri') return a.uri === b.uri
  if ((a.kind === 'dns' && b.kind === 'dns') || (a.kind === 'email' && b.kind === 'email')) {
    return a.text === b.text
  }
  return false
}

const HARMLESS = ['affiliationChanged', 'superseded', 'cessationOfOperation']

/**
 * RFC 3161 §4 (1): tokens of before the revocation stand when the key was not at risk. A revocation without a reason puts
 * it at risk, and `unspecified` is how such a one is read.
 */
function isHarmless({ reason, revokedAt }: Revocation, latest: Date): boolean {
  return HARMLESS.includes(reason) && revokedAt > latest
}
