import { toBase64Url, utf8 } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { Conflict, NotFound } from '../kernel/errors.ts'
import { randomToken } from '../kernel/random.ts'
import { reopenRelease } from './issue-release.ts'
import { appendRecord, partiesOf } from './ledger.ts'
import { findPerson } from './person.ts'
import type { IssuedRelease } from './ports.ts'
import { TICKET_MILLISECONDS } from './release-state.ts'
import type { WalletParts } from './wallet-parts.ts'

const TICKET_BYTES = 16

export interface ReceptionTicket {
  /** 22 characters of base64url: 128 bits. */
  readonly ticket: string
  /** What the QR code holds. */
  readonly url: string
  readonly expiresAt: Date
}

/**
 * A one-time ticket for a reception desk, on a release the person has consented to: whoever shows it within 60 seconds and
 * belongs to that sector is given the release. The QR code holds nothing about the person.
 */
export async function makeTicket(
  parts: WalletParts,
  subjectRef: string,
  releaseId: string,
  at: Date,
): Promise<ReceptionTicket> {
  const ticket = randomToken(parts.random, TICKET_BYTES)
  const expiresAt = new Date(at.getTime() + TICKET_MILLISECONDS)
  await parts.database.run(async (tx) => {
    const row = await parts.releases.byId(tx, releaseId)
    const person = await findPerson(parts, tx, subjectRef)
    if (!person || row?.subjectRef !== subjectRef) {
      throw new NotFound('expected a release of your own')
    }
    if (!(await reopenRelease(parts, tx, person, row, at))) {
      throw new Conflict('this release can no longer be handed over')
    }
    const { sectorId } = row
    const ticketHash = hashTicket(ticket)
    await parts.releases.addTicket(tx, { ticketHash, releaseId, subjectRef, sectorId, expiresAt })
  })
  return { ticket, url: `${parts.issuer()}/t/${ticket}`, expiresAt }
}

/** The release of a ticket, once, for a relying party of its sector; undefined whatever the cause. */
export async function redeemTicket(
  parts: WalletParts,
  ticket: string,
  rpId: string,
  at: Date,
): Promise<IssuedRelease | undefined> {
  return parts.database.run(async (tx) => {
    const registration = await parts.registry.find(tx, rpId)
    // Looked up in every case, so that the time an answer takes does not tell one cause from another.
    const sectorId = registration?.active ? registration.sectorId : ''
    const releaseId = await parts.releases.useTicket(tx, hashTicket(ticket), sectorId, at)
    const row = await parts.releases.byId(tx, releaseId ?? '')
    const person = await findPerson(parts, tx, row?.subjectRef ?? '')
    if (!row || !person || !registration) return undefined
    const issued = await reopenRelease(parts, tx, person, row, at)
    if (!issued) return undefined
    const { personaId, subjectRef, purposeId, levels } = row
    const persona = personaId ? await parts.people.persona(tx, subjectRef, personaId) : undefined
    await appendRecord(parts, tx, subjectRef, {
      ...partiesOf(registration, purposeId),
      at,
      status: 'released',
      persona: persona ? { personaId: persona.personaId, kind: persona.kind } : null,
      claims: issued.claims.map(({ name }) => name),
      levels,
      releaseId: row.releaseId,
      reason: 'RECEPTION_TICKET',
      consent: null,
    })
    return issued
  })
}

function hashTicket(ticket: string): string {
  return toBase64Url(sha256(utf8(ticket)))
}
