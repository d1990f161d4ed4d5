import type { AlgorithmPolicy } from './algorithm-policy.ts'
import { TAG, DerReader } from './der.ts'
import { importPublicKey, type PublicKey } from './public-key.ts'
import { derSignature, namedAlgorithm, verifySignature } from './signature.ts'
import { failStep, verifyInSteps } from './verification-steps.ts'
import type { Verdict } from './verdict.ts'

/** A signature alone, with the key that is said to have made it. */
export interface SignatureRequest {
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array
  /** Name or OID: see `namedAlgorithm`. */
  readonly algorithm: string
  readonly message: Uint8Array
  readonly signature: Uint8Array
  /** Of an ECDSA signature: a SEQUENCE of two INTEGERs, or r and s side by side (IEEE P1363). */
  readonly encoding: 'der' | 'p1363'
  readonly algorithms: AlgorithmPolicy
  readonly at: Date
}

/** Whether the key holder signed the message. Every malformed or wrong input is a verdict; nothing is thrown for it. */
export function verifySignatureAlone(request: SignatureRequest): Verdict {
  const { algorithms, at, message } = request
  const { verdict } = verifyInSteps(at, (steps) => {
    const { key, algorithm } = steps.take('signature-algorithm', () => {
      const key = readKey(request.spki, algorithms)
      return { key, algorithm: namedAlgorithm(request.algorithm, key.type, algorithms) }
    })
    steps.take('application-signature', () => {
      const signature = signatureOf(request, key)
      if (signature !== null && verifySignature(key, algorithm, message, signature)) return
      failStep({ sub: 'SIG_CRYPTO_FAILURE', expected: 'a signature of this key over the message' })
    })
  })
  return verdict
}

const MAX_SPKI = 2048

function readKey(spki: Uint8Array, algorithms: AlgorithmPolicy): PublicKey {
  const reader = DerReader.over(spki, MAX_SPKI)
  const element = reader.read(TAG.sequence)
  reader.finish()
  return importPublicKey(element, algorithms)
}

function signatureOf({ signature, encoding }: SignatureRequest, key: PublicKey): Uint8Array | null {
  return encoding === 'p1363' && key.type === 'ec' ? derSignature(signature, key.bits) : signature
}
