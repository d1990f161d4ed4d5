import { Type, type Static } from 'typebox'
import { Value } from 'typebox/value'
import type { CertificateName } from './certificate-record.ts'
import { postJson, refusalCode } from './post-json-http.ts'
import { sourceOverHttp, type SourceAccess } from './source-http.ts'
import type { LinkageAnswer, LinkageSource } from './sources.ts'

const Reference = Type.Object({
  family: Type.Union([Type.Literal('signature'), Type.Literal('authentication')]),
  serial: Type.String({ pattern: '^[0-9a-f]{1,40}$' }),
})
const Linked = Type.Object({
  personId: Type.String({ minLength: 16, maxLength: 200 }),
  predecessors: Type.Array(Reference, { maxItems: 64 }),
  counterpart: Type.Optional(Reference),
  successor: Type.Optional(Reference),
})

const NOT_READY = 'ASSOCIATED_CERTIFICATE_NOT_READY'

/** Linkage over HTTP: `POST <url>` with tenant, family and serial. Whatever is not an answer is `unavailable`. */
export function linkageOverHttp(url: string, tenant: string, access?: SourceAccess): LinkageSource {
  const ask = sourceOverHttp(access)
  return {
    async resolve({ kind, serial }) {
      const answer = await postJson(ask, url, { tenant, family: kind, serial })
      if (Value.Check(Linked, answer)) return linked(answer)
      return { outcome: refusalCode(answer) === NOT_READY ? 'not-ready' : 'unavailable' }
    },
  }
}

function linked({
  personId,
  predecessors,
  counterpart,
  successor,
}: Static<typeof Linked>): LinkageAnswer {
  const related = [...predecessors, counterpart, successor]
    .filter((reference) => reference !== undefined)
    .map(nameOf)
  return {
    outcome: 'linked',
    personId,
    related,
    successor: successor === undefined ? null : nameOf(successor),
  }
}

function nameOf({ family, serial }: Static<typeof Reference>): CertificateName {
  return { kind: family, serial }
}
