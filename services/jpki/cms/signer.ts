import { constantTimeEqual } from '../../kernel/bytes.ts'
import { isDigestOf } from '../../kernel/digest.ts'
import type { AlgorithmPolicy } from '../algorithm-policy.ts'
import type { Certificate } from '../certificate.ts'
import { isNull, RSA_ENCRYPTION } from '../public-key.ts'
import { sameName } from '../name.ts'
import {
  digestAlgorithm,
  signatureAlgorithm,
  verifySignature,
  type SignatureAlgorithm,
} from '../signature.ts'
import { failStep, type VerificationSteps } from '../verification-steps.ts'
import type { SignedData, SignerIdentifier, SignerInfo } from './signed-data.ts'
import { refersTo } from './signing-certificate.ts'

/** Certificates that fit the signer's identifier and are tried: an honest message has one, or one that was renewed beside it. */
const MAX_CANDIDATES = 2

/** What was signed: the octets, or their digest where the asker has no more. */
export type SignedContent = Uint8Array | { readonly sha256: Uint8Array }

export interface SignerQuestion<Content extends SignedContent> {
  readonly signedData: SignedData
  /** Null: nobody has it. */
  readonly content: Content | null
  readonly certificates: readonly Certificate[]
  readonly algorithms: AlgorithmPolicy
}

/** At least one certificate. */
export type Candidates = readonly [Certificate, ...Certificate[]]

/** A signature that holds; who stands behind its key is still to be asked. */
export interface VerifiedSigner<Content extends SignedContent> {
  readonly content: Content
  /** The certificates that fit. */
  readonly candidates: Candidates
}

/**
 * Verifies the signature of a message (RFC 5652 §5.4, §5.6): the digest of the content, the certificate that the signer
 * names, and the signature over the signed attributes.
 */
export function verifySigner<Content extends SignedContent>(
  question: SignerQuestion<Content>,
  steps: VerificationSteps,
): VerifiedSigner<Content> {
  const { signedData, algorithms } = question
  const { signer } = signedData
  const algorithm = steps.take('signature-algorithm', () => algorithmOf(signer, algorithms))
  const content = steps.take('message-digest', () => contentStep(question, algorithm))
  const candidates = steps.take('signing-certificate', () => signerCertificates(question))
  return steps.take('cms-signature', () => {
    const keyOf = ({ spki }: Certificate) => spki.keyUnder(algorithms)
    if (candidates.every((certificate) => keyOf(certificate) === null)) {
      failStep({ sub: 'CRYPTO_CONSTRAINTS_FAILURE', expected: 'a key of an allowed kind and size' })
    }
    const { signedBytes, signature } = signer
    const [first, ...more] = candidates.filter((certificate) => {
      const key = keyOf(certificate)
      return key !== null && verifySignature(key, algorithm, signedBytes, signature)
    })
    if (first === undefined) {
      failStep({ sub: 'SIG_CRYPTO_FAILURE', expected: 'a signature over the signed attributes' })
    }
    return { content, candidates: [first, ...more] }
  })
}

function contentStep<Content extends SignedContent>(
  { signedData, content }: SignerQuestion<Content>,
  { digest }: SignatureAlgorithm,
): Content {
  if (content === null) {
    failStep({ sub: 'SIGNED_DATA_NOT_FOUND', expected: 'the content that was signed' })
  }
  const { messageDigest } = signedData.signer.attributes
  if (!hasDigest(content, digest, messageDigest)) {
    failStep({ sub: 'HASH_FAILURE', expected: 'the digest of the content' })
  }
  return content
}

function hasDigest(
  content: SignedContent,
  algorithm: SignatureAlgorithm['digest'],
  digest: Uint8Array,
): boolean {
  if (content instanceof Uint8Array) return isDigestOf(digest, algorithm, content)
  if (algorithm === 'sha256') return constantTimeEqual(digest, content.sha256)
  return failStep({ sub: 'HASH_FAILURE', expected: 'a digest by SHA-256' })
}

/**
 * The algorithm of the signature, with the hash by which the content was digested: one for both, so that the weaker of two
 * never stands for the stronger.
 */
function algorithmOf(
  { algorithm, digest: digestIdentifier }: SignerInfo,
  algorithms: AlgorithmPolicy,
): SignatureAlgorithm {
  const { digest } = digestAlgorithm(digestIdentifier, algorithms)
  // RFC 5754 §3.2: an RSA signature may be named by the key alone, and its hash is then the one of the digest
  if (algorithm.oid === RSA_ENCRYPTION && isNull(algorithm.parameters)) {
    return { keyType: 'rsa', digest }
  }
  const named = signatureAlgorithm(algorithm, algorithms, true)
  if (named.digest !== digest) {
    failStep({ sub: 'FORMAT_FAILURE', expected: 'one hash for the digest and the signature' })
  }
  return named
}

/** The certificates that the signer's identifier and its signing-certificate attributes mean (RFC 5035 §5). */
function signerCertificates({
  signedData,
  certificates,
}: SignerQuestion<SignedContent>): Certificate[] {
  const { id, attributes } = signedData.signer
  const identified = certificates.filter((certificate) => identifies(id, certificate))
  if (identified.length === 0) {
    failStep({ sub: 'NO_SIGNING_CERTIFICATE_FOUND', expected: 'the certificate of the signer' })
  }
  const meant = identified.filter((certificate) =>
    attributes.signingCertificates.every(
      ([first]) => first !== undefined && refersTo(first, certificate),
    ),
  )
  if (meant.length === 0) {
    failStep({
      sub: 'NO_SIGNING_CERTIFICATE_FOUND',
      expected: 'the certificate whose digest the signer signed',
    })
  }
  return meant.slice(0, MAX_CANDIDATES)
}

function identifies(id: SignerIdentifier, certificate: Certificate): boolean {
  if (id.by === 'issuer') {
    return (
      Buffer.compare(id.serial, certificate.serial) === 0 && sameName(id.issuer, certificate.issuer)
    )
  }
  const { subjectKeyIdentifier } = certificate
  return subjectKeyIdentifier !== null && constantTimeEqual(id.keyIdentifier, subjectKeyIdentifier)
}
