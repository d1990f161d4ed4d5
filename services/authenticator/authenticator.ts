import type { Tx } from '../database/unit-of-work.ts'
import { randomToken } from '../kernel/random.ts'
import { bindCredential, type CardProof } from './bind-credential.ts'
import { beginCardLogin, cardLoginState, type CardLoginState } from './card-login.ts'
import type { Refused } from './ceremonies.ts'
import { createConsentCeremonyPort } from './consent-ceremony.ts'
import { DEFAULT_LIMITS } from './decide-session.ts'
import type { AuthenticatorContext, AuthenticatorDependencies } from './dependencies.ts'
import {
  changeAuthenticator,
  endPerson,
  eraseSubject,
  type Change,
  type ChangeOutcome,
} from './life-cycle.ts'
import { beginLogin, completeLogin, type CompleteLoginCommand } from './login.ts'
import type { Authenticator, Session } from './model.ts'
import type { ConsentCeremonyPort, SessionPort } from './ports.ts'
import {
  beginRegistration,
  completeRegistration,
  registrationState,
  type BegunRegistration,
  type CompletedRegistration,
  type CompleteRegistrationCommand,
  type RegistrationState,
} from './registration.ts'
import { beginReproof, reproofState, type ReproofOrder, type ReproofState } from './reproof.ts'
import {
  createSessionPort,
  currentSession,
  endExpiredSessions,
  logOut,
  type StartedSession,
} from './sessions.ts'
import { AuthenticatorStore } from './store.ts'

/** How long finished ceremonies and sessions are kept, for questions about them. */
const KEPT_MS = 24 * 3_600_000

/** The use cases of the authenticator service. `browser` is the token of the ceremony cookie. */
export interface AuthenticatorService {
  readonly sessions: SessionPort
  readonly consent: ConsentCeremonyPort
  /** Our origin says whether cookies are for TLS alone. */
  readonly origin: () => string
  /** A fresh token for the ceremony cookie. */
  newBrowserToken(): string
  currentSession(cookieHeader: string | undefined): Promise<Session | undefined>
  logOut(cookieHeader: string | undefined): Promise<void>
  beginRegistration(browser: string, session: Session | undefined): Promise<BegunRegistration>
  completeRegistration(command: CompleteRegistrationCommand): Promise<CompletedRegistration>
  registrationState(ticket: string, browser: string): Promise<RegistrationState>
  beginLogin(browser: string, registrationId?: string): ReturnType<typeof beginLogin>
  completeLogin(
    command: CompleteLoginCommand,
  ): Promise<({ readonly outcome: 'logged_in' } & StartedSession) | Refused>
  beginCardLogin(browser: string, returnPath: string): ReturnType<typeof beginCardLogin>
  cardLoginState(command: Parameters<typeof cardLoginState>[1]): Promise<CardLoginState>
  beginReproof(
    browser: string,
    session: Session,
    order: ReproofOrder,
  ): ReturnType<typeof beginReproof>
  reproofState(query: Parameters<typeof reproofState>[1]): Promise<ReproofState>
  authenticatorsOf(session: Session): Promise<readonly Authenticator[]>
  changeAuthenticator(session: Session, id: string, change: Change): Promise<ChangeOutcome>
  /** A tap of the card was verified; inside of the consumer's unit of work. */
  bindCredential(tx: Tx, proof: CardProof): Promise<void>
  /** The register has nobody under a person's certificate any more; inside of the consumer's unit of work. */
  endPerson(tx: Tx, subjectRef: string): Promise<void>
  /** A person is to be forgotten; inside of the consumer's unit of work. */
  eraseSubject(tx: Tx, subjectRef: string): Promise<void>
  /** Tells of sessions whose time is up and deletes what ran out a day ago; to be called now and then. */
  sweep(): Promise<void>
}

export function createAuthenticator(dependencies: AuthenticatorDependencies): AuthenticatorService {
  const context: AuthenticatorContext = {
    ...dependencies,
    store: new AuthenticatorStore(dependencies.database),
    sessionLimits: dependencies.sessionLimits ?? DEFAULT_LIMITS,
  }
  return {
    sessions: createSessionPort(context),
    consent: createConsentCeremonyPort(context),
    origin: context.origin,
    newBrowserToken: () => randomToken(context.random),
    currentSession: (cookieHeader) => currentSession(context, cookieHeader),
    logOut: (cookieHeader) => logOut(context, cookieHeader),
    beginRegistration: (browser, session) => beginRegistration(context, browser, session),
    completeRegistration: (command) => completeRegistration(context, command),
    registrationState: (ticket, browser) => registrationState(context, ticket, browser),
    beginLogin: (browser, registrationId) => beginLogin(context, browser, registrationId),
    completeLogin: (command) => completeLogin(context, command),
    beginCardLogin: (browser, returnPath) => beginCardLogin(context, browser, returnPath),
    cardLoginState: (command) => cardLoginState(context, command),
    beginReproof: (browser, session, order) => beginReproof(context, browser, session, order),
    reproofState: (query) => reproofState(context, query),
    authenticatorsOf: ({ subjectRef }) =>
      context.database.read((tx) => context.store.authenticatorsOf(tx, subjectRef)),
    changeAuthenticator: (session, id, change) => changeAuthenticator(context, session, id, change),
    bindCredential: (tx, proof) => bindCredential(context, tx, proof),
    endPerson: (tx, subjectRef) => endPerson(context, tx, subjectRef),
    eraseSubject: (tx, subjectRef) => eraseSubject(context, tx, subjectRef),
    async sweep() {
      await endExpiredSessions(context)
      const before = new Date(context.clock.now().getTime() - KEPT_MS)
      await context.database.run((tx) => context.store.sweep(tx, before))
    },
  }
}
