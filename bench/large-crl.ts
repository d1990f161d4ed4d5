import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crlStatus, verifyCrl } from '../services/jpki/crl.ts'
import { parseCertificate } from '../services/jpki/certificate.ts'
import { issueAuthority, issueCertificate, NOW } from '../test/pki/issue.ts'
import { issueLargeCrl, serialInLargeCrl } from '../test/pki/large-crl.ts'
import { quietTimes, quietTimesOfLong } from './measure.ts'
import { inOwnProcess } from './own-process.ts'
import type { ResidentCrl } from './resident-crl.ts'

const ENTRIES = 500_000
const FRESHNESS = { maximumAge: 26 * 3_600_000, clockSkew: 300_000 }

export interface CrlFigures extends ResidentCrl {
  readonly bytes: number
  readonly readMilliseconds: number
  readonly verifyAndIndexMilliseconds: number
  readonly lookupMicroseconds: number
}

/** A CRL of 500,000 entries: verified and indexed, then asked for serials that are listed and that are not. */
export function benchLargeCrl(): CrlFigures {
  const authority = issueAuthority('signature')
  const folder = mkdtempSync(join(tmpdir(), 'watashi-bench-'))
  const file = join(folder, 'large.crl')
  writeFileSync(file, issueLargeCrl(authority, { entries: ENTRIES }))
  try {
    const bytes = new Uint8Array(readFileSync(file))
    const verifyOnce = (): unknown => verifyCrl(bytes, authority.anchor)
    const [reading = 0, indexing = 0] = quietTimesOfLong([() => readFileSync(file), verifyOnce])
    const crl = verifyCrl(bytes, authority.anchor)
    if (typeof crl === 'string') throw new Error(`the bench's own CRL is refused: ${crl}`)
    const listed = parseCertificate(
      issueCertificate(authority, { serial: serialInLargeCrl(250_000) }).der,
    )
    const absent = parseCertificate(
      issueCertificate(authority, { serial: Uint8Array.of(0x7f, 0, 0, 1) }).der,
    )
    const question = { issuer: authority.anchor, at: NOW, freshness: FRESHNESS }
    if (crlStatus(crl, { ...question, certificate: listed }).status !== 'revoked')
      throw new Error('a listed serial is not found')
    if (crlStatus(crl, { ...question, certificate: absent }).status !== 'good')
      throw new Error('an absent serial is found')
    const lookups = quietTimes(
      [listed.serial, absent.serial].map((serial) => () => crl.crl.entries.find(serial)),
    )
    const lookup = lookups.reduce((sum, time) => sum + time, 0) / lookups.length
    return {
      bytes: bytes.length,
      readMilliseconds: reading / 1e6,
      verifyAndIndexMilliseconds: indexing / 1e6,
      lookupMicroseconds: lookup / 1e3,
      ...(inOwnProcess('./resident-crl.ts', file) as ResidentCrl),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
