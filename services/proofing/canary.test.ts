import { describe, expect, test } from 'vitest'
import { NOW } from '../../test/pki/issue.ts'
import { openProofingBench, person, prove } from '../../test/pki/proofing-bench.ts'
import { utf8 } from '../kernel/bytes.ts'
import { ProofingStore } from './store.ts'

describe('what leaves the service', () => {
  test('holds no attribute, serial, certificate or digest of one', async () => {
    await using at = await openProofingBench()
    const canaries = {
      1: '迦楼羅王　金翅鳥乃介',
      2: '0000000000',
      5: '東京都清瀬市迦楼羅台九九九丁目八八八番地七七七号',
      6: '000000000000000000000000',
    }
    const serial = Uint8Array.from([0x51, 0xc4, 0x9e, 0x77, 0x10, 0xfa, 0xe2, 0x38, 0x6b])
    const card = person(at, 'signature', { serial, basicFour: canaries })
    const passed = await prove(at, card)
    at.world.crl = { revoked: [{ serial, reason: 5 }] }
    await at.proofing.checkNow()
    const refused = await prove(at, card)
    at.world.linkage.clear()
    at.world.crl = 'down'
    const undecided = await prove(
      at,
      person(at, 'signature', { serial, basicFour: { ...canaries, 3: '4' } }),
    )
    expect([passed.outcome, refused.outcome, undecided.outcome]).toEqual([
      'passed',
      'refused',
      'refused',
    ])

    const certificateDigest = Buffer.from(
      await crypto.subtle.digest('SHA-256', Buffer.from(card.der)),
    )
    const bytes = [
      Buffer.from(serial),
      Buffer.from(card.der).subarray(200, 260),
      certificateDigest,
      Buffer.from(utf8(canaries[1])),
      Buffer.from(utf8(canaries[5])),
      Buffer.from(utf8('金翅鳥乃介')),
      Buffer.from('1980-02-17'),
      Buffer.from('319800217'),
    ]
    const forms = bytes.flatMap((value) => [
      value,
      Buffer.from(value.toString('hex')),
      Buffer.from(value.toString('hex').toUpperCase()),
      Buffer.from(value.toString('base64').replace(/=+$/, '')),
      Buffer.from(value.toString('base64url')),
    ])
    const store = new ProofingStore(at.core.database)
    const rows = await at.core.database.read((tx) =>
      store.liveCertificates(tx, NOW, { after: '', limit: 9 }),
    )
    const left = [
      ...(await at.events()).flatMap(({ value, key }) => [Buffer.from(value), Buffer.from(key)]),
      ...at.logged.map((line) => Buffer.from(line)),
      Buffer.from(JSON.stringify([passed, refused, undecided])),
      ...[...at.deposits.values()].map((value) => Buffer.from(value)),
      ...rows.map(({ target }) => Buffer.from(target)),
      Buffer.from(JSON.stringify(rows.map((row) => ({ ...row, target: '' })))),
    ]
    expect(left.length).toBeGreaterThan(5)
    expect(Buffer.from(card.der).includes(Buffer.from(serial))).toBe(true)
    expect(Buffer.from(card.der).includes(Buffer.from(utf8(canaries[1])))).toBe(true)
    for (const [i, haystack] of left.entries()) {
      for (const needle of forms) expect([i, haystack.includes(needle)]).toEqual([i, false])
    }
  })
})
