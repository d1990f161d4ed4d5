import { constantTimeEqual } from '../../kernel/bytes.ts'
import { sha256 } from '../../kernel/digest.ts'
import type { TrustEnvironment } from '../../kernel/trust-environment.ts'
import type { AlgorithmPolicy } from '../algorithm-policy.ts'
import type { Certificate } from '../certificate.ts'
import { KEY_USAGE } from '../extensions.ts'
import { CONTENT_TYPE, KEY_PURPOSE } from '../oids.ts'
import { Budget } from '../path/budget.ts'
import type { CertificationPath, PathAnchor } from '../path/build-path.ts'
import type { PathInputs } from '../path/validate-path.ts'
import { checkProfile, isKeyOfProfile, KEY_NOT_OF_PROFILE } from '../profile.ts'
import type { SubjectAttributes } from '../subject-attributes.ts'
import {
  failStep,
  verifyInSteps,
  type Outcome,
  type VerificationSteps,
} from '../verification-steps.ts'
import { passedCheck, type Check, type Failure, type Verdict } from '../verdict.ts'
import { attributesStep } from '../verify-application.ts'
import { certifySigner, type CertificateKnowledge, type CertifiedSigner } from './certify-signer.ts'
import { MAX_CMS, parseSignedData, type SignedData } from './signed-data.ts'
import { verifySigner, type Candidates, type SignedContent } from './signer.ts'
import { verifyTimeStamp, type TimeStamp } from './verify-time-stamp.ts'

/** Whose certificates may sign a document. */
export type DocumentProfile =
  /** A 署名用 certificate of one of these environments, whose roots the anchors are. */
  | { readonly name: 'jpki'; readonly environments: readonly TrustEnvironment[] }
  /** Any certificate for signatures under RFC 5280. */
  | { readonly name: 'rfc5280'; readonly purpose?: Omit<PathInputs, 'at'> }

export interface CmsQuestion extends CertificateKnowledge {
  /** ContentInfo with SignedData, in DER. */
  readonly cms: Uint8Array
  /** What was signed, when it is not inside. */
  readonly content?: SignedContent | undefined
  /** Octets that the content may have inside; absent: as many as a message has without it. */
  readonly maximumContent?: number
  readonly anchors: readonly PathAnchor[]
  /** Anchors of time-stamping authorities; none: no time-stamp proves anything. */
  readonly tsaAnchors: readonly PathAnchor[]
  /** Verification time. The signing time in the message is a claim, and decides nothing. */
  readonly at: Date
  readonly profile: DocumentProfile
}

/** A document that was signed by the holder of a certificate that chains to an anchor. */
export interface VerifiedDocument {
  readonly content: SignedContent
  readonly signer: Certificate
  readonly path: CertificationPath
  /** 基本4情報 of the signer; null where the profile knows none. */
  readonly attributes: SubjectAttributes | null
  readonly claimedSigningTime: Date | null
  /** The earliest proof that the signature existed; null: none but the verification itself. */
  readonly timeStamp: TimeStamp | null
}

/**
 * Verifies a signed document (RFC 5652) at the verification time, or at that of a time-stamp over its signature: what ended or
 * was revoked later does not touch it (ETSI EN 319 102-1 §5.5). Every malformed or wrong input is a verdict; nothing is
 * thrown for it.
 */
export function verifyCms(question: CmsQuestion): Outcome<VerifiedDocument> {
  return verifyInSteps(question.at, (steps) => {
    const signedData = steps.take('cms-format', () => documentStep(question))
    const certificates = [...signedData.certificates, ...question.intermediates]
    const enclosed: SignedContent | null = signedData.content ?? question.content ?? null
    const { algorithms } = question.rules
    const { content, candidates } = verifySigner(
      { signedData, content: enclosed, certificates, algorithms },
      steps,
    )
    const budget = new Budget()
    const timeStamp = earliestTimeStamp({ question, signedData, budget }, steps)
    steps.at = timeStamp?.latest ?? question.at
    const document = { question, signedData, candidates, timeStamp, budget }
    const { signer, path } = certifyDocument(document, steps)
    const attributes = attributesOf(signer, question.profile, steps)
    const claimedSigningTime = signedData.signer.attributes.signingTime
    return { content, signer, path, attributes, claimedSigningTime, timeStamp }
  })
}

function documentStep(question: CmsQuestion): SignedData {
  const { cms, content, maximumContent = MAX_CMS } = question
  const signedData = parseSignedData(cms, { contentType: CONTENT_TYPE.data, maximumContent })
  const enclosed = signedData.content
  if (enclosed !== null && content !== undefined && !isContent(enclosed, content)) {
    failStep({ sub: 'HASH_FAILURE', expected: 'the content that the message encloses' })
  }
  return signedData
}

function isContent(enclosed: Uint8Array, content: SignedContent): boolean {
  return content instanceof Uint8Array
    ? Buffer.compare(enclosed, content) === 0
    : constantTimeEqual(sha256(enclosed), content.sha256)
}

interface TimeStampedDocument {
  readonly question: CmsQuestion
  readonly signedData: SignedData
  readonly budget: Budget
}

/**
 * The time-stamp that proves most, or null. Anybody can add and remove them, so one that proves nothing is noted and passed over
 * (ETSI EN 319 102-1 §5.5.4).
 */
function earliestTimeStamp(
  { question, signedData, budget }: TimeStampedDocument,
  steps: VerificationSteps,
): TimeStamp | null {
  const { intermediates, revocation, rules, at, tsaAnchors: anchors } = question
  const { timeStamps, signature: stamped } = signedData.signer
  if (timeStamps.length === 0) return null
  const common = { stamped, anchors, intermediates, revocation, rules, at, budget }
  const outcomes = timeStamps.map((token) => verifyTimeStamp({ ...common, token }))
  const [earliest] = outcomes
    .flatMap(({ verified }) => (verified === null || verified.latest > at ? [] : [verified]))
    .sort((a, b) => a.latest.getTime() - b.latest.getTime())
  const [first] = outcomes
  if (first !== undefined) steps.note(timeStampCheck(earliest ?? null, first.verdict))
  return earliest ?? null
}

function timeStampCheck(earliest: TimeStamp | null, { checks }: Verdict): Check {
  const id = 'time-stamp'
  const last = checks.at(-1)
  if (earliest !== null) return passedCheck(id)
  const early = { outcome: 'indeterminate' as const, expected: 'a time before the verification' }
  return last === undefined || last.outcome === 'passed' ? { id, ...early } : { ...last, id }
}

interface SignedDocument extends TimeStampedDocument {
  readonly candidates: Candidates
  readonly timeStamp: TimeStamp | null
}

function certifyDocument(
  { question, signedData, candidates, timeStamp, budget }: SignedDocument,
  steps: VerificationSteps,
): CertifiedSigner {
  const { profile, intermediates } = question
  const since = timeStamp?.latest
  return certifySigner(
    {
      ...question,
      // The roots of JPKI issue people's certificates themselves, so nobody may bring an authority between them.
      intermediates:
        profile.name === 'jpki' ? intermediates : [...intermediates, ...signedData.certificates],
      references: signedData.signer.attributes.signingCertificates,
      candidates,
      purpose: profile.name === 'rfc5280' ? profile.purpose : undefined,
      since,
      excuses: ({ revokedAt }) => since !== undefined && revokedAt > since,
      profile: (certificate) => signerFlaw(certificate, question),
      budget,
    },
    steps,
  )
}

/** Why the certificate may not sign documents, or null. */
function signerFlaw(
  certificate: Certificate,
  { profile, rules }: Pick<CmsQuestion, 'profile' | 'rules'>,
): Failure | null {
  switch (profile.name) {
    case 'jpki':
      return personFlaw(certificate, profile.environments, rules.algorithms)
    case 'rfc5280':
      return usageFlaw(certificate)
    default:
      return profile satisfies never
  }
}

function personFlaw(
  certificate: Certificate,
  environments: readonly TrustEnvironment[],
  algorithms: AlgorithmPolicy,
): Failure | null {
  const flaws = environments.map((one) => checkProfile(certificate, 'signature', one))
  const [first] = flaws
  if (first === undefined) throw new TypeError('a profile has an environment at least')
  const environment = environments.find((_, i) => flaws[i] === null)
  if (environment === undefined) return first
  const key = certificate.spki.keyUnder(algorithms)
  const isFit = key !== null && isKeyOfProfile(key, certificate, environment)
  return isFit ? null : KEY_NOT_OF_PROFILE
}

const SIGNING: readonly number[] = [KEY_USAGE.digitalSignature, KEY_USAGE.nonRepudiation]
const DOCUMENTS: readonly string[] = [
  KEY_PURPOSE.any,
  KEY_PURPOSE.emailProtection,
  KEY_PURPOSE.documentSigning,
]

/** RFC 5280 §4.2.1.3, §4.2.1.12: where usages are given, one has to be for signatures and one for documents. */
function usageFlaw({ keyUsage, extendedKeyUsage }: Certificate): Failure | null {
  const signs = keyUsage === null || SIGNING.some((bit) => keyUsage.has(bit))
  const documents =
    extendedKeyUsage.length === 0 || extendedKeyUsage.some((oid) => DOCUMENTS.includes(oid))
  return signs && documents
    ? null
    : { sub: 'CHAIN_CONSTRAINTS_FAILURE', expected: 'a certificate for signatures on documents' }
}

function attributesOf(
  signer: Certificate,
  { name }: DocumentProfile,
  steps: VerificationSteps,
): SubjectAttributes | null {
  return name === 'jpki' ? steps.take('subject-attributes', () => attributesStep(signer)) : null
}
