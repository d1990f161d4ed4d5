import type { IdentityCheckReply, IdentityReply } from '../../../services/proofing/api.ts'
import { call } from './client.ts'

export type Identity = IdentityReply
export type IdentityCheck = IdentityCheckReply

const BASE = '/api/proofing'

export function identity(): Promise<Identity> {
  return call('GET', `${BASE}/identity`)
}

/** Has the certificates checked now; refused with `TOO_MANY_REQUESTS` twice within half a minute. */
export function checkIdentity(): Promise<IdentityCheck> {
  return call('POST', `${BASE}/identity/check`, {})
}

/** From now on the latest attributes are not fetched any more. */
export function withdrawConsent(): Promise<object> {
  return call('POST', `${BASE}/consent/withdrawal`, {})
}
