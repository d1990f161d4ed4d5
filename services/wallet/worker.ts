import {
  AttributesRefreshed,
  IdentityProofed,
  IdentityStatusChanged,
  ProofPurpose,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import { RelyingPartyChanged } from '../../proto/gen/watashi/registry/v1/registry.ts'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import type { Tx } from '../database/unit-of-work.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import { toBase64Url } from '../kernel/bytes.ts'
import { checkKey, decodeEvent } from '../kernel/decode-event.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import { isIndividualNumber } from '../kernel/individual-number.ts'
import { takeInAttributes, takeInProofing } from './enrol-person.ts'
import { endPerson } from './end-person.ts'
import { dropPerson } from './erase-person.ts'
import type { RegisteredPurpose, Registration } from './registration.ts'
import { Undecryptable } from './sealing.ts'
import type { WalletParts } from './wallet-parts.ts'

/** What the wallet follows: the events of people, and the registry. */
export function createConsumers(parts: WalletParts): readonly ConsumerDefinition[] {
  return [
    {
      name: 'wallet.personas',
      topics: [TOPICS.subject],
      apply: (tx, event) => endingOnLostKeys(applySubjectEvent(parts, tx, event)),
    },
    {
      name: 'wallet.registry',
      topics: [TOPICS.registry],
      apply: (tx, event) => applyRegistryEvent(parts, tx, event),
    },
  ]
}

/** Keys that do not open are not the fault of the event: the process must end, or every person's events would be parked. */
async function endingOnLostKeys(applied: Promise<void>): Promise<void> {
  try {
    await applied
  } catch (error) {
    if (!(error instanceof Undecryptable)) throw error
    throw new Error('the keys of an enrolled person do not open', { cause: error })
  }
}

async function applySubjectEvent(parts: WalletParts, tx: Tx, event: ReceivedEvent): Promise<void> {
  switch (event.type) {
    case 'watashi.identity.v1.IdentityProofed': {
      const { proofingId, subjectRef, purpose } = decodeEvent(IdentityProofed, event)
      checkKey(event, subjectRef)
      if (proofingId === '') throw new InvalidInput('proofing_id', 'an id')
      await takeInProofing(parts, tx, {
        proofingId,
        subjectRef,
        at: event.occurredAt,
        updatesRecord: updatesRecord(purpose),
      })
      return
    }
    case 'watashi.identity.v1.IdentityStatusChanged': {
      const message = decodeEvent(IdentityStatusChanged, event)
      const { subjectRef, proofingIds, attributesStale, personEnded } = message
      checkKey(event, subjectRef)
      if (personEnded) await endPerson(parts, tx, subjectRef, event.occurredAt)
      else if (attributesStale) await parts.people.markStale(tx, subjectRef, proofingIds)
      return
    }
    case 'watashi.identity.v1.AttributesRefreshed': {
      const { depositId, subjectRef } = decodeEvent(AttributesRefreshed, event)
      checkKey(event, subjectRef)
      if (depositId === '') throw new InvalidInput('deposit_id', 'an id')
      await takeInAttributes(parts, tx, { proofingId: depositId, subjectRef, at: event.occurredAt })
      return
    }
    case 'watashi.wallet.v1.SubjectErased': {
      // Our own, so done already, unless the log is replayed into a database that is older or new.
      const { subjectRef } = decodeEvent(SubjectErased, event)
      checkKey(event, subjectRef)
      await dropPerson(parts, tx, subjectRef, event.occurredAt)
      return
    }
    default:
      return
  }
}

function updatesRecord(purpose: ProofPurpose): boolean {
  switch (purpose) {
    case ProofPurpose.PROOF_PURPOSE_ENROL:
    case ProofPurpose.PROOF_PURPOSE_REPROOF:
    case ProofPurpose.PROOF_PURPOSE_CONSENT:
      return true
    case ProofPurpose.PROOF_PURPOSE_LOGIN:
    case ProofPurpose.PROOF_PURPOSE_TRANSACTION:
      return false
    // Decoding lets unknown numbers through.
    default:
      throw new InvalidInput('purpose', 'a known purpose')
  }
}

async function applyRegistryEvent(
  { registry }: WalletParts,
  tx: Tx,
  event: ReceivedEvent,
): Promise<void> {
  if (event.type !== 'watashi.registry.v1.RelyingPartyChanged') return
  const message = decodeEvent(RelyingPartyChanged, event)
  checkKey(event, message.rpId)
  await registry.put(tx, toRegistration(message), message.version)
}

function toRegistration(message: RelyingPartyChanged): Registration {
  // An empty sector would make one pseudonym for everybody's services.
  if (message.sectorId === '') throw new InvalidInput('sector_id', 'a sector')
  return {
    rpId: message.rpId,
    name: localized(message.name, 'name'),
    controller: localized(message.controller, 'controller'),
    sectorId: message.sectorId,
    purposes: message.purposes.map(toPurpose),
    personas: message.personas,
    deletionContact: message.deletionContact,
    active: message.active,
  }
}

function toPurpose(purpose: RelyingPartyChanged['purposes'][number], i: number): RegisteredPurpose {
  if (purpose.claims.some(isIndividualNumber)) {
    throw new InvalidInput(`purposes/${i}/claims`, 'claims that may be asked for')
  }
  return {
    purposeId: purpose.purposeId,
    title: localized(purpose.title, `purposes/${i}/title`),
    description: localized(purpose.description, `purposes/${i}/description`),
    claims: purpose.claims,
    legalBasis: purpose.legalBasis,
    retentionDays: purpose.retentionDays,
    noticeUrl: purpose.noticeUrl,
    noticeDigest: toBase64Url(purpose.noticeDigest),
    minimum: purpose.minimum.map(({ framework, axis, level }) => ({ framework, axis, level })),
  }
}

function localized(
  text: { readonly ja: string; readonly en: string } | undefined,
  path: string,
): { ja: string; en: string } {
  if (!text) throw new InvalidInput(path, 'a text in Japanese and English')
  return { ja: text.ja, en: text.en }
}
