import { toBase64Url } from '../kernel/bytes.ts'
import { Unavailable } from '../kernel/errors.ts'
import { MAX_CRL } from '../jpki/crl.ts'
import { MAX_OCSP_RESPONSE } from '../jpki/ocsp-response.ts'
import { sourceOverHttp, type SourceAccess, type SourceAnswer } from './source-http.ts'
import type { CrlSource, OcspSource } from './sources.ts'

const OCSP_TIMEOUT = 3_000
/** Who taps a card is told within ten seconds, and lists can be long. */
const CRL_TIMEOUT = 8_000
const MAX_VERSION = 200

/** CRLs over HTTP: `GET <base>?dp=` with the directory name's DER in base64url; an ETag is used where there is one. */
export function crlOverHttp(base: string, access?: SourceAccess): CrlSource {
  const ask = sourceOverHttp(access)
  return {
    outlivesOutage: false,
    async fetchCrl({ directoryName }, version) {
      const url = new URL(base)
      url.searchParams.set('dp', toBase64Url(directoryName))
      const headers = version === null ? {} : { 'if-none-match': version }
      const limits = { timeout: CRL_TIMEOUT, cap: MAX_CRL }
      const answer = await ask({ method: 'GET', url: url.href, headers, ...limits })
      if (answer.status === 304) return 'unchanged'
      const { etag } = answer
      const isUsable = etag !== undefined && etag.length <= MAX_VERSION
      return { der: bodyOf(answer), version: isUsable ? etag : null }
    },
  }
}

/** OCSP over HTTP (RFC 6960 appendix A). Addresses come from the configuration, never from a certificate. */
export function ocspOverHttp(
  locate: (uri: string) => string | undefined,
  access?: SourceAccess,
): OcspSource {
  const ask = sourceOverHttp(access)
  return {
    async fetchOcsp(uri, request) {
      const url = locate(uri)
      if (url === undefined) throw new Unavailable('no address is configured for this responder')
      const headers = { 'content-type': 'application/ocsp-request' }
      const limits = { timeout: OCSP_TIMEOUT, cap: MAX_OCSP_RESPONSE }
      return bodyOf(await ask({ method: 'POST', url, headers, body: request, ...limits }))
    },
  }
}

function bodyOf({ status, body }: SourceAnswer): Uint8Array {
  if (status < 200 || status > 299) throw new Unavailable('the source refused to answer')
  return body
}
