import { Type } from 'typebox'
import { NotFound } from '../kernel/errors.ts'
import type { HttpServer } from '../rpc/http-server.ts'
import { trustmarkPath, type Trustmark } from './minimum/trustmark.ts'
import type { Policy } from './policy.ts'

const Text = Type.Object({ ja: Type.String(), en: Type.String() })
const TrustmarkReply = Type.Object({
  trustmark: Type.String(),
  version: Type.String(),
  title: Text,
  values: Type.Array(
    Type.Object({
      value: Type.String(),
      title: Text,
      cites: Type.Array(Type.String()),
      minimum: Type.Object({
        axes: Type.Array(
          Type.Object({ framework: Type.String(), axis: Type.String(), level: Type.String() }),
        ),
        flags: Type.Array(Type.String()),
      }),
    }),
  ),
})

/**
 * The document that `vtm` of a vector of trust names: for everybody, since whoever gets a vector has to read it, also when it was
 * kept and another version is in force (RFC 8485 §5).
 */
export function registerTrustmarkRoutes(
  app: HttpServer,
  { policy }: { readonly policy: Pick<Policy, 'trustmarkOf'> },
): void {
  app.get(
    trustmarkPath({ id: ':id', version: ':version' }),
    {
      schema: {
        params: Type.Object({
          id: Type.String({ maxLength: 100 }),
          version: Type.String({ maxLength: 100 }),
        }),
        response: { 200: TrustmarkReply },
      },
    },
    async ({ params }) => {
      const trustmark = await policy.trustmarkOf(params)
      if (trustmark === undefined) throw new NotFound('no such trustmark')
      return replyOf(trustmark)
    },
  )
}

function replyOf({ id, version, title, values }: Trustmark) {
  return {
    trustmark: id,
    version,
    title,
    values: [...values.values()].map(({ value, title, cites, minimum: { axes, flags } }) => ({
      value,
      title,
      cites: [...cites],
      minimum: { axes: [...axes], flags: [...flags] },
    })),
  }
}
