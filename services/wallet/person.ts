import type { Tx } from '../database/unit-of-work.ts'
import { lengthPrefixed, utf8 } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { hmacSha256 } from '../kernel/digest.ts'
import { NotFound } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import {
  ATTRIBUTE_NAMES,
  deriveClaims,
  type AttributeName,
  type ClaimValue,
  type KeptAttributes,
} from './derive-claims.ts'
import { PersonKeys, type OpenKey } from './keys.ts'
import type { AttributeRow, PersonaRow, PersonRow } from './person-store.ts'
import { derivePairwiseSubject, FIRST_EPOCH } from './pairwise.ts'
import type { PersonaSummary } from './ports.ts'
import { seal, unseal, type SealContext } from './sealing.ts'
import type { WalletParts } from './wallet-parts.ts'

export interface LivePerson {
  readonly row: PersonRow
  readonly keys: PersonKeys
}

/** An enrolled person with the keys; undefined when unknown or erased. */
export async function findPerson(
  { people, keyStore, keys }: WalletParts,
  tx: Tx,
  subjectRef: string,
): Promise<LivePerson | undefined> {
  const row = await people.find(tx, subjectRef)
  if (!row || row.erasedAt) return undefined
  return { row, keys: new PersonKeys(await keyStore.ofPerson(tx, subjectRef), keys) }
}

/** @throws NotFound when the person is unknown or erased */
export async function requirePerson(
  parts: WalletParts,
  tx: Tx,
  subjectRef: string,
): Promise<LivePerson> {
  const person = await findPerson(parts, tx, subjectRef)
  if (!person) throw new NotFound('expected an enrolled person')
  return person
}

/** @throws NotFound when this person has no such persona */
export async function requirePersona(
  { people }: WalletParts,
  tx: Tx,
  subjectRef: string,
  personaId: string,
): Promise<PersonaRow> {
  const persona = await people.persona(tx, subjectRef, personaId)
  if (!persona) throw new NotFound('expected a persona of this person')
  return persona
}

export function sealAttribute(
  key: OpenKey,
  random: Random,
  row: Omit<AttributeRow, 'sealed'>,
  value: unknown,
): AttributeRow {
  const sealed = seal(
    key.secret.reveal(),
    utf8(canonicalJson(value)),
    attributeContext(row),
    random,
  )
  return { ...row, sealed }
}

/** Every claim the person has a value for at `at`. */
export async function claimsOf(
  { people, municipalities }: WalletParts,
  tx: Tx,
  person: LivePerson,
  at: Date,
): Promise<ReadonlyMap<string, ClaimValue>> {
  const rows = await people.attributes(tx, person.row.subjectRef)
  return deriveClaims(openAttributes(rows, person.keys), municipalities, at)
}

/** Tells whether values are still those that were shown. Keyed, because a plain digest of a birth date is soon reversed. */
export function valuesDigest(
  { keys }: LivePerson,
  names: readonly string[],
  values: ReadonlyMap<string, ClaimValue>,
): Uint8Array {
  const fields = names.flatMap((name) => [name, canonicalJson(values.get(name)?.value ?? null)])
  return hmacSha256(keys.only('subject').secret.reveal(), lengthPrefixed('values/1', ...fields))
}

function openAttributes(rows: readonly AttributeRow[], keys: PersonKeys): KeptAttributes {
  if (rows.length === 0) return {}
  const key = keys.only('identity').secret.reveal()
  const opened: Partial<Record<AttributeName, unknown>> = {}
  for (const row of rows) {
    const name = ATTRIBUTE_NAMES.find((known) => known === row.name)
    if (!name) continue
    const text = new TextDecoder().decode(unseal(key, row.sealed, attributeContext(row)))
    opened[name] = { value: JSON.parse(text) as unknown, asOf: row.asOf, stale: row.stale }
  }
  // Authenticated bytes that we sealed ourselves, from attributes checked at the deposit.
  return opened as KeptAttributes
}

export function sealLabel(
  key: OpenKey,
  random: Random,
  persona: Pick<PersonaRow, 'personaId' | 'subjectRef'>,
  label: string,
): Uint8Array {
  return seal(key.secret.reveal(), utf8(label), labelContext(persona), random)
}

export function summarize(persona: PersonaRow, keys: PersonKeys): PersonaSummary {
  const key = keys.byId(persona.keyId).secret.reveal()
  const label = new TextDecoder().decode(unseal(key, persona.sealedLabel, labelContext(persona)))
  return { personaId: persona.personaId, kind: persona.kind, label }
}

export function pairwiseOf(
  parts: Pick<WalletParts, 'issuer'>,
  person: LivePerson,
  persona: PersonaRow,
  sectorId: string,
): { readonly pairwiseSubject: string; readonly epoch: number } {
  const pairwiseSubject = derivePairwiseSubject({
    personaKey: person.keys.byId(persona.keyId).secret.reveal(),
    issuer: parts.issuer(),
    sectorId,
    epoch: FIRST_EPOCH,
  })
  return { pairwiseSubject, epoch: FIRST_EPOCH }
}

function attributeContext(row: Omit<AttributeRow, 'sealed'>): SealContext {
  return {
    store: 'wallet_attribute',
    type: row.name,
    recordId: row.proofingId,
    subjectRef: row.subjectRef,
    field: 'value',
  }
}

function labelContext(persona: Pick<PersonaRow, 'personaId' | 'subjectRef'>): SealContext {
  return {
    store: 'wallet_persona',
    type: 'persona',
    recordId: persona.personaId,
    subjectRef: persona.subjectRef,
    field: 'label',
  }
}
