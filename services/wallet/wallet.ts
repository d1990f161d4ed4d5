import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { claimLabel } from './catalogue.ts'
import { bindPersona, findBoundPersona, listPersonas, rememberPairwise } from './choose-persona.ts'
import { erasePerson } from './erase-person.ts'
import { issueRelease, reopenRelease } from './issue-release.ts'
import { offerRelease, prepareConsent } from './offer-release.ts'
import {
  changePersona,
  readLedger,
  readOverview,
  type LedgerView,
  type Overview,
  type PersonaChange,
} from './person-pages.ts'
import { findPerson } from './person.ts'
import type { IssuedRelease, Vault, WalletPort } from './ports.ts'
import { makeTicket, redeemTicket, type ReceptionTicket } from './reception-ticket.ts'
import { refuseRelease } from './refuse-release.ts'
import { revokeRelease } from './revoke-release.ts'
import { sweep } from './sweep.ts'
import { createVault } from './vault.ts'
import { withStores, type WalletDependencies, type WalletParts } from './wallet-parts.ts'
import { createConsumers } from './worker.ts'

/** What a person does with the own wallet. */
export interface PersonUseCases {
  overview(subjectRef: string, at: Date): Promise<Overview>
  /** `InvalidInput` for an unknown claim or a label that cannot be shown; `NotFound` for another's persona. */
  changePersona(subjectRef: string, personaId: string, change: PersonaChange): Promise<void>
  ledger(subjectRef: string): Promise<LedgerView>
  /** Idempotent. `NotFound` when it is not this person's. */
  revoke(subjectRef: string, releaseId: string, at: Date): Promise<void>
  /** Idempotent. The caller has made sure that it is the person, just now. */
  erase(subjectRef: string, at: Date): Promise<void>
  createTicket(subjectRef: string, releaseId: string, at: Date): Promise<ReceptionTicket>
}

export interface Wallet {
  readonly vault: Vault
  readonly port: WalletPort
  readonly person: PersonUseCases
  readonly consumers: readonly ConsumerDefinition[]
  /** Ends what is over; to be called about once a minute. */
  sweep(now: Date): Promise<void>
}

export function createWallet(dependencies: WalletDependencies): Wallet {
  const parts = withStores(dependencies)
  return {
    vault: createVault(parts),
    port: createPort(parts),
    person: {
      overview: (subjectRef, at) => readOverview(parts, subjectRef, at),
      changePersona: (subjectRef, personaId, change) =>
        changePersona(parts, subjectRef, personaId, change),
      ledger: (subjectRef) => readLedger(parts, subjectRef),
      revoke: (subjectRef, releaseId, at) => revokeRelease(parts, releaseId, { subjectRef }, at),
      erase: (subjectRef, at) => erasePerson(parts, subjectRef, at),
      createTicket: (subjectRef, releaseId, at) => makeTicket(parts, subjectRef, releaseId, at),
    },
    consumers: createConsumers(parts),
    sweep: (now) => sweep(parts, now),
  }
}

function createPort(parts: WalletParts): WalletPort {
  const { database, people } = parts
  return {
    personas: (subjectRef) => listPersonas(parts, subjectRef),
    boundPersona: (subjectRef, sectorId) => findBoundPersona(parts, subjectRef, sectorId),
    bindPersona: (subjectRef, sectorId, personaId) =>
      bindPersona(parts, subjectRef, sectorId, personaId),
    pairwiseSubject: (subjectRef, sectorId, personaId) =>
      rememberPairwise(parts, subjectRef, sectorId, personaId),
    resolve: (sectorId, pairwiseSubject) =>
      database.read((tx) => people.whoIs(tx, sectorId, pairwiseSubject)),
    pairwiseSubjects: (subjectRef, sectorId) =>
      database.read((tx) => people.pairwiseOf(tx, subjectRef, sectorId)),
    offer: (request, personaId, at) => offerRelease(parts, request, personaId, at),
    prepareConsent: (request, personaId, declined, levels, at) =>
      prepareConsent(parts, request, personaId, declined, levels, at),
    issue: (releaseId, evidence, minimum, at) =>
      issueRelease(parts, releaseId, evidence, minimum, at),
    refuse: (request, personaId, reason, at) =>
      refuseRelease(parts, request, personaId, reason, at),
    released: (releaseId, rpId, at) => readReleased(parts, releaseId, rpId, at),
    revokeByRelyingParty: (releaseId, rpId, at) => revokeRelease(parts, releaseId, { rpId }, at),
    claimLabel,
    redeemTicket: (ticket, rpId, at) => redeemTicket(parts, ticket, rpId, at),
  }
}

async function readReleased(
  parts: WalletParts,
  releaseId: string,
  rpId: string,
  at: Date,
): Promise<IssuedRelease | undefined> {
  return parts.database.read(async (tx) => {
    const row = await parts.releases.byId(tx, releaseId)
    if (row?.rpId !== rpId) return undefined
    const person = await findPerson(parts, tx, row.subjectRef)
    return person && reopenRelease(parts, tx, person, row, at)
  })
}
