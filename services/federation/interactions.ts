import type { ConsentCeremonyPort, LiveSession, SessionPort } from '../authenticator/ports.ts'
import { constantTimeEqual, utf8 } from '../kernel/bytes.ts'
import type { Json } from '../kernel/canonical-json.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { AccessDenied, Conflict, InvalidInput, NotFound, ServiceError } from '../kernel/errors.ts'
import type { AnswerOccasion, Assessment, PolicyPort } from '../policy/ports.ts'
import type { SignaturePort } from '../proofing/ports.ts'
import type { PersonaSummary, WalletPort } from '../wallet/ports.ts'
import type { ConsentOptionsReply, InteractionView } from './api.ts'
import { assessInteraction, type AssessedInteraction } from './assess-interaction.ts'
import { requestOf, type InteractionBook } from './interaction-book.ts'
import type { FailureReason, Interaction, InteractionCommand } from './interaction.ts'
import { shortfallRecord, toldAssurance } from './levels.ts'
import type { Registration } from './registration.ts'
import type { Registry } from './registry.ts'
import { browserHash, codeOf, returnUrlOf, type BrowserSecret } from './return-url.ts'
import { assuranceStage, choosePersona, progressOf, type Standing } from './standing.ts'
import { viewOf } from './view.ts'

export interface InteractionsDependencies {
  readonly registry: Registry
  readonly book: InteractionBook
  readonly policy: Pick<PolicyPort, 'assess' | 'recordAnswer'>
  readonly wallet: WalletPort
  readonly sessions: SessionPort
  readonly ceremonies: ConsentCeremonyPort
  readonly signatures: SignaturePort
  readonly clock: Clock
}

/** The browser that asks: the secret of its interaction cookie, and its whole `cookie` header for the login session. */
export interface Browser {
  readonly secret: BrowserSecret
  readonly cookieHeader: string | undefined
}

/** The ceremony or its assurance did not hold; the person may try again. */
class CeremonyRefused extends ServiceError {
  readonly code = 'CEREMONY_REFUSED'
  readonly reason: string

  constructor(reason: string) {
    super('the ceremony was refused')
    this.reason = reason
  }
}

interface Opened {
  readonly interaction: Interaction
  readonly registration: Registration
  readonly standing: Standing
}

/** What the relying party is told at the end. */
interface Given {
  readonly pairwiseSubject: string
  readonly assessment: Assessment
  readonly releaseId: string | null
}

type StandingAt<Stage extends Standing['stage']> = Extract<Standing, { readonly stage: Stage }>

/** The person's side of a relying party's request. */
export class Interactions {
  readonly #deps: InteractionsDependencies

  constructor(deps: InteractionsDependencies) {
    this.#deps = deps
  }

  /**
   * Opens a request for the first browser that comes with its id, and says what is to be done next.
   * @throws NotFound for an unknown id, AccessDenied for another browser than the first
   */
  async view(id: string, browser: Browser): Promise<InteractionView> {
    return this.#show(await this.#open(id, browser), browser)
  }

  /** @throws Conflict when the persona for this service was chosen before, or it is another step's turn */
  async choosePersona(id: string, browser: Browser, personaId: string): Promise<InteractionView> {
    const { interaction, registration, standing } = await this.#open(id, browser)
    const known = at(standing, 'persona', 'confirm', 'consent', 'unsatisfiable')
    if (known.stage !== 'persona' && known.fixed) {
      throw new Conflict('the persona for this service was chosen at an earlier visit')
    }
    const { subjectRef } = known.session
    const allowed = await this.#personas(subjectRef, registration)
    if (!allowed.some((persona) => persona.personaId === personaId)) {
      throw new InvalidInput('personaId', 'one of the personas offered')
    }
    await this.#deps.wallet.bindPersona(subjectRef, registration.sectorId, personaId)
    const changed = await this.#apply(interaction, { type: 'choose_persona', personaId })
    return this.#show(await this.#stand(changed, browser), browser)
  }

  /** Makes the document of what would be given, and the options with which the person signs it. */
  async consentOptions(
    id: string,
    browser: Browser,
    declined: readonly string[],
  ): Promise<ConsentOptionsReply> {
    const { interaction, standing } = await this.#open(id, browser)
    const { session, persona, offer, assessment } = at(standing, 'consent')
    declined.forEach((name, i) => {
      if (!offer.claims.some((claim) => claim.name === name && !claim.essential)) {
        throw new InvalidInput(`declined/${i}`, 'an optional claim of the offer')
      }
    })
    const { wallet, ceremonies, clock } = this.#deps
    const document = await wallet.prepareConsent(
      requestOf(interaction),
      persona.personaId,
      declined,
      assessment.levels.map(({ framework, axis, level }) => ({ framework, axis, level })),
      clock.now(),
    )
    const { ceremonyId, options } = await ceremonies.begin(session, document.digest)
    const consent = {
      releaseId: document.releaseId,
      ceremonyId,
      personaId: persona.personaId,
      ...toldAssurance(assessment),
    }
    await this.#apply(interaction, { type: 'prepare_consent', consent })
    return { ceremonyId, options, document: document.text }
  }

  /**
   * Gives the release that the person signed; the same browser may repeat the call and gets the same answer.
   * @throws CeremonyRefused when the signature does not hold, or the login that it is does not reach the minimum
   */
  async consent(id: string, browser: Browser, ceremonyId: string, response: Json): Promise<string> {
    const { interaction, registration, standing } = await this.#open(id, browser)
    if (interaction.status === 'completed') return returnUrlOf(interaction, browser.secret)
    const { session, persona } = at(standing, 'consent')
    const { consent } = interaction
    if (consent?.ceremonyId !== ceremonyId || consent.personaId !== persona.personaId) {
      throw new Conflict('expected the ceremony of the document shown last')
    }
    const { wallet, ceremonies, sessions, clock } = this.#deps
    const ceremony = await ceremonies.complete(session, ceremonyId, response)
    if (ceremony.outcome === 'refused') {
      // The twin of this very call may have been faster.
      const now = await this.#deps.book.find(id)
      if (now?.status === 'completed') return returnUrlOf(now, browser.secret)
      throw new CeremonyRefused(ceremony.reason)
    }
    const assessed = await assessInteraction(
      this.#deps,
      interaction,
      registration,
      ceremony.session,
    )
    const { assessment } = assessed
    if (!assessment.satisfied) throw new CeremonyRefused('ASSURANCE_UNMET')
    const { assertionDigest, challenge } = ceremony
    const evidence = { ceremonyId, assertionDigest, challenge }
    await sessions.noteUse(ceremony.session.sessionId, registration.rpId)
    const issued = await wallet.issue(consent.releaseId, evidence, assessment.held, clock.now())
    const { pairwiseSubject, releaseId } = issued
    await this.#record(assessed, 'release')
    return this.#complete(interaction, browser, { pairwiseSubject, assessment, releaseId })
  }

  /** Completes a mere login. */
  async confirm(id: string, browser: Browser): Promise<string> {
    const { interaction, registration, standing } = await this.#open(id, browser)
    if (interaction.status === 'completed') return returnUrlOf(interaction, browser.secret)
    const known = at(standing, 'confirm')
    const { session, persona, assessment } = known
    const { sectorId, rpId } = registration
    const { subjectRef, sessionId } = session
    const pairwiseSubject = await this.#deps.wallet.pairwiseSubject(
      subjectRef,
      sectorId,
      persona.personaId,
    )
    await this.#deps.sessions.noteUse(sessionId, rpId)
    await this.#record(known, 'login')
    return this.#complete(interaction, browser, {
      ...{ pairwiseSubject, assessment },
      releaseId: null,
    })
  }

  /**
   * Notes that the person agrees to sign, and gives the address of the card agent. It may be asked for again until the card has
   * signed: the ticket before is void.
   */
  async sign(id: string, browser: Browser): Promise<string> {
    const { interaction, registration, standing } = await this.#open(id, browser)
    const known = at(standing, 'sign')
    const { session, persona, assessment } = known
    const { wallet, sessions, signatures } = this.#deps
    const { subjectRef, sessionId } = session
    const pairwiseSubject = await wallet.pairwiseSubject(
      subjectRef,
      registration.sectorId,
      persona.personaId,
    )
    await sessions.noteUse(sessionId, registration.rpId)
    await this.#record(known, 'signature')
    const signing = { pairwiseSubject, ...toldAssurance(assessment) }
    await this.#apply(interaction, { type: 'agree_to_sign', signing })
    const { agentUrl } = await signatures.open(signatureIdOf(interaction), {
      subjectRef,
      returnPath: `/authorize/${id}`,
    })
    return agentUrl
  }

  /** The person goes back without giving anything. For a release the relying party cannot tell why (I2). */
  async refuse(id: string, browser: Browser): Promise<string> {
    const { interaction, standing } = await this.#open(id, browser)
    if (interaction.status !== 'open') return returnUrlOf(interaction, browser.secret)
    const unmet = standing.stage === 'unmet'
    const told = unmet && interaction.kind === 'authenticate'
    await this.#deps.book.noteRefusal(
      interaction,
      unmet
        ? 'ASSURANCE_UNMET'
        : standing.stage === 'unsatisfiable'
          ? 'UNSATISFIABLE'
          : 'REFUSED_BY_PERSON',
    )
    if (told) await this.#record(standing, 'login')
    const failed = await this.#apply(interaction, {
      type: 'fail',
      reason: told ? 'assurance_unmet' : 'refused',
      shortfalls: told ? standing.assessment.shortfalls.map(shortfallRecord) : [],
    })
    return returnUrlOf(failed, browser.secret)
  }

  async #complete(interaction: Interaction, { secret }: Browser, given: Given): Promise<string> {
    const { book } = this.#deps
    const { pairwiseSubject, assessment, releaseId } = given
    const told = toldAssurance(assessment)
    const applied = await book.complete(interaction, pairwiseSubject, told, releaseId)
    if (applied.interaction.status === 'open') throw closedInBetween()
    await this.#takeBackWhenLost(interaction, pairwiseSubject)
    return returnUrlOf(applied.interaction, secret)
  }

  /**
   * An authenticator suspended at this very moment ended the session before the login was written: whoever told of that end
   * found nothing told to take back.
   */
  async #takeBackWhenLost(
    { rpId, subjectRef }: Interaction,
    pairwiseSubject: string,
  ): Promise<void> {
    const { sessions, book } = this.#deps
    if (subjectRef === null || (await sessions.latestFor(subjectRef, rpId)) !== undefined) return
    await book.takeBackLogin(rpId, pairwiseSubject)
  }

  async #open(id: string, browser: Browser): Promise<Opened> {
    const found = await this.#deps.book.find(id)
    if (found === undefined) throw new NotFound('no such request')
    const bound = await this.#bind(found, browser.secret)
    return this.#stand(await this.#deps.book.recover(bound), browser)
  }

  async #bind(interaction: Interaction, secret: BrowserSecret): Promise<Interaction> {
    const hash = browserHash(secret)
    const { browserHash: first, status, id } = interaction
    if (first === null && status === 'open') {
      const codeSha256 = sha256(utf8(codeOf(secret, id)))
      const command = { type: 'bind_browser', browserHash: hash, codeSha256 } as const
      const applied = await this.#deps.book.apply(interaction, command)
      if (applied.outcome === 'rejected' && applied.reason === 'OTHER_BROWSER') throw otherBrowser()
      return applied.interaction
    }
    if (first !== null && !constantTimeEqual(new Uint8Array(first), hash)) throw otherBrowser()
    return interaction
  }

  /** Where the request stands for the person at this browser, noted so that the relying party sees progress. */
  async #stand(interaction: Interaction, browser: Browser): Promise<Opened> {
    const registration = await this.#deps.registry.active(interaction.rpId)
    const session = await this.#deps.sessions.current(browser.cookieHeader)
    // Another person at this browser: what the one before chose must not count.
    const own =
      session?.subjectRef === interaction.subjectRef
        ? interaction
        : { ...interaction, personaId: null }
    const standing = await this.#standing(own, registration, session)
    if (interaction.status !== 'open') return { interaction, registration, standing }
    const noted = await this.#apply(interaction, {
      type: 'progress',
      subjectRef: session?.subjectRef ?? null,
      progress: progressOf(standing, interaction),
    })
    return { interaction: noted, registration, standing }
  }

  async #standing(
    interaction: Interaction,
    registration: Registration,
    session: LiveSession | undefined,
  ): Promise<Standing> {
    if (interaction.status !== 'open') return { stage: 'closed' }
    if (session === undefined) return { stage: 'login' }
    const { subjectRef } = session
    const asked =
      interaction.kind === 'signature'
        ? await this.#deps.signatures.document(signatureIdOf(interaction))
        : undefined
    const onlyBy = asked?.onlyBy ?? subjectRef
    if (onlyBy !== subjectRef) return { stage: 'other_person', session }
    const assessed = await assessInteraction(this.#deps, interaction, registration, session)
    const known = { session, ...assessed }
    const met = assuranceStage(assessed.assessment)
    if (met !== 'met') return { stage: met, ...known }
    const personas = await this.#personas(subjectRef, registration)
    const bound = await this.#deps.wallet.boundPersona(subjectRef, registration.sectorId)
    const { persona, fixed } = choosePersona(personas, bound, interaction.personaId)
    if (persona === undefined) return { stage: 'persona', ...known }
    const chosen = { ...known, personas, persona, fixed }
    if (asked !== undefined) return { stage: 'sign', ...chosen, document: asked.document }
    if (interaction.kind === 'authenticate') return { stage: 'confirm', ...chosen }
    const outcome = await this.#deps.wallet.offer(
      requestOf({ ...interaction, subjectRef }),
      persona.personaId,
      this.#deps.clock.now(),
    )
    return outcome.outcome === 'offered'
      ? { stage: 'consent', ...chosen, offer: outcome.offer }
      : { stage: 'unsatisfiable', ...chosen, claims: outcome.claims }
  }

  /** To the decision log, before the relying party is told. */
  #record({ question, assessment }: AssessedInteraction, occasion: AnswerOccasion): Promise<void> {
    return this.#deps.policy.recordAnswer({ question, assessment, occasion })
  }

  async #personas(
    subjectRef: string,
    registration: Registration,
  ): Promise<readonly PersonaSummary[]> {
    const personas = await this.#deps.wallet.personas(subjectRef)
    return personas.filter(({ kind }) => registration.personas.includes(kind))
  }

  async #show(
    { interaction, registration, standing }: Opened,
    { secret }: Browser,
  ): Promise<InteractionView> {
    const personas =
      standing.stage === 'persona'
        ? await this.#personas(standing.session.subjectRef, registration)
        : 'personas' in standing
          ? standing.personas
          : []
    const { wallet } = this.#deps
    const claimLabel = (name: string) => wallet.claimLabel(name)
    const reason = await this.#reason(interaction)
    return viewOf({ interaction, registration, standing, personas, secret, claimLabel, reason })
  }

  /** Why there is no signature, as long as proofing remembers it. */
  async #reason({ signatureId, failure }: Interaction): Promise<string | null> {
    if (signatureId === null || failure === null || !SIGNATURE_FAILURES.has(failure)) return null
    const { signatures } = this.#deps
    const result = await signatures.result(signatureId).catch((error: unknown) => {
      if (error instanceof NotFound) return undefined
      throw error
    })
    return result !== undefined && 'reason' in result ? result.reason : null
  }

  async #apply(interaction: Interaction, command: InteractionCommand): Promise<Interaction> {
    const applied = await this.#deps.book.apply(interaction, command)
    if (applied.outcome === 'rejected') throw closedInBetween()
    return applied.interaction
  }
}

function at<Stage extends Standing['stage']>(
  standing: Standing,
  ...stages: readonly Stage[]
): StandingAt<Stage> {
  const found = stages.find((stage) => stage === standing.stage)
  if (found === undefined) {
    throw new Conflict(`expected the request to be at: ${stages.join(', ')}`)
  }
  return standing as StandingAt<Stage> // its stage was just found among them
}

const SIGNATURE_FAILURES: ReadonlySet<string> = new Set<FailureReason>([
  'certificate_invalid',
  'status_unknown',
  'other_person',
])

function signatureIdOf({ signatureId }: Interaction): string {
  if (signatureId === null) throw new TypeError('a request for a signature')
  return signatureId
}

function otherBrowser(): AccessDenied {
  return new AccessDenied('PERMISSION_DENIED', 'this request was opened in another browser')
}

function closedInBetween(): Conflict {
  return new Conflict('the request was answered or has run out in the meantime')
}
