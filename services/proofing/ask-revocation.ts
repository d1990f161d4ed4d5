import { crlStatus, verifyCrl, type VerifiedCrl } from '../jpki/crl.ts'
import { encodeOcspRequest, ocspStatus } from '../jpki/ocsp.ts'
import {
  combineRevocation,
  type FreshnessPolicy,
  type RevocationStatus,
  type UnknownCause,
} from '../jpki/revocation.ts'
import { crlName, type RevocationTarget } from '../jpki/revocation-target.ts'
import type { TrustAnchor } from '../jpki/trust-anchor.ts'
import { fromHex, lengthPrefixed, toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { RevocationSources } from './sources.ts'

/** JPKI issues a CRL every day; 36 hours leave room for one that came late. */
export const FRESHNESS: FreshnessPolicy = { maximumAge: 36 * 3_600_000, clockSkew: 60_000 }

export interface RevocationDependencies {
  readonly revocation: RevocationSources
  readonly random: Random
  readonly log: Log
}

/** What the sources say together, and the CRL number to remember when a CRL was believed that is newer than before. */
export interface RevocationAnswer {
  readonly status: RevocationStatus
  readonly crl: { readonly point: string; readonly number: bigint } | null
}

export interface RevocationInquiry {
  readonly target: RevocationTarget
  readonly issuer: TrustAnchor
  readonly at: Date
  /** Highest number seen of the CRL of `crlPoint`. */
  readonly lowestNumber: (point: string) => Promise<bigint | undefined>
}

/** Asks about certificates within one run: each CRL is fetched and verified once. Make a new one for the next run. */
export type AskRevocation = (inquiry: RevocationInquiry) => Promise<RevocationAnswer>

/** A source that cannot be had is `UNREACHABLE`; what it sends is verified, and unknown where it does not hold. */
export function createAskRevocation(deps: RevocationDependencies): AskRevocation {
  const lists = new Map<string, Promise<VerifiedCrl | UnknownCause>>()
  return async (inquiry) => {
    const [crl, ocsp] = await Promise.all([askCrl(deps, lists, inquiry), askOcsp(deps, inquiry)])
    const statuses = [...(crl === null ? [] : [crl.status]), ...(ocsp === null ? [] : [ocsp])]
    return { status: combineRevocation(statuses), crl: crl?.seen ?? null }
  }
}

async function askCrl(
  deps: RevocationDependencies,
  lists: Map<string, Promise<VerifiedCrl | UnknownCause>>,
  { target, issuer, at, lowestNumber }: RevocationInquiry,
): Promise<{ status: RevocationStatus; seen: RevocationAnswer['crl'] } | null> {
  const name = crlName(target)
  if (name === null) return null
  const point = toHex(sha256(lengthPrefixed(fromHex(issuer.sha256), name)))
  const fetched = lists.get(point) ?? fetchList(deps, name, issuer)
  lists.set(point, fetched)
  const list = await fetched
  if (typeof list === 'string') {
    return { status: { status: 'unknown', source: 'crl', cause: list }, seen: null }
  }
  const lowest = await lowestNumber(point)
  const status = crlStatus(list, {
    certificate: target,
    issuer,
    at,
    freshness: FRESHNESS,
    ...(lowest === undefined ? {} : { lowestNumber: lowest }),
  })
  const isNewer = status.status !== 'unknown' && (lowest === undefined || list.number > lowest)
  return { status, seen: isNewer ? { point, number: list.number } : null }
}

async function fetchList(
  { revocation, log }: RevocationDependencies,
  name: Uint8Array,
  issuer: TrustAnchor,
): Promise<VerifiedCrl | UnknownCause> {
  const der = await fetched(log, 'CRL', () => revocation.fetchCrl(name))
  return der === null ? 'UNREACHABLE' : verifyCrl(der, issuer)
}

async function askOcsp(
  { revocation, random, log }: RevocationDependencies,
  { target, issuer, at }: RevocationInquiry,
): Promise<RevocationStatus | null> {
  const [uri] = target.ocspUris
  if (uri === undefined) return null
  const nonce = random.bytes(32) // RFC 9654 §2.1
  const request = encodeOcspRequest(target, issuer, nonce)
  const response = await fetched(log, 'OCSP', () => revocation.fetchOcsp(uri, request))
  if (response === null) return { status: 'unknown', source: 'ocsp', cause: 'UNREACHABLE' }
  return ocspStatus(response, { certificate: target, issuer, nonce, at, freshness: FRESHNESS })
}

/** The bytes, or null where the source failed in any way: no answer is a value here, and never good. */
async function fetched(
  log: Log,
  source: 'CRL' | 'OCSP',
  work: () => Promise<Uint8Array>,
): Promise<Uint8Array | null> {
  try {
    return await work()
  } catch (error) {
    log.warn('REVOCATION_SOURCE_UNAVAILABLE', { reason: source }, error)
    return null
  }
}
