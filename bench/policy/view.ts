import type { Catalogue } from '../../services/policy/language/catalogue.ts'
import { F, T } from '../../services/policy/language/kleene.ts'
import type { Cell, Item, List, Subject } from '../../services/policy/language/subject.ts'
import { membersOf, type Type } from '../../services/policy/language/types.ts'
import { NOW } from './subjects.ts'

/** A check whose outcome stands. */
interface CheckView {
  readonly ok: boolean
  readonly failed: boolean
  readonly method: string
  readonly scope: string
  readonly purpose: string
  readonly pad: boolean
}

interface EvidenceView {
  readonly kind: string
  readonly cls: string
  readonly strength: number
  readonly expires_at: number
  readonly revoked: boolean
  readonly authentic: readonly CheckView[]
  readonly holder: readonly CheckView[]
}

interface FactorView {
  readonly type: string
  readonly status: string
  readonly length: number
  readonly channel: string
  readonly hardware: boolean
  readonly exportable: boolean
  readonly uv: boolean
  readonly bs: boolean
  readonly attestation: string
  readonly fips: number
  readonly phishing_resistant: boolean
  readonly replay_resistant: boolean
  readonly intent: boolean
  readonly origin_bound: boolean
}

/**
 * What a program without our engine would read: plain objects of one shape, enums as text, ordered ones by rank, instants in
 * seconds. Nothing in it is missing: an open outcome is one that did not happen, and one that may have revoked.
 */
export interface View {
  readonly now: number
  readonly proofing: { readonly channel: string; readonly consent: boolean; readonly at: number }
  readonly evidence: readonly EvidenceView[]
  readonly checks: {
    readonly match: readonly CheckView[]
    readonly recorded: readonly CheckView[]
    readonly death_check: readonly CheckView[]
  }
  readonly auth: { readonly factors: readonly FactorView[] }
  readonly session: {
    readonly age_s: number
    readonly idle_s: number
    readonly reauth: { readonly session_secret: boolean }
  }
  readonly binding: {
    readonly method: string
    readonly session_aal: number
    readonly account_max_aal: number
    readonly external: boolean
    readonly code_age_s: number
    readonly same_protected_session: boolean
  }
  readonly recovery: { readonly proofed: number }
  readonly authenticator: { readonly consecutive_failures: number; readonly status: string }
  readonly rp: { readonly signature_verifier: boolean }
}

export function viewOf(subject: Subject, catalogue: Catalogue): View {
  const roots: Record<string, unknown> = { now: NOW }
  for (const [name, type] of catalogue.roots)
    if (name in FIELDS)
      roots[name] = plain(subject.roots[name], type, catalogue, FIELDS[name] ?? {})
  // As JSON gives it: one shape for all, texts that the engine compares by their address. Its fields are those of `FIELDS`.
  return JSON.parse(JSON.stringify(roots)) as View
}

interface Shape {
  readonly [field: string]: Shape | true
}

const CHECK: Shape = { ok: true, failed: true, method: true, scope: true, purpose: true, pad: true }
const FIELDS: Shape = {
  proofing: { channel: true, consent: true, at: true },
  evidence: {
    kind: true,
    cls: true,
    strength: true,
    expires_at: true,
    revoked: true,
    authentic: CHECK,
    holder: CHECK,
  },
  checks: { match: CHECK, recorded: CHECK, death_check: CHECK },
  auth: {
    factors: Object.fromEntries(
      'type status length channel hardware exportable uv bs attestation fips phishing_resistant replay_resistant intent origin_bound'
        .split(' ')
        .map((name) => [name, true]),
    ),
  },
  session: { age_s: true, idle_s: true, reauth: { session_secret: true } },
  binding: {
    method: true,
    session_aal: true,
    account_max_aal: true,
    external: true,
    code_age_s: true,
    same_protected_session: true,
  },
  recovery: { proofed: true },
  authenticator: { consecutive_failures: true, status: true },
  rp: { signature_verifier: true },
}

function plain(cell: Cell, type: Type, catalogue: Catalogue, shape: Shape | true): unknown {
  const record = (item: Item, name: string): unknown =>
    Object.fromEntries(
      Object.entries(shape).map(([field, inner]: [string, Shape | true]) => {
        const own = catalogue.records.get(name)?.get(field)
        if (own === undefined) return [field, '']
        if (own.kind === 'truth')
          return [field, field === 'ok' ? item[field] === T : item[field] !== F]
        return [field, plain(item[field], own, catalogue, inner)]
      }),
    )
  switch (type.kind) {
    case 'list':
      return (cell as List).items.map((item) => record(item, type.record))
    case 'record':
      return record(cell as Item, type.record)
    case 'enum':
      return type.ordered ? Math.log2(cell as number) : (membersOf(type, cell as number)[0] ?? '')
    case 'flag':
      return cell === 2
    default:
      return cell
  }
}
