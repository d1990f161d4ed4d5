import type { Tx } from '../database/unit-of-work.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { isAgeClaim } from './catalogue.ts'
import { decideRelease, withinThresholdBudget, type ReleaseDecision } from './decide-release.ts'
import type { ClaimValue } from './derive-claims.ts'
import { claimsOf, requirePerson, requirePersona, type LivePerson } from './person.ts'
import type { PersonaRow } from './person-store.ts'
import type { ClaimRefusal, ClaimRequest } from './ports.ts'
import type { RegisteredPurpose, Registration } from './registration.ts'
import type { WalletParts } from './wallet-parts.ts'

const MAX_CLAIMS = 50

export interface RequestKey {
  readonly subjectRef: string
  readonly rpId: string
  readonly purposeId: string
  readonly claims: readonly ClaimRequest[]
}

/** Everything that a request is judged by, read in one go. */
export interface Judged {
  readonly person: LivePerson
  readonly persona: PersonaRow
  readonly registration: Registration | undefined
  readonly purpose: RegisteredPurpose | undefined
  readonly values: ReadonlyMap<string, ClaimValue>
  readonly decision: ReleaseDecision
}

/**
 * Applies the release rule to what is registered, allowed and known at `at`. The same for what is offered, what is put
 * into the document, and what leaves in the end.
 */
export async function judgeRequest(
  parts: WalletParts,
  tx: Tx,
  request: RequestKey,
  personaId: string,
  given: { readonly declined: ReadonlySet<string>; readonly assured: boolean; readonly at: Date },
): Promise<Judged> {
  checkClaims(request.claims)
  const { subjectRef, rpId, purposeId, claims } = request
  const person = await requirePerson(parts, tx, subjectRef)
  const persona = await requirePersona(parts, tx, subjectRef, personaId)
  const registration = await parts.registry.find(tx, rpId)
  const purpose = registration?.active
    ? registration.purposes.find((registered) => registered.purposeId === purposeId)
    : undefined
  const values = await claimsOf(parts, tx, person, given.at)
  const sectorId = registration?.sectorId ?? ''
  const spent = await parts.people.thresholds(tx, personaId, sectorId)
  const decision =
    refuseWhole(registration, purpose, persona, claims, spent) ??
    decideRelease({
      request: claims,
      purpose: purpose?.claims ?? [],
      allowance: persona.allowance,
      consent: new Set(claims.flatMap(({ name }) => (given.declined.has(name) ? [] : [name]))),
      available: values,
      assured: given.assured,
    })
  return { person, persona, registration, purpose, values, decision }
}

/** What stands against a request before its claims are looked at one by one. */
function refuseWhole(
  registration: Registration | undefined,
  purpose: RegisteredPurpose | undefined,
  persona: PersonaRow,
  claims: readonly ClaimRequest[],
  spent: readonly string[],
): ReleaseDecision | undefined {
  const all = (reason: ClaimRefusal, names = claims.map(({ name }) => name)): ReleaseDecision => ({
    outcome: 'nothing',
    withheld: names.map((name) => ({ name, reason })),
  })
  if (!registration || !purpose) return all('NOT_REGISTERED')
  const { personas } = registration
  if (personas.length > 0 && !personas.includes(persona.kind)) return all('NOT_ALLOWED_BY_PERSONA')
  if (!withinThresholdBudget(spent, claims)) {
    return all('FORBIDDEN', claims.map(({ name }) => name).filter(isAgeClaim))
  }
  return undefined
}

function checkClaims(claims: readonly ClaimRequest[]): void {
  if (claims.length > MAX_CLAIMS) throw new InvalidInput('claims', `at most ${MAX_CLAIMS} claims`)
  if (new Set(claims.map(({ name }) => name)).size !== claims.length) {
    throw new InvalidInput('claims', 'each claim once')
  }
}
