import { floorToHour } from '../kernel/calendar.ts'
import type { ClaimRequest, RefusalReason } from './ports.ts'

/**
 * offered → issued → revoked | expired, offered → refused. A request that cannot be met is refused without being
 * offered; to the relying party both look the same.
 */
export type ReleaseState = 'offered' | 'refused' | 'issued' | 'revoked' | 'expired'
export type RequestedClaim = ClaimRequest

/** What the person reads in the ledger. */
export type LedgerStatus =
  'released' | 'signed' | 'refused' | 'failed' | 'revoked' | 'expired' | 'erased'

/** Whether the person or something else stood in the way: a person who said no reads "refused". */
export function statusOfRefusal(reason: RefusalReason): LedgerStatus {
  switch (reason) {
    case 'REFUSED_BY_PERSON':
      return 'refused'
    case 'EXPIRED':
      return 'expired'
    case 'UNSATISFIABLE':
    case 'ASSURANCE_UNMET':
      return 'failed'
    default:
      return reason satisfies never
  }
}

const DAY = 24 * 60 * 60 * 1000

/** How long a consent document may be signed. */
export const CONSENT_MILLISECONDS = 5 * 60 * 1000
/** How long values stay readable for redelivery; the promise is one hour. */
export const REDELIVERY_MILLISECONDS = 55 * 60 * 1000
export const TICKET_MILLISECONDS = 60 * 1000

/** Until when a relying party may rely on what it was given: at most a day, cut to the hour. */
export function reliableUntil(at: Date): Date {
  return floorToHour(new Date(at.getTime() + DAY))
}

/** Until when a relying party keeps what it was given, by its registered purpose; a release can be revoked until then. */
export function retainedUntil(at: Date, retentionDays: number): Date {
  return floorToHour(new Date(at.getTime() + Math.max(1, retentionDays) * DAY))
}
