import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JSONWebKeySet } from 'jose'
import type { Clock } from '../kernel/clock.ts'
import { AccessDenied } from '../kernel/errors.ts'

export interface AssertionCheck {
  /** Sole audience: our issuer. */
  readonly issuer: () => string
  readonly clock: Clock
  /** Registered public keys; undefined for a relying party that is unknown or signs nothing. */
  keysOf(rpId: string): Promise<JSONWebKeySet | undefined>
  /** Stores the id of an assertion until `until`; false when it was seen before. */
  useOnce(rpId: string, jti: string, until: Date): Promise<boolean>
}

const MAX_LIFE_SECONDS = 60
const MAX_LENGTH = 4096
const SKEW_SECONDS = 5

/**
 * Verifies a client assertion (RFC 7523 §3, OpenID Connect Core §9 private_key_jwt) and gives the relying party. Every
 * refusal reads the same: the caller learns that it is refused, not why.
 */
export async function verifyClientAssertion(
  check: AssertionCheck,
  unverifiedAssertion: string,
): Promise<string> {
  if (unverifiedAssertion.length > MAX_LENGTH) throw refused()
  try {
    return await verify(check, unverifiedAssertion)
  } catch (error) {
    if (error instanceof errors.JOSEError) throw refused(error)
    throw error
  }
}

async function verify(check: AssertionCheck, unverifiedAssertion: string): Promise<string> {
  const { iss: unverifiedIssuer } = decodeJwt(unverifiedAssertion)
  const keys = unverifiedIssuer === undefined ? undefined : await check.keysOf(unverifiedIssuer)
  if (unverifiedIssuer === undefined || keys === undefined) throw refused()
  const now = check.clock.now()
  const { payload } = await jwtVerify(unverifiedAssertion, createLocalJWKSet(keys), {
    algorithms: ['ES256', 'PS256', 'EdDSA', 'Ed25519'],
    audience: check.issuer(),
    issuer: unverifiedIssuer,
    subject: unverifiedIssuer,
    requiredClaims: ['exp', 'iat', 'jti'],
    maxTokenAge: MAX_LIFE_SECONDS,
    clockTolerance: SKEW_SECONDS,
    currentDate: now,
  })
  const { exp = 0, iat = 0, jti = '', aud } = payload
  // A list of audiences could be replayed by any of them.
  if (typeof aud !== 'string' || exp - iat > MAX_LIFE_SECONDS) throw refused()
  if (jti.length < 8 || jti.length > 128) throw refused()
  const until = new Date((exp + SKEW_SECONDS) * 1000)
  if (!(await check.useOnce(unverifiedIssuer, jti, until))) throw refused()
  return unverifiedIssuer
}

function refused(cause?: unknown): AccessDenied {
  return new AccessDenied(
    'UNAUTHENTICATED',
    'expected `authorization: Bearer` with a fresh client assertion: audience our issuer, at most 60 s, used once',
    { cause },
  )
}
