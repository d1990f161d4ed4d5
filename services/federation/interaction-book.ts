import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import type { Clock } from '../kernel/clock.ts'
import { Conflict, Unavailable } from '../kernel/errors.ts'
import type { PolicyPort } from '../policy/ports.ts'
import type { SignaturePort } from '../proofing/ports.ts'
import type { RefusalReason, ReleaseRequest, WalletPort } from '../wallet/ports.ts'
import type { ChangeNotifier } from './change-notifier.ts'
import {
  decideInteraction,
  type Interaction,
  type InteractionCommand,
  type InteractionDecision,
  signatureFailure,
  toldIn,
  type ToldAssurance,
} from './interaction.ts'
import { noteLoginLost, noteToldLevels } from './login-level.ts'
import type { FederationStore } from './store.ts'

export interface BookDependencies {
  readonly unitOfWork: UnitOfWork
  readonly store: FederationStore
  readonly notifier: ChangeNotifier
  readonly policy: Pick<PolicyPort, 'isLowered' | 'lowestLoginLevel'>
  readonly wallet: Pick<WalletPort, 'released' | 'refuse'>
  readonly signatures: Pick<SignaturePort, 'result' | 'withdraw'>
  readonly clock: Clock
}

export type Applied =
  | { readonly outcome: 'applied'; readonly interaction: Interaction }
  | {
      readonly outcome: 'rejected'
      readonly reason: Extract<InteractionDecision, { outcome: 'rejected' }>['reason']
      readonly interaction: Interaction
    }

const ATTEMPTS = 8
const SWEEP_BATCH = 50
/** A release is redelivered for an hour; then its interaction is of no more use. */
const KEPT = 3_600_000
/** How long a relying party may stay away and still resume its feed. */
const FEED_KEPT = 30 * 24 * 3_600_000

/** Interactions and their changes: each is decided on a version and written only on that version. */
export class InteractionBook {
  readonly #deps: BookDependencies

  constructor(deps: BookDependencies) {
    this.#deps = deps
  }

  async add(interaction: Interaction): Promise<void> {
    await this.#deps.unitOfWork.run((tx) => this.#deps.store.addInteraction(tx, interaction))
  }

  /** The interaction as it stands now: one that is overdue is closed on the way. */
  async find(id: string): Promise<Interaction | undefined> {
    const { unitOfWork, store, clock } = this.#deps
    const interaction = await unitOfWork.read((tx) => store.interaction(tx, id))
    if (interaction?.status !== 'open' || clock.now() < interaction.expiresAt) return interaction
    return this.#expire(interaction)
  }

  /** Applies one command; on a lost race it is decided again on the newer state. */
  async apply(
    interaction: Interaction,
    command: InteractionCommand,
    alongside?: (tx: Tx) => Promise<void>,
  ): Promise<Applied> {
    const { unitOfWork, store, clock, notifier } = this.#deps
    let state = interaction
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const decision = decideInteraction(state, command, clock.now())
      if (decision.outcome === 'unchanged') return { outcome: 'applied', interaction: state }
      if (decision.outcome === 'rejected') return { ...decision, interaction: state }
      const next = decision.interaction
      const saved = await unitOfWork.run(async (tx) => {
        const first = await store.saveInteraction(tx, next)
        if (first) await alongside?.(tx)
        return first
      })
      if (saved) {
        notifier.notify(interaction.id)
        return { outcome: 'applied', interaction: next }
      }
      const newer = await unitOfWork.read((tx) => store.interaction(tx, state.id))
      if (newer === undefined) throw new Conflict('the request is gone')
      state = newer
    }
    throw new Unavailable('the request is changed by others too often')
  }

  /** Closes with what the relying party gets; the person becomes one that it knows. */
  async complete(
    interaction: Interaction,
    pairwiseSubject: string,
    told: ToldAssurance,
    releaseId: string | null,
  ): Promise<Applied> {
    const { store, clock } = this.#deps
    const { rpId, subjectRef } = interaction
    const result = { pairwiseSubject, ...told, releaseId }
    return this.apply(interaction, { type: 'complete', result }, async (tx) => {
      if (subjectRef === null) return
      await store.addKnownSubject(tx, rpId, { pairwiseSubject, subjectRef })
      const there = { rpId, pairwiseSubject }
      await noteToldLevels(this.#deps, tx, there, told.levels, clock.now())
    })
  }

  /** Tells a relying party that the login it was just told of is no more. */
  async takeBackLogin(rpId: string, pairwiseSubject: string): Promise<void> {
    const { unitOfWork, clock } = this.#deps
    const there = { rpId, pairwiseSubject }
    await unitOfWork.run((tx) => noteLoginLost(this.#deps, tx, there, clock.now()))
  }

  /**
   * Closes with what came of it elsewhere: a release that was issued although its interaction was not closed (the process died
   * in between), a signature that the card made or that was refused.
   */
  async recover(interaction: Interaction): Promise<Interaction> {
    if (interaction.status !== 'open') return interaction
    return interaction.kind === 'signature'
      ? this.#recoverSignature(interaction)
      : this.#recoverRelease(interaction)
  }

  async #recoverSignature(interaction: Interaction): Promise<Interaction> {
    const { signatureId, signing, subjectRef } = interaction
    if (signatureId === null || signing === null) return interaction
    const result = await this.#deps.signatures.result(signatureId)
    if (result.status === 'waiting') return interaction
    const { pairwiseSubject } = signing
    const applied =
      result.status === 'signed' && result.subjectRef === subjectRef
        ? await this.complete(interaction, pairwiseSubject, toldIn(signing), null)
        : await this.apply(interaction, {
            type: 'fail',
            reason: result.status === 'signed' ? 'other_person' : signatureFailure(result.reason),
            shortfalls: [],
          })
    return applied.interaction
  }

  async #recoverRelease(interaction: Interaction): Promise<Interaction> {
    const { wallet, clock } = this.#deps
    const { consent, rpId } = interaction
    if (consent === null) return interaction
    const issued = await wallet.released(consent.releaseId, rpId, clock.now())
    if (issued === undefined) return interaction
    const { pairwiseSubject, releaseId } = issued
    const applied = await this.complete(interaction, pairwiseSubject, toldIn(consent), releaseId)
    return applied.interaction
  }

  /** Tells whoever would have given it that a request came to nothing, so that the person can read it in the ledger. */
  async noteRefusal(interaction: Interaction, reason: RefusalReason): Promise<void> {
    const { signatureId, subjectRef } = interaction
    if (signatureId !== null) {
      if (reason === 'UNSATISFIABLE') throw new TypeError('a signature has no claims')
      await this.#deps.signatures.withdraw(signatureId, subjectRef, reason)
      return
    }
    const request = releaseRequestOf(interaction)
    if (request === undefined) return
    const { wallet, clock } = this.#deps
    await wallet.refuse(request, interaction.personaId ?? undefined, reason, clock.now())
  }

  /** Closes what is overdue and forgets what is old; run it every minute or so. */
  async sweep(): Promise<void> {
    const { unitOfWork, store, clock } = this.#deps
    const at = clock.now()
    const overdue = await unitOfWork.read((tx) => store.overdueInteractions(tx, at, SWEEP_BATCH))
    for (const interaction of overdue) await this.#expire(interaction)
    await unitOfWork.run(async (tx) => {
      await store.sweep(tx, new Date(at.getTime() - KEPT), at)
      await store.pruneFeeds(tx, new Date(at.getTime() - FEED_KEPT))
    })
  }

  async #expire(interaction: Interaction): Promise<Interaction> {
    const recovered = await this.recover(interaction)
    if (recovered.status !== 'open') return recovered
    try {
      // The wallet is asked first: it gives or refuses, never both, so a consent that comes at this moment is decided there.
      await this.noteRefusal(recovered, 'EXPIRED')
    } catch (error) {
      if (error instanceof Conflict) return this.recover(recovered)
      throw error
    }
    const applied = await this.apply(recovered, { type: 'fail', reason: 'expired', shortfalls: [] })
    return applied.interaction
  }
}

/** What the wallet is asked for; undefined for a mere login and while nobody is logged in. */
function releaseRequestOf(interaction: Interaction): ReleaseRequest | undefined {
  const { id: requestId, subjectRef, rpId, purposeId, claims } = interaction
  if (subjectRef === null || purposeId === null) return undefined
  return { requestId, subjectRef, rpId, purposeId, claims }
}

/** The same, where it is a release that somebody is logged in for. */
export function requestOf(interaction: Interaction): ReleaseRequest {
  const request = releaseRequestOf(interaction)
  if (request === undefined) throw new Conflict('expected a person and a purpose')
  return request
}
