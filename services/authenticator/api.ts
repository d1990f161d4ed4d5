import { Type, type Static } from 'typebox'

const base64url = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '^[A-Za-z0-9_-]+$' })
const token = Type.String({ minLength: 16, maxLength: 128, pattern: '^[A-Za-z0-9_-]+$' })
const instant = Type.String({ format: 'date-time' })
const nullable = <const T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Union([type, Type.Null()])

/** `RegistrationResponseJSON` of WebAuthn L3 §5.1; members that we do not read are let through. */
export const RegistrationResponse = Type.Object({
  id: base64url(1364), // 1023 bytes, WebAuthn L3 §7.1
  rawId: base64url(1364),
  type: Type.Literal('public-key'),
  response: Type.Object({
    clientDataJSON: base64url(8192),
    attestationObject: base64url(32_768),
    transports: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 32 }), { maxItems: 10 }),
    ),
  }),
})
export type RegistrationResponse = Static<typeof RegistrationResponse>

/** `AuthenticationResponseJSON` of WebAuthn L3 §5.1. */
export const AssertionResponse = Type.Object({
  id: base64url(1364),
  rawId: base64url(1364),
  type: Type.Literal('public-key'),
  response: Type.Object({
    clientDataJSON: base64url(8192),
    authenticatorData: base64url(8192),
    signature: base64url(2048),
    userHandle: Type.Optional(nullable(base64url(88))),
  }),
})
export type AssertionResponse = Static<typeof AssertionResponse>

export const Session = Type.Object({
  authenticatedAt: instant,
  expiresAt: instant,
  method: Type.Union([Type.Literal('passkey'), Type.Literal('card')]),
  authenticatorId: Type.String(),
})
export type Session = Static<typeof Session>

export const SessionAnswer = Type.Object({ session: nullable(Session) })
export type SessionAnswer = Static<typeof SessionAnswer>

/** Options for `navigator.credentials`, in the JSON form of WebAuthn L3; what is in it is the library's affair. */
const options = Type.Record(Type.String(), Type.Unknown())

export const RegistrationStarted = Type.Object({ registrationId: token, options })
export type RegistrationStarted = Static<typeof RegistrationStarted>

export const RegistrationParams = Type.Object({ id: token })

export const CompleteRegistration = Type.Object(
  {
    response: RegistrationResponse,
    keyUse: Type.Optional(Type.Union([Type.Literal('signature'), Type.Literal('authentication')])),
  },
  { additionalProperties: false },
)
export type CompleteRegistration = Static<typeof CompleteRegistration>

export const TapOpened = Type.Object({ agentUrl: Type.String(), expiresAt: instant })
export type TapOpened = Static<typeof TapOpened>

export const TicketParams = Type.Object({ ticket: token })

export const RegistrationStatus = Type.Object({
  registrationId: token,
  state: Type.Union([
    Type.Literal('pending'),
    Type.Literal('active'),
    Type.Literal('refused'),
    Type.Literal('indeterminate'),
    Type.Literal('expired'),
  ]),
  reason: nullable(Type.String()),
})
export type RegistrationStatus = Static<typeof RegistrationStatus>

/** A login may name a registration of this browser: then its passkey alone can answer. */
export const StartLogin = Type.Optional(
  Type.Union([
    Type.Object({ registrationId: Type.Optional(token) }, { additionalProperties: false }),
    Type.Null(),
  ]),
)
export type StartLogin = Static<typeof StartLogin>

export const CeremonyStarted = Type.Object({ ceremonyId: token, options })
export type CeremonyStarted = Static<typeof CeremonyStarted>

export const CeremonyParams = Type.Object({ ceremonyId: token })

export const CompleteLogin = Type.Object(
  { response: AssertionResponse },
  { additionalProperties: false },
)
export type CompleteLogin = Static<typeof CompleteLogin>

export const LoggedIn = Type.Object({ session: Session })
export type LoggedIn = Static<typeof LoggedIn>

/** Where the card agent sends the browser back. */
export const StartTap = Type.Object(
  {
    /** A path of our own pages: no host, no query, no fragment, no `//`. */
    returnPath: Type.String({ maxLength: 200, pattern: '^(?:/[A-Za-z0-9_-]+)+$' }),
  },
  { additionalProperties: false },
)
export type StartTap = Static<typeof StartTap>

export const StartReproof = Type.Object(
  {
    ...StartTap.properties,
    /** `consent`: the card signs as well that the latest attributes may be fetched. */
    purpose: Type.Union([Type.Literal('reproof'), Type.Literal('consent')]),
  },
  { additionalProperties: false },
)
export type StartReproof = Static<typeof StartReproof>

export const CardLoginStatus = Type.Object({
  state: Type.Union([
    Type.Literal('pending'),
    Type.Literal('passed'),
    Type.Literal('refused'),
    Type.Literal('indeterminate'),
    Type.Literal('expired'),
  ]),
  session: nullable(Session),
  reason: nullable(Type.String()),
})
export type CardLoginStatus = Static<typeof CardLoginStatus>

export const ReproofStatus = Type.Object({
  state: Type.Union([
    Type.Literal('pending'),
    Type.Literal('passed'),
    Type.Literal('refused'),
    Type.Literal('indeterminate'),
    Type.Literal('expired'),
    /** The card of somebody else than who is logged in. */
    Type.Literal('other_person'),
  ]),
  reason: nullable(Type.String()),
})
export type ReproofStatus = Static<typeof ReproofStatus>

export const AuthenticatorList = Type.Object({
  authenticators: Type.Array(
    Type.Object({
      authenticatorId: Type.String(),
      state: Type.Union([
        Type.Literal('active'),
        Type.Literal('suspended'),
        Type.Literal('revoked'),
      ]),
      createdAt: instant,
      lastUsedAt: nullable(instant),
      backedUp: Type.Boolean(),
      backupEligible: Type.Boolean(),
      /** What it is on, as far as its transports tell. */
      kind: nullable(Type.Union([Type.Literal('device'), Type.Literal('security_key')])),
      /** The one that this session was made with. */
      current: Type.Boolean(),
    }),
  ),
})
export type AuthenticatorList = Static<typeof AuthenticatorList>

export const AuthenticatorParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })

export const Empty = Type.Object({})
/** A body that may be left out. */
export const NoInput = Type.Optional(
  Type.Union([Type.Object({}, { additionalProperties: false }), Type.Null()]),
)
