import type { Json } from '../../kernel/canonical-json.ts'
import { factAt, withFact, type FactChange } from './change-facts.ts'
import type { Facts } from './judged-facts.ts'

/** Facts with what was established so far, by path. */
export interface Draft {
  readonly facts: Facts
  /** Entries that were added: `checks[2]`. */
  readonly added: readonly string[]
  /** Members that were set outside of them. */
  readonly set: readonly string[]
}

/** Histories are what they are: an entry may be completed, never changed. What is said of the party asked is not the person's. */
const HISTORIES = ['evidence', 'checks', 'bindings']
const NOT_OURS = ['signals', 'policy', 'rp', 'issuer']

/** Drafts that are followed at once. */
export const BEAM = 6

/** Whether the place is one that a person can do something about. */
export function isOurs(path: string): boolean {
  return !NOT_OURS.includes(rootOf(path))
}

/** What was known in a history stays; what this draft said it does not take back; a login or a proofing can be made anew. */
export function mayBeSet(path: string, { facts, added, set }: Draft): boolean {
  const root = rootOf(path)
  if (!isOurs(path)) return false
  if (factAt(facts, path) === undefined) return true
  const ours = added.some((own) => path.startsWith(`${own}.`)) || set.includes(path)
  return !ours && !HISTORIES.includes(root)
}

function rootOf(path: string): string {
  return /^\w+/.exec(path)?.[0] ?? ''
}

/** An id that no entry of the draft has. */
export function newId({ added }: Draft): string {
  return `new-${added.length + 1}`
}

export function costOf({ added, set }: Draft): number {
  return added.length + set.length
}

/** The cheapest drafts, each once. */
export function best(drafts: readonly Draft[]): readonly Draft[] {
  const seen = new Set<string>()
  return [...drafts]
    .sort((a, b) => costOf(a) - costOf(b))
    .filter(({ facts }) => {
      const key = JSON.stringify(facts)
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
    .slice(0, BEAM)
}

/** The draft with a value at a place; none where it is not the person's. */
export function put(path: string, value: Json, draft: Draft): readonly Draft[] {
  if (!isOurs(path)) return []
  const within = draft.added.some((added) => path.startsWith(`${added}.`))
  const set = within || draft.set.includes(path) ? draft.set : [...draft.set, path]
  const changed = { ...draft, facts: withFact(draft.facts, path, value), set }
  return [within ? withClass(changed, path) : changed]
}

/** A new piece of evidence says both what it is and of which class: documents of a class are never without its duties. */
function withClass(draft: Draft, path: string): Draft {
  const [, piece, member] = /^(evidence\[\d+\])\.(kind|cls)$/.exec(path) ?? []
  if (piece === undefined || member === undefined) return draft
  const value = factAt(draft.facts, path)
  const other = member === 'kind' ? `${piece}.cls` : `${piece}.kind`
  const found =
    member === 'kind'
      ? CLASS_OF[typeof value === 'string' ? value : '']
      : Object.entries(CLASS_OF).find(([, cls]) => cls === value)?.[0]
  if (found === undefined || factAt(draft.facts, other) !== undefined) return draft
  return { ...draft, facts: withFact(draft.facts, other, found) }
}

const CLASS_OF: Readonly<Record<string, string>> = {
  mynumber_card: 'gov_photo_id',
  jpki_sign_cert: 'pki_cert',
  jpki_auth_cert: 'pki_cert',
  drivers_license: 'gov_photo_id',
  residence_card: 'gov_photo_id',
  special_permanent_cert: 'gov_photo_id',
  epassport: 'gov_photo_id',
  health_insurance: 'gov_nonphoto_id',
  juminhyo: 'gov_nonphoto_id',
  seal_certificate: 'gov_nonphoto_id',
  accredited_cert: 'pki_cert',
  art17_5_cert: 'pki_cert',
  bank_account: 'financial_account',
  credit_card: 'financial_account',
  mobile_account: 'mobile_account',
  utility_record: 'utility_record',
  employer_id: 'nongov_id',
  student_id: 'nongov_id',
  card_substitute_record: 'digital_id_record',
  mdl: 'digital_id_record',
  eudi_pid: 'digital_id_record',
  digital_vc: 'digital_id_record',
  vouch: 'vouch',
  self_asserted: 'self_asserted',
}

/** What a draft changed of `facts`, as a list of things to establish. */
export function changesOf({ facts, added, set }: Draft): readonly FactChange[] {
  const changes = set.map((path) => ({
    kind: 'set' as const,
    path,
    value: factAt(facts, path) ?? null,
  }))
  const entries = added.map((path) => ({
    kind: 'add' as const,
    path: path.replace(/\[\d+\]$/, ''),
    value: factAt(facts, path) ?? null,
  }))
  return [...changes, ...entries]
}
