import { call, segment } from './client.ts'
import type { Level, LocalText } from './types.ts'

export type PersonaKind = 'gov' | 'biz' | 'priv'
export type Decision = 'never' | 'ask'

export interface Allowance {
  readonly claim: string
  readonly label: LocalText
  readonly decision: Decision
}

export interface Persona {
  readonly personaId: string
  readonly kind: PersonaKind
  readonly label: string
  readonly allowance: readonly Allowance[]
}

export interface HeldAttribute {
  readonly name: string
  readonly label: LocalText
  readonly value: string | boolean
  readonly asOf: string
  readonly stale: boolean
  readonly quality: 'exact' | 'substituted'
}

export interface HeldLevel extends Level {
  readonly validUntil: string | null
}

export interface Overview {
  readonly levels: readonly HeldLevel[]
  readonly personas: readonly Persona[]
  readonly attributes: readonly HeldAttribute[]
}

export interface LedgerEntry {
  readonly entryId: string
  readonly at: string
  readonly status: 'released' | 'refused' | 'failed' | 'revoked' | 'expired' | 'erased'
  readonly rp: { readonly rpId: string; readonly name: LocalText; readonly controller: LocalText }
  readonly purpose: {
    readonly title: LocalText
    readonly retentionDays: number
    readonly legalBasis: string
  }
  readonly persona: { readonly kind: PersonaKind; readonly label: string } | null
  readonly claims: readonly { readonly name: string; readonly label: LocalText }[]
  readonly levels: readonly Level[]
  readonly releaseId: string | null
  readonly canRevoke: boolean
  readonly deletionContact: string | null
  readonly reason: string | null
}

export interface Ledger {
  readonly entries: readonly LedgerEntry[]
  readonly intact: boolean
}

const BASE = '/api/wallet'

export function overview(): Promise<Overview> {
  return call('GET', `${BASE}/overview`)
}

export function updatePersona(
  personaId: string,
  change: {
    readonly label: string
    readonly allowance: readonly { readonly claim: string; readonly decision: Decision }[]
  },
): Promise<object> {
  return call('PUT', `${BASE}/personas/${segment(personaId)}`, change)
}

export function ledger(): Promise<Ledger> {
  return call('GET', `${BASE}/ledger`)
}

export function revokeRelease(releaseId: string): Promise<object> {
  return call('POST', `${BASE}/releases/${segment(releaseId)}/revoke`, {})
}

/** Destroys the person's keys; refused with `FRESH_LOGIN_REQUIRED` when the login is older than five minutes. */
export function eraseEverything(): Promise<object> {
  return call('POST', `${BASE}/erasure`, { confirm: true })
}
