import type { Tx } from '../database/unit-of-work.ts'
import { certificateRef, personRef, type CertificateName } from './certificate-record.ts'
import { PERSON_ENDED } from './decide-status.ts'
import { refusedBy, undecidedBy, type Refusal } from './reasons.ts'
import type { SubmissionParts } from './submission.ts'

/** What linkage says of a certificate that we have not seen. */
export interface LinkedPerson {
  readonly personRef: string
  /** References of the person's other certificates. */
  readonly related: readonly string[]
}

/**
 * Asks linkage about a certificate that we have not seen; null for one that is known. Without an answer nobody can say
 * whether it is a new person or the renewal of a known one, so nothing is decided.
 */
export async function linkCertificate(
  { database, store, linkage, keys, environment }: SubmissionParts,
  name: CertificateName,
): Promise<LinkedPerson | null | Refusal> {
  const ref = certificateRef(keys, environment, name)
  const known = await database.read((tx) => store.certificate(tx, ref))
  if (known !== undefined) return null
  const answer = await linkage.resolve(name)
  switch (answer.outcome) {
    case 'linked':
      return {
        personRef: personRef(keys, environment, answer.personId),
        related: answer.related.map((other) => certificateRef(keys, environment, other)),
      }
    case 'not-ready':
      return undecidedBy('LINKAGE_NOT_READY')
    case 'unavailable':
      return undecidedBy('LINKAGE_UNAVAILABLE')
    default:
      return answer satisfies never
  }
}

/**
 * The person whom we know behind a certificate; undefined for one whom neither we nor linkage know. A certificate that ended
 * with its person is refused, whatever a list says.
 */
export async function findSubject(
  { store }: Pick<SubmissionParts, 'store'>,
  tx: Tx,
  ref: string,
  linked: LinkedPerson | null,
): Promise<string | undefined | Refusal> {
  const own = await store.certificate(tx, ref)
  if (own?.reason === PERSON_ENDED) return refusedBy('CERTIFICATE_REVOKED')
  if (own !== undefined) return own.subjectRef
  // The certificate was known when linkage would have been asked, and its person was erased since.
  if (linked === null) return undecidedBy('LINKAGE_UNAVAILABLE')
  const byPerson = await store.subjectOfPerson(tx, linked.personRef)
  const byCertificates = await store.subjectsOf(tx, linked.related)
  const known = new Set([...(byPerson === undefined ? [] : [byPerson]), ...byCertificates])
  const [subjectRef, ...others] = known
  return others.length > 0 ? undecidedBy('LINKAGE_AMBIGUOUS') : subjectRef
}
