import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildCms, buildToken, signingCertificate } from '../../../test/pki/cms.ts'
import {
  card,
  list,
  RULES,
  stamper,
  stampingList,
  tsa,
  verify,
} from '../../../test/pki/documents.ts'
import { hoursFromNow, NOW } from '../../../test/pki/issue.ts'
import type { CertificateRevocationList } from '../crl.ts'
import { verifyTimeStamp } from './verify-time-stamp.ts'

const STAMPED = Buffer.from('what existed')
const token = buildToken(stamper, STAMPED, { nonce: 7 })
const document = buildCms(card, { bend: (own) => [...own, signingCertificate([card.der])] })
const stampedDocument = buildCms(card, {
  timeStamps: (signature) => [buildToken(stamper, signature, { genTime: hoursFromNow(-2) })],
})
const good = list()
const revokedSince = list({ revoked: [{ serial: card.serial, reason: 1, at: hoursFromNow(-1) }] })
const ofAuthority = stampingList(NOW)

function indicationBy(crl: CertificateRevocationList): (cms: Uint8Array) => string {
  const revocation = { crls: [crl, ofAuthority], responses: [] }
  return (cms) => verify(cms, { revocation }).verdict.indication
}

function indicationOfToken(bytes: Uint8Array): string {
  const { verdict } = verifyTimeStamp({
    token: bytes,
    stamped: STAMPED,
    anchors: [tsa.anchor],
    intermediates: [],
    revocation: { crls: [ofAuthority], responses: [] },
    rules: RULES,
    at: NOW,
  })
  return verdict.indication
}

const ID_SIGNED_DATA = Buffer.from('06092a864886f70d010702', 'hex')
const VERSION = Buffer.from('0201', 'hex')

/** Where the versions of SignedData stand: they announce formats that are read as they come. */
function versionsIn(message: Uint8Array): number[] {
  const bytes = Buffer.from(message)
  const places: number[] = []
  for (
    let at = bytes.indexOf(ID_SIGNED_DATA);
    at >= 0;
    at = bytes.indexOf(ID_SIGNED_DATA, at + 1)
  ) {
    places.push(bytes.indexOf(VERSION, at) + VERSION.length)
  }
  return places
}

const MASKS = [0x02, 0xff]
const PATIENCE = 60_000 // some ten thousand verifications

// What is not signed and cannot matter is not there: enclosed revocation data, which is not read, and certificates that
// are on no path. A time-stamp matters where the document would not pass without it, and there every octet of it counts.
test.each([
  ['a document', document, indicationBy(good)],
  ['a document that needs its time-stamp', stampedDocument, indicationBy(revokedSince)],
  ['a token', token, indicationOfToken],
])(
  '%s does not pass with an octet changed',
  (_, message, indication) => {
    expect(indication(message)).toBe('PASSED')
    const survivors = new Set<number>()
    message.forEach((octet, at) => {
      for (const mask of MASKS) {
        if (indication(message.with(at, octet ^ mask)) === 'PASSED') survivors.add(at)
      }
    })
    expect([...survivors]).toEqual(versionsIn(message))
  },
  PATIENCE,
)

describe('any bytes', () => {
  const indication = indicationBy(good)

  test('are a verdict', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(indication(bytes)).toBe('FAILED')
        expect(indicationOfToken(bytes)).toBe('FAILED')
      }),
    )
  })

  test('put into a message, or left out of it, are a verdict and never pass', () => {
    const splice = fc.record({
      at: fc.nat(stampedDocument.length),
      remove: fc.nat(40),
      insert: fc.uint8Array({ maxLength: 40 }),
    })
    const byList = indicationBy(revokedSince)
    fc.assert(
      fc.property(splice, ({ at, remove, insert }) => {
        const bytes = Buffer.concat([
          stampedDocument.subarray(0, at),
          insert,
          stampedDocument.subarray(at + remove),
        ])
        fc.pre(Buffer.compare(bytes, stampedDocument) !== 0)
        expect(byList(new Uint8Array(bytes))).not.toBe('PASSED')
      }),
      { numRuns: 500 },
    )
  })
})
