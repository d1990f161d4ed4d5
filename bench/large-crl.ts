import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sign } from 'node:crypto'
import { der, derOid } from '../services/jpki/der-writer.ts'
import { crlStatus, verifyCrl } from '../services/jpki/crl.ts'
import { parseCertificate } from '../services/jpki/certificate.ts'
import { utf8 } from '../services/kernel/bytes.ts'
import { encode, name } from '../test/pki/encode.ts'
import {
  issueAuthority,
  issueCertificate,
  NOW,
  hoursFromNow,
  type TestAuthority,
} from '../test/pki/issue.ts'
import { measure } from 'mitata'

const ENTRIES = 500_000
const FRESHNESS = { maximumAge: 26 * 3_600_000, clockSkew: 300_000 }

export interface CrlFigures {
  readonly bytes: number
  readonly readMilliseconds: number
  readonly verifyAndIndexMilliseconds: number
  readonly lookupMicroseconds: number
  readonly residentMegabytes: number
}

/** A CRL of 500,000 entries: verified and indexed, then asked for serials that are listed and that are not. */
export async function benchLargeCrl(): Promise<CrlFigures> {
  const authority = issueAuthority('signature')
  const folder = mkdtempSync(join(tmpdir(), 'watashi-bench-'))
  const file = join(folder, 'large.crl')
  writeFileSync(file, largeCrl(authority))
  try {
    const reading = await measure(() => readFileSync(file))
    const bytes = new Uint8Array(readFileSync(file))
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    const verifyOnce = (): unknown => verifyCrl(bytes, authority.anchor)
    const indexing = await measure(verifyOnce, { min_samples: 5 })
    const crl = verifyCrl(bytes, authority.anchor)
    if (typeof crl === 'string') throw new Error(`the bench's own CRL is refused: ${crl}`)
    globalThis.gc?.()
    const residentMegabytes = (process.memoryUsage().rss - before) / 2 ** 20
    const listed = parseCertificate(issueCertificate(authority, { serial: serialOf(250_000) }).der)
    const absent = parseCertificate(
      issueCertificate(authority, { serial: Uint8Array.of(0x7f, 0, 0, 1) }).der,
    )
    const question = { issuer: authority.anchor, at: NOW, freshness: FRESHNESS }
    if (crlStatus(crl, { ...question, certificate: listed }).status !== 'revoked')
      throw new Error('a listed serial is not found')
    if (crlStatus(crl, { ...question, certificate: absent }).status !== 'good')
      throw new Error('an absent serial is found')
    let turn = 0
    const lookup = await measure(() =>
      crl.crl.entries.find((turn ^= 1) === 0 ? listed.serial : absent.serial),
    )
    return {
      bytes: bytes.length,
      readMilliseconds: reading.p50 / 1e6,
      verifyAndIndexMilliseconds: indexing.p50 / 1e6,
      lookupMicroseconds: lookup.p50 / 1e3,
      residentMegabytes,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function serialOf(n: number): Uint8Array {
  // Odd numbers only, so that every second serial in the range is absent.
  const serial = new Uint8Array(4)
  new DataView(serial.buffer).setUint32(0, 0x10000000 + 2 * n + 1)
  return serial
}

/** Built by hand: half a million entries are too many for a general encoder. */
function largeCrl(authority: TestAuthority): Uint8Array {
  const time = (at: Date): Uint8Array =>
    der(
      0x17,
      utf8(at.toISOString().replace(/^20(..)-(..)-(..)T(..):(..):(..).*$/, '$1$2$3$4$5$6Z')),
    )
  const revokedAt = time(hoursFromNow(-5))
  const reason = der(0x30, der(0x30, derOid('2.5.29.21'), der(0x04, Uint8Array.of(0x0a, 1, 3))))
  const entryList: Uint8Array[] = []
  for (let n = 0; n < ENTRIES; n += 1) {
    entryList.push(der(0x30, der(0x02, serialOf(n)), revokedAt, reason))
  }
  const entries = Buffer.concat(entryList)
  const algorithm = der(0x30, derOid('1.2.840.113549.1.1.11'), Uint8Array.of(5, 0))
  const extension = (oid: string, value: Uint8Array): Uint8Array =>
    der(0x30, derOid(oid), der(0x04, value))
  const tbs = der(
    0x30,
    der(0x02, Uint8Array.of(1)),
    algorithm,
    encode(name(authority.nameParts)),
    time(hoursFromNow(-4)),
    time(hoursFromNow(20)),
    der(0x30, entries),
    der(
      0xa0,
      der(
        0x30,
        extension('2.5.29.35', der(0x30, der(0x80, authority.key.keyId))),
        extension('2.5.29.20', der(0x02, Uint8Array.of(7))),
      ),
    ),
  )
  const signature = new Uint8Array(sign('sha256', tbs, authority.key.privateKey))
  return der(0x30, tbs, algorithm, der(0x03, Uint8Array.of(0), signature))
}
