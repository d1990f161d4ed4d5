import { hash } from 'node:crypto'
import type { KnownCertificates, VerifiedCertificate } from './verify-application.ts'

const DEFAULT_MOST = 10_000

/**
 * 利用者証明用 certificates that were verified, by the SHA-256 of their DER; the one that was longest unused goes first. What
 * depends on time, validity and revocation, is not remembered. 署名用 certificates hold the four attributes and are shown once
 * in years: they are not kept.
 */
export class CertificateCache implements KnownCertificates {
  readonly #most: number
  readonly #verified = new Map<string, VerifiedCertificate>()

  constructor(most: number = DEFAULT_MOST) {
    this.#most = most
  }

  find(der: Uint8Array): VerifiedCertificate | undefined {
    const name = nameOf(der)
    const found = this.#verified.get(name)
    if (found === undefined) return undefined
    this.#verified.delete(name)
    this.#verified.set(name, found)
    return found
  }

  keep(verified: VerifiedCertificate): void {
    if (verified.issuer.kind !== 'authentication') return
    this.#verified.set(nameOf(verified.certificate.der), verified)
    const [oldest] = this.#verified.keys()
    if (this.#verified.size > this.#most && oldest !== undefined) this.#verified.delete(oldest)
  }
}

function nameOf(der: Uint8Array): string {
  return hash('sha256', der, 'base64')
}
