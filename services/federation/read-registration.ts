import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { JSONWebKeySet } from 'jose'
import { Type, type Static } from 'typebox'
import { LineCounter, parseDocument } from 'yaml'
import { toBase64Url } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { isIndividualNumber } from '../kernel/individual-number.ts'
import type { Minimum } from '../policy/ports.ts'
import { PERSONA_KINDS } from '../wallet/ports.ts'
import type { RegisteredMinimum } from './registered-minimum.ts'
import type { ClientAuthentication, Registration } from './registration.ts'

/** A registration file, with what its `${NAME}` stand for. */
export interface RegistrationFile {
  /** Named in errors. */
  readonly file: string
  readonly text: string
  readonly variables: Readonly<Record<string, string>>
  /** Public keys for `jwks: development`; undefined where development keys are refused. */
  readonly developmentKeys?: Readonly<Record<string, JSONWebKeySet>> | undefined
}

const closed = { additionalProperties: false } as const
const Text = Type.Object(
  {
    ja: Type.String({ minLength: 1, maxLength: 500 }),
    en: Type.String({ minLength: 1, maxLength: 500 }),
  },
  closed,
)
const ID_PATTERN = '^[a-z][a-z0-9-]{0,62}$'
const Id = Type.String({ pattern: ID_PATTERN })
const minimumMembers = {
  axes: Type.Optional(
    Type.Array(
      Type.Object({ framework: Type.String(), axis: Type.String(), level: Type.String() }, closed),
      { maxItems: 20 },
    ),
  ),
  flags: Type.Optional(
    Type.Array(Type.Union([Type.Literal('phishing_resistant'), Type.Literal('device_bound')]), {
      uniqueItems: true,
    }),
  ),
  max_age_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000 })),
}
const MinimumSchema = Type.Object(minimumMembers, closed)
/** A purpose names none: a person consents to what it asks for, which another policy must not change. */
const FloorSchema = Type.Object({ ...minimumMembers, profile: Type.Optional(Id) }, closed)
const PurposeSchema = Type.Object(
  {
    id: Id,
    title: Text,
    description: Text,
    claims: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
    }),
    legal_basis: Type.String({ minLength: 1 }),
    retention_days: Type.Integer({ minimum: 0, maximum: 36_500 }),
    notice_url: Type.String({ pattern: '^https?://' }),
    notice: Text,
    minimum: Type.Optional(MinimumSchema),
  },
  closed,
)
const RegistrationSchema = Type.Object(
  {
    rp_id: Id,
    name: Text,
    controller: Text,
    sector: Id,
    active: Type.Optional(Type.Boolean()),
    authentication: Type.Union([
      Type.Object({ method: Type.Literal('tls_client_auth') }, closed),
      Type.Object(
        {
          method: Type.Literal('private_key_jwt'),
          jwks: Type.Union([
            Type.Literal('development'),
            Type.Object({ keys: Type.Array(Type.Object({ kty: Type.String() }), { minItems: 1 }) }),
          ]),
        },
        closed,
      ),
    ]),
    return_uris: Type.Array(Type.String({ pattern: '^https?://[^#]+$' }), {
      minItems: 1,
      maxItems: 10,
      uniqueItems: true,
    }),
    personas: Type.Array(Type.Union(PERSONA_KINDS.map((kind) => Type.Literal(kind))), {
      minItems: 1,
      uniqueItems: true,
    }),
    deletion_contact: Type.String({ minLength: 1, maxLength: 500 }),
    minimum: Type.Optional(FloorSchema),
    purposes: Type.Optional(Type.Array(PurposeSchema, { maxItems: 20 })),
    signature_verifier: Type.Optional(Type.Boolean()),
    signatures: Type.Optional(Type.Object({ purpose: Text, report: Type.Boolean() }, closed)),
  },
  closed,
)
type RegistrationDocument = Static<typeof RegistrationSchema>

const isRegistration: ValidateFunction<RegistrationDocument> = new Ajv({
  allErrors: false,
}).compile<RegistrationDocument>(RegistrationSchema)

/**
 * Reads one registration.
 * @throws InvalidInput naming the file and the place in it: not YAML 1.2, an unknown or missing member, a variable that
 * nobody set, a claim that may not be asked for at all
 */
export function readRegistration(source: RegistrationFile): Registration {
  const document = parse(source)
  if (!isRegistration(document)) throw invalid(source.file, isRegistration.errors?.[0])
  const { purposes = [] } = document
  purposes.forEach(({ claims }, i) => {
    claims.forEach((claim, j) => {
      // 番号法 15条, 19条, 20条: nobody may ask for it here, whatever the purpose.
      if (!isIndividualNumber(claim)) return
      throw new InvalidInput(
        `${source.file}: /purposes/${i}/claims/${j}`,
        'a claim that may be asked for; the 個人番号 may not',
      )
    })
  })
  return {
    rpId: document.rp_id,
    name: document.name,
    controller: document.controller,
    sectorId: document.sector,
    active: document.active ?? true,
    authentication: readAuthentication(source, document),
    returnUris: document.return_uris,
    personas: document.personas,
    deletionContact: document.deletion_contact,
    minimum: readFloor(document.minimum),
    purposes: purposes.map((purpose) => ({
      purposeId: purpose.id,
      title: purpose.title,
      description: purpose.description,
      claims: purpose.claims,
      legalBasis: purpose.legal_basis,
      retentionDays: purpose.retention_days,
      noticeUrl: purpose.notice_url,
      noticeDigest: toBase64Url(sha256(canonicalJson(purpose.notice))),
      minimum: readMinimum(purpose.minimum),
    })),
    ...(document.signatures && { signatures: document.signatures }),
    signatureVerifier: document.signature_verifier ?? false,
  }
}

/** The relying party that a file registers; undefined for a file that `readRegistration` would refuse for it. */
export function registeredId(text: string): string | undefined {
  const id: unknown = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    logLevel: 'silent',
  }).get('rp_id')
  return typeof id === 'string' && new RegExp(ID_PATTERN).test(id) ? id : undefined
}

function parse({ file, text, variables }: RegistrationFile): unknown {
  const filled = text.replaceAll(/\$\{([A-Z0-9_]+)\}/g, (_whole, name: string) => {
    const value = variables[name]
    if (value === undefined) throw new InvalidInput(file, `a value for the variable \`${name}\``)
    return value
  })
  const lineCounter = new LineCounter()
  const document = parseDocument(filled, { lineCounter, version: '1.2', schema: 'core' })
  const [error] = document.errors
  if (error !== undefined) {
    const { line, col } = lineCounter.linePos(error.pos[0])
    throw new InvalidInput(`${file}:${line}:${col}`, 'YAML 1.2', { cause: error })
  }
  return document.toJS({ maxAliasCount: 0 })
}

function readAuthentication(
  { file, developmentKeys }: RegistrationFile,
  { rp_id, authentication }: RegistrationDocument,
): ClientAuthentication {
  if (authentication.method === 'tls_client_auth') return authentication
  const { method, jwks } = authentication
  if (jwks !== 'development') return { method, jwks }
  const keys = developmentKeys?.[rp_id]
  if (keys === undefined) {
    throw new InvalidInput(
      `${file}: /authentication/jwks`,
      'public keys; development keys are not to be had here',
    )
  }
  return { method, jwks: keys }
}

function readFloor(document: Static<typeof FloorSchema> = {}): RegisteredMinimum {
  const { profile } = document
  return { ...readMinimum(document), ...(profile !== undefined && { profile }) }
}

function readMinimum(document: Static<typeof MinimumSchema> = {}): Minimum {
  const { axes = [], flags = [], max_age_seconds: maxAgeSeconds } = document
  return { axes, flags, ...(maxAgeSeconds !== undefined && { maxAgeSeconds }) }
}

function invalid(file: string, error: ErrorObject | undefined): InvalidInput {
  const params: Readonly<Record<string, unknown>> = error?.params ?? {}
  const member = params['additionalProperty'] ?? params['missingProperty']
  const which = typeof member === 'string' ? ` \`${member}\`` : ''
  const place = `${file}: ${error?.instancePath === '' ? '/' : (error?.instancePath ?? '/')}`
  return new InvalidInput(
    place,
    `a registration; it ${error?.message ?? 'is of another form'}${which}`,
  )
}
