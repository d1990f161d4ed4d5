import { Type, type Static } from 'typebox'

const closed = { additionalProperties: false } as const
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

const Token = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })
const Localized = Type.Object({ ja: Type.String(), en: Type.String() })
const Persona = Type.Object({
  personaId: Type.String(),
  kind: Type.Union([Type.Literal('gov'), Type.Literal('biz'), Type.Literal('priv')]),
  label: Type.String(),
})
const Remedy = Type.Union([
  Type.Literal('log_in'),
  Type.Literal('log_in_with_user_verification'),
  Type.Literal('tap_card'),
  Type.Literal('enrol'),
  Type.Literal('none'),
])

export const InteractionParams = Type.Object({ id: Token }, closed)

/** What the person sees of a relying party's request. `stage` says which page is next. */
export const InteractionView = Type.Object({
  interactionId: Type.String(),
  kind: Type.Union([
    Type.Literal('authenticate'),
    Type.Literal('release'),
    Type.Literal('signature'),
  ]),
  stage: Type.Union([
    Type.Literal('login'),
    Type.Literal('step_up'),
    Type.Literal('persona'),
    Type.Literal('consent'),
    Type.Literal('confirm'),
    Type.Literal('sign'),
    Type.Literal('done'),
    Type.Literal('failed'),
  ]),
  rp: Type.Object({ name: Localized, controller: Localized }),
  purpose: nullable(
    Type.Object({
      title: Localized,
      description: Localized,
      legalBasis: Type.String(),
      retentionDays: Type.Integer(),
      noticeUrl: Type.String(),
    }),
  ),
  /** What is to be signed, and what for. */
  document: nullable(
    Type.Object({
      title: Type.String(),
      mediaType: Type.String(),
      /** The whole of it, where it is a text that the service gave. */
      text: nullable(Type.String()),
      /** Hexadecimal. */
      sha256: Type.String(),
      purpose: Localized,
    }),
  ),
  minimum: Type.Array(
    Type.Object({ framework: Type.String(), axis: Type.String(), level: Type.String() }),
  ),
  flags: Type.Array(Type.String()),
  /** What the service will be told on each axis it asks about: the level reached, not the least that is enough. */
  levels: Type.Array(
    Type.Object({ framework: Type.String(), axis: Type.String(), level: Type.String() }),
  ),
  shortfalls: Type.Array(
    Type.Object({
      framework: Type.String(),
      axis: Type.String(),
      /** What falls short: what is known about the person, or the login alone. */
      scope: Type.Union([Type.Literal('person'), Type.Literal('ceremony')]),
      have: Type.String(),
      need: Type.String(),
      remedy: Remedy,
      /** The remedy needs a certificate that this person has never shown, and may not have. */
      neverShown: Type.Boolean(),
    }),
  ),
  personas: Type.Array(Persona),
  persona: nullable(Persona),
  /** The choice for this service was made at an earlier visit and stays. */
  personaFixed: Type.Boolean(),
  claims: Type.Array(
    Type.Object({
      name: Type.String(),
      label: Localized,
      essential: Type.Boolean(),
      value: Type.Union([Type.String(), Type.Boolean()]),
    }),
  ),
  /** Claims asked for that cannot be given, and why. */
  unavailable: Type.Array(
    Type.Object({ name: Type.String(), label: Localized, reason: Type.String() }),
  ),
  /**
   * `REFUSED`, `EXPIRED`, `ASSURANCE_UNMET`, `UNSATISFIABLE` or `SIGNATURE_OF_OTHER_PERSON`, with the last three the person
   * may still go back; of a signature also the reason that proofing gave.
   */
  failure: nullable(Type.String()),
  returnUrl: nullable(Type.String()),
  expiresAt: Type.String(),
})
export type InteractionView = Static<typeof InteractionView>

export const ChoosePersonaBody = Type.Object(
  { personaId: Type.String({ minLength: 1, maxLength: 64 }) },
  closed,
)
export const ConsentOptionsBody = Type.Object(
  { declined: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 20, uniqueItems: true }) },
  closed,
)
export const ConsentOptionsReply = Type.Object({
  ceremonyId: Type.String(),
  /** PublicKeyCredentialRequestOptionsJSON */
  options: Type.Unknown(),
  /** Exactly what is signed. */
  document: Type.String(),
})
export type ConsentOptionsReply = Static<typeof ConsentOptionsReply>
export const ConsentBody = Type.Object(
  { ceremonyId: Type.String({ minLength: 1, maxLength: 128 }), response: Type.Unknown() },
  closed,
)
export const SignReply = Type.Object({ agentUrl: Type.String() })
export type SignReply = Static<typeof SignReply>
export const EmptyBody = Type.Object({}, closed)
export const ReturnReply = Type.Object({ returnUrl: Type.String() })
export type ReturnReply = Static<typeof ReturnReply>
