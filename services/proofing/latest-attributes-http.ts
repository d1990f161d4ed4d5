import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import { toBase64 } from '../kernel/bytes.ts'
import { japaneseDate } from '../kernel/calendar.ts'
import type { SealedAttributes } from '../wallet/ports.ts'
import { postJson, refusalCode } from './post-json-http.ts'
import { sourceOverHttp } from './source-http.ts'
import type { LatestAttributesSource } from './sources.ts'

const Recorded = Type.Object({ consentId: Type.String({ minLength: 1, maxLength: 200 }) })
const Supplied = Type.Object({
  supplied: Type.Literal(true),
  attributes: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 400 }),
    address: Type.String({ minLength: 1, maxLength: 400 }),
    birthDate: Type.String({ maxLength: 10 }),
    sex: Type.String({ pattern: '^[0-9]$' }),
    substitutedInName: Type.Optional(Type.Array(Type.Integer(), { maxItems: 400 })),
    substitutedInAddress: Type.Optional(Type.Array(Type.Integer(), { maxItems: 400 })),
  }),
  municipality: Type.Object({
    prefecture: Type.String({ minLength: 1, maxLength: 128 }),
    city: Type.String({ minLength: 1, maxLength: 128 }),
  }),
  suppliedAt: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3})?Z$' }),
})
const Withdrawn = Type.Object({}, { additionalProperties: false })
const NotSupplied = Type.Object({ supplied: Type.Literal(false) })

/** 最新の基本4情報提供 over HTTP: `POST <url>/…` with our tenant. Whatever is not an answer is `unavailable`. */
export function latestAttributesOverHttp(url: string, tenant: string): LatestAttributesSource {
  const source = sourceOverHttp()
  const ask = (path: string, body: object) =>
    postJson(source, `${url}/${path}`, { tenant, ...body })
  return {
    async record({ serial, document, message, signature }) {
      const answer = await ask('consents', {
        serial,
        document,
        message: toBase64(message),
        signature: toBase64(signature),
      })
      if (Value.Check(Recorded, answer)) return { outcome: 'recorded', reference: answer.consentId }
      return { outcome: isRefusal(answer) ? 'refused' : 'unavailable' }
    },
    async withdraw(reference) {
      const answer = await ask('consents/withdraw', { consentId: reference })
      // One that the service does not know does not stand there either.
      if (Value.Check(Withdrawn, answer) || knowsNoConsent(answer)) return 'withdrawn'
      return isRefusal(answer) ? 'refused' : 'unavailable'
    },
    async supply(reference, serial) {
      const answer = await ask('supply', { consentId: reference, serial })
      if (Value.Check(Supplied, answer) && isTime(answer.suppliedAt)) {
        return { outcome: 'supplied', attributes: vaultForm(answer) }
      }
      if (Value.Check(NotSupplied, answer)) return { outcome: 'not-supplied' }
      return { outcome: knowsNoConsent(answer) ? 'no-consent' : 'unavailable' }
    },
  }
}

function isRefusal(answer: unknown): boolean {
  const code = refusalCode(answer)
  return code !== undefined && code !== 'UNAVAILABLE'
}

function knowsNoConsent(answer: unknown): boolean {
  return refusalCode(answer) === 'CONSENT_UNKNOWN'
}

/** As the vault reads them; a date that is not a whole one is left out. */
function vaultForm({
  attributes,
  municipality,
  suppliedAt,
}: Static<typeof Supplied>): SealedAttributes {
  const { name, address, birthDate, sex, substitutedInName, substitutedInAddress } = attributes
  return {
    name: { value: name, substituted: (substitutedInName ?? []).length > 0 },
    address: { value: address, substituted: (substitutedInAddress ?? []).length > 0 },
    ...(isDay(birthDate) ? { birthdate: birthDate } : {}),
    gender: sex,
    municipality,
    asOf: japaneseDate(new Date(suppliedAt)),
  }
}

/** Whether a text in the form of a time is one. */
function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text))
}

function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text) && text.length === 10
}
