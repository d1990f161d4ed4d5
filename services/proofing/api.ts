import { Type, type Static } from 'typebox'

const ticket = Type.String({ minLength: 43, maxLength: 43, pattern: '^[A-Za-z0-9_-]+$' })
const base64 = (maxLength: number) =>
  Type.String({ minLength: 4, maxLength, pattern: '^[A-Za-z0-9+/]+={0,2}$' })

/** What the card agent sends to learn what it shall ask the person. */
export const AgentSessionRequest = Type.Object({ ticket }, { additionalProperties: false })
export type AgentSessionRequest = Static<typeof AgentSessionRequest>

/** What the agent shows, and the fields of the message that the card signs. Binary members are base64url. */
export const AgentSession = Type.Object({
  sessionId: Type.String(),
  environment: Type.String(),
  purpose: Type.String(),
  rpId: Type.String(),
  rpName: Type.String(),
  keyUse: Type.String(),
  nonce: Type.String(),
  bindingHash: Type.String(),
  expiresAt: Type.String({ format: 'date-time' }),
  returnUrl: Type.String(),
})
export type AgentSession = Static<typeof AgentSession>

/** What the card gave: certificate (DER) and signature in base64. */
export const EvidenceRequest = Type.Object(
  {
    ticket,
    certificate: base64(11_000),
    signature: base64(1_400),
    /** What the token says it is: kept for operators, decides nothing. */
    tokenType: Type.Union([
      Type.Literal('card'),
      Type.Literal('phone'),
      Type.Literal('android'),
      Type.Literal('iphone'),
      Type.Literal('unknown'),
    ]),
  },
  { additionalProperties: false },
)
export type EvidenceRequest = Static<typeof EvidenceRequest>

const instant = Type.String({ format: 'date-time' })

/** What is known of the person's certificates; nothing in it names one. */
export const IdentityReply = Type.Object({
  certificates: Type.Array(
    Type.Object({
      kind: Type.Union([Type.Literal('signature'), Type.Literal('authentication')]),
      status: Type.Union([
        Type.Literal('good'),
        Type.Literal('suspended'),
        Type.Literal('revoked'),
        Type.Literal('unknown'),
      ]),
      /** CRLReason by name, `personEnded`, or empty. */
      reason: Type.String(),
      lastGoodAt: instant,
    }),
  ),
  /** Null where nobody supplies the latest attributes. */
  consent: Type.Union([Type.Object({ givenAt: Type.Union([instant, Type.Null()]) }), Type.Null()]),
})
export type IdentityReply = Static<typeof IdentityReply>

/** What a check on demand found. */
export const IdentityCheckReply = Type.Object({
  ...IdentityReply.properties,
  changed: Type.Integer(),
  unknown: Type.Integer(),
  attributes: Type.Union([
    Type.Literal('refreshed'),
    Type.Literal('not-needed'),
    Type.Literal('no-consent'),
    Type.Literal('try-later'),
    Type.Literal('person-ended'),
  ]),
})
export type IdentityCheckReply = Static<typeof IdentityCheckReply>

export const EmptyBody = Type.Object({}, { additionalProperties: false })
export const EmptyReply = Type.Object({}, { additionalProperties: false })

export const EvidenceAnswer = Type.Object({
  outcome: Type.Union([
    Type.Literal('passed'),
    Type.Literal('refused'),
    Type.Literal('indeterminate'),
  ]),
  reason: Type.Union([Type.String(), Type.Null()]),
  returnUrl: Type.String(),
})
export type EvidenceAnswer = Static<typeof EvidenceAnswer>
