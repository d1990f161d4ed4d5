import type { PersonaSummary } from './ports.ts'
import { findPerson, pairwiseOf, requirePerson, requirePersona, summarize } from './person.ts'
import type { WalletParts } from './wallet-parts.ts'

/** Empty until the person's enrolment has reached the wallet, and after erasure. */
export async function listPersonas(
  parts: WalletParts,
  subjectRef: string,
): Promise<readonly PersonaSummary[]> {
  return parts.database.read(async (tx) => {
    const person = await findPerson(parts, tx, subjectRef)
    if (!person) return []
    const personas = await parts.people.personas(tx, subjectRef)
    return personas.map((persona) => summarize(persona, person.keys))
  })
}

export async function findBoundPersona(
  parts: WalletParts,
  subjectRef: string,
  sectorId: string,
): Promise<PersonaSummary | undefined> {
  return parts.database.read(async (tx) => {
    const person = await findPerson(parts, tx, subjectRef)
    const personaId = await parts.people.boundPersonaId(tx, subjectRef, sectorId)
    if (!person || personaId === undefined) return undefined
    const persona = await parts.people.persona(tx, subjectRef, personaId)
    return persona && summarize(persona, person.keys)
  })
}

/** Stores the choice. Documents prepared for this sector under another persona can no longer be signed. */
export async function bindPersona(
  parts: WalletParts,
  subjectRef: string,
  sectorId: string,
  personaId: string,
): Promise<void> {
  await parts.database.run(async (tx) => {
    await requirePerson(parts, tx, subjectRef)
    await requirePersona(parts, tx, subjectRef, personaId)
    await parts.releases.voidOffers(tx, subjectRef, sectorId, personaId)
    const boundAt = parts.clock.now()
    await parts.people.bind(tx, { subjectRef, sectorId, personaId, boundAt })
  })
}

/** Gives the pseudonym and remembers whose it is; `NotFound` for an unknown or erased person. */
export async function rememberPairwise(
  parts: WalletParts,
  subjectRef: string,
  sectorId: string,
  personaId: string,
): Promise<string> {
  return parts.database.run(async (tx) => {
    const person = await requirePerson(parts, tx, subjectRef)
    const persona = await requirePersona(parts, tx, subjectRef, personaId)
    const { pairwiseSubject, epoch } = pairwiseOf(parts, person, persona, sectorId)
    const row = { sectorId, pairwiseSubject, subjectRef, personaId, epoch }
    await parts.people.rememberPairwise(tx, row)
    return pairwiseSubject
  })
}
