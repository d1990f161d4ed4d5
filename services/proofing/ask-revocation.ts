import { encodeOcspRequest, ocspStatus, type DelegateCache } from '../jpki/ocsp.ts'
import {
  combineRevocation,
  type FreshnessPolicy,
  type RevocationStatus,
} from '../jpki/revocation.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { CrlLists, ListAnswer, ListInquiry } from './crl-lists.ts'
import type { OcspSource } from './sources.ts'

/** Revocation data as proofing uses it. */
export interface Revocation {
  readonly lists: CrlLists
  /** Null where CRLs alone are to be had. */
  readonly ocsp: OcspSource | null
  readonly policy: RevocationPolicy
}

export interface RevocationPolicy {
  /** How old each kind of data may be. */
  readonly crl: FreshnessPolicy
  readonly ocsp: FreshnessPolicy
  /** How often every certificate is asked about, whatever the lists say, in milliseconds. */
  readonly recheckEvery: number
}

/** For how long a certificate that was good stands without fresh data, in milliseconds. */
export function toleratedSilence({ crl, ocsp }: RevocationPolicy): number {
  return Math.max(crl.maximumAge, ocsp.maximumAge)
}

export interface RevocationDependencies {
  readonly revocation: Revocation
  /** Responders that were verified before. */
  readonly delegates: DelegateCache
  readonly random: Random
  readonly log: Log
}

/** What the sources say together, and the CRL number to remember when a CRL was believed that is newer than before. */
export type RevocationAnswer = ListAnswer

export type RevocationInquiry = ListInquiry

/** Asks about certificates within one run: a CRL is fetched once for it at most. Make a new one for the next run. */
export type AskRevocation = (inquiry: RevocationInquiry) => Promise<RevocationAnswer>

/** A source that cannot be had is `UNREACHABLE`; what it sends is verified, and unknown where it does not hold. */
export function createAskRevocation(deps: RevocationDependencies): AskRevocation {
  const { lists } = deps.revocation
  const turn = lists.beginTurn()
  return async (inquiry) => {
    const [crl, ocsp] = await Promise.all([lists.status(inquiry, turn), askOcsp(deps, inquiry)])
    const statuses = [...(crl === null ? [] : [crl.status]), ...(ocsp === null ? [] : [ocsp])]
    return { status: combineRevocation(statuses), crl: crl?.crl ?? null }
  }
}

async function askOcsp(
  { revocation, delegates, random, log }: RevocationDependencies,
  { target, issuer, at }: RevocationInquiry,
): Promise<RevocationStatus | null> {
  const { ocsp, policy } = revocation
  const [uri] = target.ocspUris
  if (uri === undefined || ocsp === null) return null
  const nonce = random.bytes(32) // RFC 9654 §2.1
  const request = encodeOcspRequest(target, issuer, nonce)
  let response: Uint8Array
  try {
    response = await ocsp.fetchOcsp(uri, request)
  } catch (error) {
    // No answer is a value here, and never good.
    log.warn('REVOCATION_SOURCE_UNAVAILABLE', { reason: 'OCSP' }, error)
    return { status: 'unknown', source: 'ocsp', cause: 'UNREACHABLE' }
  }
  const freshness = policy.ocsp
  return ocspStatus(response, { certificate: target, issuer, nonce, at, freshness, delegates })
}
