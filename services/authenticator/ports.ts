import type { Json } from '../kernel/canonical-json.ts'

/** A person who is logged in, with what happened in the ceremony. */
export interface LiveSession {
  readonly sessionId: string
  readonly subjectRef: string
  readonly authenticatorId: string
  readonly authenticatedAt: Date
  readonly lastActiveAt: Date
  readonly expiresAt: Date
  /** `auth` object of facts.schema.json: the ceremony as facts, no level. */
  readonly auth: Json
  readonly boundByProofingId?: string
}

/** JSON form of WebAuthn's request options, for `navigator.credentials.get`. */
export type RequestOptionsJson = Json

export type ConsentCeremonyOutcome =
  | {
      readonly outcome: 'verified'
      readonly ceremonyId: string
      readonly assertionDigest: Uint8Array
      readonly challenge: Uint8Array
      /** The session after the ceremony: a consent with user verification is a fresh authentication. */
      readonly session: LiveSession
    }
  | { readonly outcome: 'refused'; readonly reason: string }

/** What the authenticator service offers to the others. */
export interface SessionPort {
  /** The session of a browser by its `cookie` header; undefined when there is none, it ended, or its person is suspended. */
  current(cookieHeader: string | undefined): Promise<LiveSession | undefined>
  byId(sessionId: string): Promise<LiveSession | undefined>
  /** The freshest live session of a person that logged in to this relying party, if `noteUse` recorded one. */
  latestFor(subjectRef: string, rpId: string): Promise<LiveSession | undefined>
  /** Records that this session was used at a relying party. */
  noteUse(sessionId: string, rpId: string): Promise<void>
}

/** A WebAuthn assertion whose challenge is the digest of a document: the person signs what is shown. */
export interface ConsentCeremonyPort {
  begin(
    session: LiveSession,
    digest: Uint8Array,
  ): Promise<{ readonly ceremonyId: string; readonly options: RequestOptionsJson }>
  complete(
    session: LiveSession,
    ceremonyId: string,
    response: Json,
  ): Promise<ConsentCeremonyOutcome>
}
