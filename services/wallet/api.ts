import { Type, type Static } from 'typebox'

// What the person's own pages send and get.

const text = Type.Object({ ja: Type.String(), en: Type.String() })
const decision = Type.Union([Type.Literal('never'), Type.Literal('ask')])
const kind = Type.Union([Type.Literal('gov'), Type.Literal('biz'), Type.Literal('priv')])
const id = Type.String({ minLength: 1, maxLength: 100 })
const closed = { additionalProperties: false }

export const emptyBody = Type.Object({}, closed)
export const emptyReply = Type.Object({}, closed)
export const errorReply = Type.Object({
  error: Type.Object({ code: Type.String(), message: Type.String() }),
})

export const overviewReply = Type.Object({
  levels: Type.Array(
    Type.Object({
      framework: Type.String(),
      axis: Type.String(),
      level: Type.String(),
      /** Nothing is verified on this axis. */
      lowest: Type.Boolean(),
      validUntil: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  personas: Type.Array(
    Type.Object({
      personaId: Type.String(),
      kind,
      label: Type.String(),
      allowance: Type.Array(Type.Object({ claim: Type.String(), label: text, decision })),
    }),
  ),
  attributes: Type.Array(
    Type.Object({
      name: Type.String(),
      label: text,
      value: Type.Union([Type.String(), Type.Boolean()]),
      asOf: Type.String(),
      stale: Type.Boolean(),
      quality: Type.Union([Type.Literal('exact'), Type.Literal('substituted')]),
    }),
  ),
})
export type OverviewReply = Static<typeof overviewReply>

export const personaParams = Type.Object({ id })
export const changePersonaBody = Type.Object(
  {
    label: Type.Optional(Type.String({ minLength: 1, maxLength: 160 })),
    allowance: Type.Optional(
      Type.Array(Type.Object({ claim: id, decision }, closed), { maxItems: 50 }),
    ),
  },
  closed,
)
export type ChangePersonaBody = Static<typeof changePersonaBody>

export const ledgerReply = Type.Object({
  entries: Type.Array(
    Type.Object({
      entryId: Type.String(),
      at: Type.String(),
      status: Type.Union([
        Type.Literal('released'),
        Type.Literal('signed'),
        Type.Literal('refused'),
        Type.Literal('failed'),
        Type.Literal('revoked'),
        Type.Literal('expired'),
        Type.Literal('erased'),
      ]),
      rp: Type.Object({ rpId: Type.String(), name: text, controller: text }),
      purpose: Type.Object({
        title: text,
        retentionDays: Type.Integer(),
        legalBasis: Type.String(),
      }),
      persona: Type.Union([Type.Object({ kind, label: Type.String() }), Type.Null()]),
      claims: Type.Array(Type.Object({ name: Type.String(), label: text })),
      levels: Type.Array(
        Type.Object({ framework: Type.String(), axis: Type.String(), level: Type.String() }),
      ),
      releaseId: Type.Union([Type.String(), Type.Null()]),
      canRevoke: Type.Boolean(),
      deletionContact: Type.String(),
      reason: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  /** False: an entry was changed, dropped or moved. */
  intact: Type.Boolean(),
})
export type LedgerReply = Static<typeof ledgerReply>

export const releaseParams = Type.Object({ id })
export const erasureBody = Type.Object({ confirm: Type.Literal(true) }, closed)

export const ticketBody = Type.Object({ releaseId: id }, closed)
export const ticketReply = Type.Object({
  ticket: Type.String(),
  /** For the QR code. */
  url: Type.String(),
  expiresAt: Type.String(),
})
export type TicketReply = Static<typeof ticketReply>
