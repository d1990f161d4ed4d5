import type { Tx } from '../database/unit-of-work.ts'
import { findSubject } from './find-subject.ts'
import type { ProvenIdentity } from './prove-identity.ts'
import { refusedBy, type Refusal } from './reasons.ts'
import type { ProofingStore } from './store.ts'
import type { TakenSession } from './submission.ts'

/** Who the certificate is of, among the persons that we know; a refusal where nobody can tell, or it is not who it has to be. */
export async function knownSubject(
  store: ProofingStore,
  tx: Tx,
  question: { session: TakenSession; proven: ProvenIdentity; ref: string },
): Promise<string | Refusal | undefined> {
  const { session, proven, ref } = question
  const known = await findSubject({ store }, tx, ref, proven.linked)
  const { expectedSubjectRef: expected } = session
  if (expected === null || (known !== undefined && typeof known !== 'string')) return known
  return known !== expected ? refusedBy('CARD_OF_ANOTHER_PERSON') : known
}
