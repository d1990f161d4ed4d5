import { toBase64Url } from '../kernel/bytes.ts'
import { AccessDenied, Conflict, NotFound, TooManyRequests } from '../kernel/errors.ts'
import { opaqueId, randomToken } from '../kernel/random.ts'
import type { AgentDocument } from './api.ts'
import type {
  IssuedSignature,
  OpenedSignature,
  RequestSignature,
  SignaturePort,
  SignatureResult,
  SignatureWithdrawal,
} from './ports.ts'
import { checkReturnPath, ticketHash } from './session.ts'
import {
  checkDocument,
  MAX_WAITING,
  openDocument,
  opened,
  openSignature,
  sealDocument,
  SIGNATURE_KEPT,
  SIGNATURE_LIFETIME,
  signatureResult,
  type SignatureRow,
} from './signature.ts'
import { publishRefusal, type SignatureParts } from './submit-signature.ts'

/** Signatures on documents of relying parties: what the federation asks for, and what the card agent shows. */
export class Signatures implements SignaturePort {
  readonly #parts: SignatureParts

  constructor(parts: SignatureParts) {
    this.#parts = parts
  }

  async request({
    rpId,
    document: unverified,
    onlyBy,
  }: RequestSignature): Promise<{ readonly signatureId: string; readonly expiresAt: Date }> {
    const { database, signatures, clock, random, keys } = this.#parts
    const document = checkDocument(unverified)
    const signatureId = opaqueId(random)
    const requestedAt = clock.now()
    const expiresAt = new Date(requestedAt.getTime() + SIGNATURE_LIFETIME)
    const row: SignatureRow = {
      signatureId,
      rpId,
      onlyBy,
      document: sealDocument(keys, signatureId, document, random),
      requestedAt,
      expiresAt,
      status: 'requested',
      reason: null,
      subjectRef: null,
      ticketHash: null,
      returnPath: null,
      signingTime: null,
      evidenceDigest: null,
      takenAt: null,
      result: null,
    }
    const added = await database.run(async (tx) => {
      const after = new Date(requestedAt.getTime() - SIGNATURE_LIFETIME)
      if (await signatures.hasAsked(tx, rpId, after, MAX_WAITING)) return false
      await signatures.add(tx, row)
      return true
    })
    if (!added) throw new TooManyRequests('too many signatures are waited for', 60)
    return { signatureId, expiresAt }
  }

  async document(signatureId: string): ReturnType<SignaturePort['document']> {
    const row = await this.#find(signatureId)
    return { document: openDocument(this.#parts.keys, row), onlyBy: row.onlyBy }
  }

  async open(
    signatureId: string,
    { subjectRef, returnPath }: { readonly subjectRef: string; readonly returnPath: string },
  ): Promise<OpenedSignature> {
    checkReturnPath(returnPath)
    const { database, signatures, clock, random, agentOrigin } = this.#parts
    const { onlyBy, expiresAt } = await this.#find(signatureId)
    if (onlyBy !== null && onlyBy !== subjectRef) {
      throw new AccessDenied(
        'PERMISSION_DENIED',
        'expected the person whose signature is asked for',
      )
    }
    const ticket = randomToken(random)
    const opening = {
      subjectRef,
      returnPath,
      ticketHash: ticketHash(ticket),
      signingTime: clock.now(),
    }
    if (!(await database.run((tx) => signatures.open(tx, signatureId, opening)))) {
      throw new Conflict('the request was answered or has run out')
    }
    return { agentUrl: `${agentOrigin()}/?ticket=${ticket}`, expiresAt }
  }

  async result(signatureId: string): Promise<SignatureResult> {
    return signatureResult(await this.#find(signatureId))
  }

  async withdraw(
    signatureId: string,
    subjectRef: string | null,
    reason: SignatureWithdrawal,
  ): Promise<void> {
    const { database, signatures, clock } = this.#parts
    await database.run(async (tx) => {
      const row = await signatures.find(tx, signatureId)
      if (row === undefined || row.status === 'refused' || row.status === 'indeterminate') return
      if (!(await signatures.withdraw(tx, signatureId, reason, clock.now()))) {
        throw new Conflict('the request was answered already')
      }
      // Nobody was there: there is nobody's ledger to write it into.
      if (subjectRef === null) return
      await publishRefusal(this.#parts, tx, { ...row, subjectRef }, reason)
    })
  }

  async collect(signatureId: string): Promise<IssuedSignature | undefined> {
    const { database, signatures, keys } = this.#parts
    const row = await database.read((tx) => signatures.find(tx, signatureId))
    if (row === undefined || row.result === null || this.#isForgotten(row)) return undefined
    return openSignature(keys, signatureId, row.result)
  }

  async forget(signatureId: string): Promise<void> {
    const { database, signatures } = this.#parts
    await database.run((tx) => signatures.delete(tx, signatureId))
  }

  /** What the agent shows and the card signs; undefined for a ticket that is none of ours, or not open (any more). */
  async agentDocument(ticket: string): Promise<AgentDocument | undefined> {
    const { database, signatures, clock, keys, environment, origin, relyingPartyName } = this.#parts
    const row = await database.run(async (tx) => {
      const found = await signatures.byTicket(tx, ticketHash(ticket))
      if (found?.status !== 'open' || clock.now() >= found.expiresAt) return undefined
      return (await signatures.countRead(tx, found.signatureId)) ? opened(found) : 'too-many'
    })
    if (row === undefined) return undefined
    if (row === 'too-many') throw new TooManyRequests('this ticket was read too often', 600)
    const { digest, ...document } = openDocument(keys, row)
    return {
      purpose: 'document',
      environment,
      rpId: row.rpId,
      rpName: (await relyingPartyName(row.rpId)) ?? row.rpId,
      keyUse: 'signature',
      document: { ...document, digest: toBase64Url(digest) },
      signingTime: row.signingTime.toISOString(),
      expiresAt: row.expiresAt.toISOString(),
      returnUrl: `${origin()}${row.returnPath}?ticket=${ticket}`,
    }
  }

  /** The signature behind a ticket; `NotFound` for an unknown one. */
  async byTicket(ticket: string): Promise<SignatureRow> {
    const { database, signatures } = this.#parts
    const row = await database.read((tx) => signatures.byTicket(tx, ticketHash(ticket)))
    if (row === undefined) throw new NotFound('no such open ticket')
    return row
  }

  async #find(signatureId: string): Promise<SignatureRow> {
    const { database, signatures } = this.#parts
    const row = await database.read((tx) => signatures.find(tx, signatureId))
    if (row === undefined || this.#isForgotten(row)) throw new NotFound('no such signature')
    return row
  }

  #isForgotten({ requestedAt }: SignatureRow): boolean {
    return this.#parts.clock.now().getTime() - requestedAt.getTime() >= SIGNATURE_KEPT
  }
}
