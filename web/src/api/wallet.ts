import type {
  ChangePersonaBody,
  LedgerReply,
  OverviewReply,
  TicketReply,
} from '../../../services/wallet/api.ts'
import { call, segment } from './client.ts'

export type Overview = OverviewReply
export type Persona = Overview['personas'][number]
export type PersonaKind = Persona['kind']
export type HeldAttribute = Overview['attributes'][number]
export type Ledger = LedgerReply
export type LedgerEntry = Ledger['entries'][number]

const BASE = '/api/wallet'

export function overview(): Promise<Overview> {
  return call('GET', `${BASE}/overview`)
}

export function updatePersona(personaId: string, change: ChangePersonaBody): Promise<object> {
  return call('PUT', `${BASE}/personas/${segment(personaId)}`, change)
}

export function ledger(): Promise<Ledger> {
  return call('GET', `${BASE}/ledger`)
}

export function revokeRelease(releaseId: string): Promise<object> {
  return call('POST', `${BASE}/releases/${segment(releaseId)}/revoke`, {})
}

/** A code for a reception desk, good once and for 60 seconds; refused with `CONFLICT` when the release is too old or has ended. */
export function makeTicket(releaseId: string): Promise<TicketReply> {
  return call('POST', `${BASE}/tickets`, { releaseId })
}

/** Destroys the person's keys; refused with `FRESH_LOGIN_REQUIRED` when the login is older than five minutes. */
export function eraseEverything(): Promise<object> {
  return call('POST', `${BASE}/erasure`, { confirm: true })
}
