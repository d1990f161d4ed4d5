import type { Tx } from '../database/unit-of-work.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { IdentityAxisLevel } from '../policy/ports.ts'
import { CATALOGUE, claimLabel, findClaim, type LocalizedText } from './catalogue.ts'
import { isAllowed, type AllowanceDecision } from './decide-release.ts'
import type { ClaimValue } from './derive-claims.ts'
import type { LedgerRecord } from './ledger-chain.ts'
import { readRecords } from './ledger.ts'
import {
  claimsOf,
  findPerson,
  requirePerson,
  requirePersona,
  sealLabel,
  summarize,
} from './person.ts'
import type { LivePerson } from './person.ts'
import type { PersonaRow } from './person-store.ts'
import type { PersonaKind, PersonaSummary } from './ports.ts'
import type { WalletParts } from './wallet-parts.ts'

/** What the person's own page lists; the other claims are derived from these. */
const OWN_ATTRIBUTES = ['name', 'address', 'municipality', 'birthdate', 'gender']
const MAX_LEDGER_ENTRIES = 500

export interface Overview {
  readonly levels: readonly IdentityAxisLevel[]
  readonly personas: readonly (PersonaSummary & {
    readonly allowance: readonly {
      readonly claim: string
      readonly label: LocalizedText
      readonly decision: AllowanceDecision
    }[]
  })[]
  readonly attributes: readonly (ClaimValue & {
    readonly name: string
    readonly label: LocalizedText
  })[]
}

/** The person's own page; empty until the enrolment has reached the wallet. */
export async function readOverview(
  parts: WalletParts,
  subjectRef: string,
  at: Date,
): Promise<Overview> {
  const levels = await parts.policy.identityLevels(subjectRef, at)
  return parts.database.read(async (tx) => {
    const person = await findPerson(parts, tx, subjectRef)
    if (!person) return { levels, personas: [], attributes: [] }
    const values = await claimsOf(parts, tx, person, at)
    const personas = await parts.people.personas(tx, subjectRef)
    return {
      levels,
      personas: personas.map((persona) => ({
        ...summarize(persona, person.keys),
        allowance: CATALOGUE.map(({ name, label }) => ({
          claim: name,
          label,
          decision: isAllowed(name, persona.allowance) ? 'ask' : 'never',
        })),
      })),
      attributes: OWN_ATTRIBUTES.flatMap((name) => {
        const known = values.get(name)
        return known ? [{ ...known, name, label: claimLabel(name) }] : []
      }),
    }
  })
}

export interface PersonaChange {
  readonly label?: string
  readonly allowance?: readonly { readonly claim: string; readonly decision: AllowanceDecision }[]
}

/** Renames a persona, or changes what it may give; claims not named stay as they are. */
export async function changePersona(
  parts: WalletParts,
  subjectRef: string,
  personaId: string,
  change: PersonaChange,
): Promise<void> {
  const label = change.label === undefined ? undefined : readLabel(change.label)
  const decisions = change.allowance ?? []
  const unknown = decisions.findIndex(({ claim }) => !findClaim(claim))
  if (unknown >= 0) throw new InvalidInput(`allowance/${unknown}/claim`, 'a claim of the catalogue')
  await parts.database.run(async (tx) => {
    const { keys } = await requirePerson(parts, tx, subjectRef)
    const persona = await requirePersona(parts, tx, subjectRef, personaId)
    const changed = Object.fromEntries(decisions.map(({ claim, decision }) => [claim, decision]))
    await parts.people.changePersona(tx, personaId, {
      allowance: { ...persona.allowance, ...changed },
      ...(label === undefined
        ? {}
        : { sealedLabel: sealLabel(keys.byId(persona.keyId), parts.random, persona, label) }),
    })
  })
}

function readLabel(text: string): string {
  const label = text.normalize('NFC').trim()
  const length = Array.from(label).length
  // Control and format characters could make one persona look like another.
  if (length < 1 || length > 40 || !label.isWellFormed() || /[\p{Cc}\p{Cf}]/u.test(label)) {
    throw new InvalidInput('label', '1 to 40 visible characters')
  }
  return label
}

export interface LedgerView {
  readonly entries: readonly LedgerEntryView[]
  readonly intact: boolean
}

interface LedgerEntryView {
  readonly entryId: string
  readonly at: string
  readonly status: LedgerRecord['status']
  readonly rp: LedgerRecord['rp']
  readonly purpose: LedgerRecord['purpose']
  readonly persona: { readonly kind: PersonaKind; readonly label: string } | null
  readonly claims: readonly { readonly name: string; readonly label: LocalizedText }[]
  readonly levels: LedgerRecord['levels']
  readonly releaseId: string | null
  readonly canRevoke: boolean
  readonly deletionContact: string
  readonly reason: string | null
}

/** The person's ledger, newest first, and whether its chain holds. */
export async function readLedger(parts: WalletParts, subjectRef: string): Promise<LedgerView> {
  return parts.database.read(async (tx) => {
    const person = await findPerson(parts, tx, subjectRef)
    if (!person) return { entries: [], intact: true }
    const { records, intact } = await readRecords(parts, tx, person)
    const labels = await personaLabels(parts, tx, person)
    const inForce = new Set(
      (await parts.releases.ofPerson(tx, subjectRef)).flatMap(({ releaseId, state }) =>
        state === 'issued' ? [releaseId] : [],
      ),
    )
    const newest = records.slice(-MAX_LEDGER_ENTRIES).reverse()
    return { entries: newest.map((record) => viewOf(record, labels, inForce)), intact }
  })
}

async function personaLabels(
  { people }: WalletParts,
  tx: Tx,
  { row, keys }: LivePerson,
): Promise<ReadonlyMap<string, string>> {
  const personas: readonly PersonaRow[] = await people.personas(tx, row.subjectRef)
  return new Map(personas.map((p) => [p.personaId, summarize(p, keys).label]))
}

function viewOf(
  record: LedgerRecord,
  labels: ReadonlyMap<string, string>,
  inForce: ReadonlySet<string>,
): LedgerEntryView {
  const { persona, claims, consent: _evidence, releaseId, status, ...rest } = record
  return {
    ...rest,
    status,
    releaseId,
    persona: persona && { kind: persona.kind, label: labels.get(persona.personaId) ?? '' },
    claims: claims.map((name) => ({ name, label: claimLabel(name) })),
    canRevoke: status === 'released' && releaseId !== null && inForce.has(releaseId),
  }
}
