import type { Ledger, LedgerEntry } from '../api/wallet.ts'

/** How long after a release a code for the desk can be made of it: as long as its values stay readable. */
const TICKET_WINDOW_MS = 55 * 60 * 1000

/** When each release that was taken back was: the line of the release itself says only that it was shared. */
export function takenBack(entries: readonly LedgerEntry[]): ReadonlyMap<string, string> {
  return new Map(
    entries.flatMap(({ status, releaseId, at }) =>
      status === 'revoked' && releaseId !== null ? [[releaseId, at] as const] : [],
    ),
  )
}

/** Whether a code for a reception desk can be made of a line: of the release itself, in force and younger than 55 minutes. */
export function canShowCode(entry: LedgerEntry, now: number): boolean {
  // Only the first line of a release is as old as its values.
  const first = entry.reason !== 'RECEPTION_TICKET'
  return entry.canRevoke && first && now - Date.parse(entry.at) < TICKET_WINDOW_MS
}

/** How often a release was handed over at a reception desk. */
export function timesHandedOver({ entries }: Pick<Ledger, 'entries'>, releaseId: string): number {
  return entries.filter(
    (entry) => entry.releaseId === releaseId && entry.reason === 'RECEPTION_TICKET',
  ).length
}
