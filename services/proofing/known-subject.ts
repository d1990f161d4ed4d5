import type { Tx } from '../database/unit-of-work.ts'
import type { ProvenIdentity } from './prove-identity.ts'
import { refusedBy, undecidedBy, type Refusal } from './reasons.ts'
import type { ProofingStore } from './store.ts'
import type { TakenSession } from './submission.ts'

/** Who the certificate is of, among the persons that we know; a refusal where nobody can tell, or it is not who it has to be. */
export async function knownSubject(
  store: ProofingStore,
  tx: Tx,
  question: { session: TakenSession; proven: ProvenIdentity; ref: string },
): Promise<string | Refusal | undefined> {
  const { session, ...certificate } = question
  const known = await subjectOf(store, tx, certificate)
  const { expectedSubjectRef: expected } = session
  if (expected === null || (known !== undefined && typeof known !== 'string')) return known
  return known !== expected ? refusedBy('CARD_OF_ANOTHER_PERSON') : known
}

async function subjectOf(
  store: ProofingStore,
  tx: Tx,
  { proven, ref }: { proven: ProvenIdentity; ref: string },
): Promise<string | Refusal | undefined> {
  const own = await store.certificate(tx, ref)
  if (own !== undefined) return own.subjectRef
  // The certificate was known when linkage would have been asked, and its person was erased since.
  if (proven.linked === null) return undecidedBy('LINKAGE_UNAVAILABLE')
  const { personRef: person, related } = proven.linked
  const byPerson = await store.subjectOfPerson(tx, person)
  const byCertificates = await store.subjectsOf(tx, related)
  const known = new Set([...(byPerson === undefined ? [] : [byPerson]), ...byCertificates])
  const [subjectRef, ...others] = known
  if (others.length > 0) return undecidedBy('LINKAGE_AMBIGUOUS')
  return subjectRef
}
