import { sign } from 'node:crypto'
import { der, derOid } from '../../services/jpki/der-writer.ts'
import { utf8 } from '../../services/kernel/bytes.ts'
import { encode, name } from './encode.ts'
import { hoursFromNow, type TestAuthority } from './issue.ts'

/** Serial of the n-th entry. */
export function serialInLargeCrl(n: number): Uint8Array {
  // Odd numbers only, so that every second serial in the range is absent.
  const serial = new Uint8Array(4)
  new DataView(serial.buffer).setUint32(0, 0x10000000 + 2 * n + 1)
  return serial
}

export interface LargeCrlOptions {
  readonly entries: number
  readonly number?: number
  readonly spoil?: (signature: Uint8Array) => Uint8Array
}

/** A CRL of all towns, built by hand: half a million entries are too many for a general encoder. */
export function issueLargeCrl(authority: TestAuthority, options: LargeCrlOptions): Uint8Array {
  const { entries: count, number = 7, spoil = (signature) => signature } = options
  const time = (at: Date): Uint8Array =>
    der(
      0x17,
      utf8(at.toISOString().replace(/^20(..)-(..)-(..)T(..):(..):(..).*$/, '$1$2$3$4$5$6Z')),
    )
  const revokedAt = time(hoursFromNow(-5))
  const reason = der(0x30, der(0x30, derOid('2.5.29.21'), der(0x04, Uint8Array.of(0x0a, 1, 3))))
  const entryList: Uint8Array[] = []
  for (let n = 0; n < count; n += 1) {
    entryList.push(der(0x30, der(0x02, serialInLargeCrl(n)), revokedAt, reason))
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
        extension('2.5.29.20', der(0x02, Uint8Array.of(number))),
      ),
    ),
  )
  const signature = new Uint8Array(sign('sha256', tbs, authority.key.privateKey))
  return der(0x30, tbs, algorithm, der(0x03, Uint8Array.of(0), spoil(signature)))
}
