import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPrivateKey, randomBytes, sign, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readAttributesFile } from '../card/text-format.ts'
import { verifyCertificate } from '../jpki/verify-application.ts'
import { openTrustAnchor, type TrustAnchor } from '../jpki/trust-anchor.ts'
import { type CrlQuestion, crlStatus, verifyCrl } from '../jpki/crl.ts'
import { encodeOcspRequest, ocspStatus } from '../jpki/ocsp.ts'
import { crlName } from '../jpki/revocation-target.ts'
import type { RevocationStatus } from '../jpki/revocation.ts'
import { lengthPrefixed, toHex, utf8 } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { systemRandom } from '../kernel/random.ts'
import { SimulatedCard } from './card.ts'
import { keyPool } from './key-pool.ts'
import type { SignedConsent } from './latest-attributes.ts'
import { SAMPLE_PINS } from './people.ts'
import { openSimulator, type SimulatorCore } from './simulator-core.ts'
import type { CertificateFamily } from './profile.ts'
import type { IssuedCertificate, SimulatorState } from './state.ts'
import { HEALTHY } from './switches.ts'

const NOW = new Date('2026-11-26T03:00:00Z')
const HOUR = 60 * 60 * 1000
const FRESHNESS = { maximumAge: 36 * HOUR, clockSkew: 60_000 }

const keySource = keyPool(4)
let dataDir: string
let clock: FrozenClock
let simulator: SimulatorCore

function openIn(directory: string): Promise<SimulatorCore> {
  return openSimulator({
    environment: 'simulator',
    dataDir: directory,
    clock,
    random: systemRandom,
    keySource,
  })
}

let madeOnce: string
beforeAll(async () => {
  clock = new FrozenClock(NOW)
  madeOnce = mkdtempSync(join(tmpdir(), 'watashi-simulator-'))
  await openIn(madeOnce)
})

beforeEach(async () => {
  clock.set(NOW)
  dataDir = mkdtempSync(join(tmpdir(), 'watashi-simulator-'))
  cpSync(madeOnce, dataDir, { recursive: true })
  simulator = await openIn(dataDir)
})

function certificate(id: string): IssuedCertificate {
  const found = simulator.office.certificates.find((one) => one.id === id)
  if (!found) throw new TypeError(`no certificate ${id}`)
  return found
}

function der(id: string): Uint8Array {
  return new Uint8Array(Buffer.from(certificate(id).certificate, 'base64'))
}

/** Of cards of today. */
function anchor(kind: CertificateFamily, of: SimulatorCore = simulator): TrustAnchor {
  const found = anchorsOf(of).find((one) => one.kind === kind)
  if (!found) throw new TypeError('each family has a root')
  return found
}

function anchorsOf(of: SimulatorCore): TrustAnchor[] {
  return of.anchors.map(({ kind, certificate: bytes }) =>
    openTrustAnchor(bytes, { sha256: toHex(sha256(bytes)), environment: 'simulator', kind }),
  )
}

function verified(id: string, kind: CertificateFamily = certificate(id).family) {
  const anchors = anchorsOf(simulator)
  const context = { anchors, environment: 'simulator', kind, at: clock.now() } as const
  return verifyCertificate(der(id), context)
}

function question(id: string): CrlQuestion {
  const checked = verified(id).verified
  if (!checked) throw new TypeError('a certificate that holds')
  return {
    certificate: checked.certificate,
    issuer: checked.issuer,
    at: clock.now(),
    freshness: FRESHNESS,
  }
}

function byCrl(id: string): RevocationStatus | string {
  const asked = question(id)
  const name = crlName(asked.certificate)
  if (!name) throw new TypeError('a certificate with a CRL')
  const crl = verifyCrl(simulator.status.crlByName(name), asked.issuer)
  return typeof crl === 'string' ? crl : crlStatus(crl, asked)
}

async function byOcsp(id: string): Promise<RevocationStatus> {
  const asked = question(id)
  const nonce = systemRandom.bytes(32)
  const request = encodeOcspRequest(asked.certificate, asked.issuer, nonce)
  const response = await simulator.status.ocsp(certificate(id).family, request)
  return ocspStatus(response, { ...asked, nonce })
}

describe('the first start', () => {
  test('makes four people, one with a phone and one without a signature certificate', () => {
    expect(simulator.office.people.map(({ id }) => id)).toEqual([
      'hanako',
      'ichiro',
      'misaki',
      'yota',
    ])
    const tokens = simulator.office.tokens.map(({ id, signature }) => [id, signature !== undefined])
    expect(Object.fromEntries(tokens)).toEqual({
      'hanako-card': true,
      'hanako-phone': true,
      'ichiro-card': true,
      'misaki-card': true,
      'yota-card': false,
    })
  })

  test('makes certificates that the verifier takes for their own kind and no other', () => {
    for (const { id, family } of simulator.office.certificates) {
      expect(verified(id).verdict.indication).toBe('PASSED')
      const other = family === 'signature' ? 'authentication' : 'signature'
      expect(verified(id, other).verified).toBeNull()
    }
  })

  test('gives each person the attributes of their role', () => {
    const age = (id: string) => {
      const date = verified(`${id}-card-signature-1`).verified?.attributes?.birthDate.date ?? ''
      return (NOW.getTime() - Date.parse(date)) / (365.25 * 24 * HOUR)
    }
    expect(age('hanako')).toBeGreaterThan(20)
    const child = simulator.office.people.find(({ id }) => id === 'yota')
    const childAge = NOW.getTime() - Date.parse(child?.attributes.birthDate ?? '')
    expect(childAge).toBeLessThan(15 * 365 * 24 * HOUR)
    const ends = Date.parse(certificate('ichiro-card-signature-1').notAfter) - NOW.getTime()
    expect(ends).toBeGreaterThan(0)
    expect(ends).toBeLessThan(15 * 24 * HOUR)
    expect(certificate('misaki-card-signature-1').revocation?.reason).toBe('affiliationChanged')
    expect(verified('misaki-card-signature-2').verified?.attributes?.municipality).toEqual({
      prefecture: 'Mogi-ken',
      city: 'Shiomi-shi',
    })
  })

  test('keeps keys where their owner alone can read them', () => {
    for (const file of [
      'state.json',
      'cards/hanako-card/card.json',
      'cards/hanako-card/pins.json',
    ]) {
      expect(statSync(join(dataDir, 'simulator', file)).mode & 0o777).toBe(0o600)
    }
  })

  test('is the only one that makes anything', async () => {
    const again = await openIn(dataDir)
    expect(again.anchors).toEqual(simulator.anchors)
    expect(again.office.certificates).toEqual(simulator.office.certificates)
  })

  test('that was cut short begins again', async () => {
    rmSync(join(dataDir, 'simulator', 'state.json'))
    const again = await openIn(dataDir)
    const onCard = again.cards.card('hanako-card').signature?.certificate
    const current = again.office.certificates.find(({ id }) => id === 'hanako-card-signature-1')
    expect(onCard).toBe(current?.certificate)
  })

  test.each(['jpki-test', 'production'] as const)('is refused in %s', async (environment) => {
    const directory = mkdtempSync(join(tmpdir(), 'watashi-simulator-'))
    const start = openSimulator({
      environment,
      dataDir: directory,
      clock,
      random: systemRandom,
      keySource,
    })
    await expect(start).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(existsSync(join(directory, 'simulator'))).toBe(false)
  })

  test('takes other people for tests', async () => {
    const canary = '検証　カナリア７７３１'
    const other = await openSimulator({
      environment: 'simulator',
      dataDir: mkdtempSync(join(tmpdir(), 'watashi-simulator-')),
      clock,
      random: systemRandom,
      keySource,
      people: [
        {
          id: 'canary',
          title: { ja: '検証', en: 'canary' },
          attributes: {
            name: canary,
            address: '模擬県翠川市検証町１丁目',
            birthDate: '1980-02-17',
            sex: '1',
            substitutedInName: [0],
          },
          municipalityCode: '99201',
          pins: { authentication: '9753', signature: 'CANARY42' },
          issuedAt: new Date('2026-01-01T00:00:00Z'),
        },
      ],
    })
    const [issued] = other.office.certificates.filter(({ family }) => family === 'signature')
    const checked = verifyCertificate(
      new Uint8Array(Buffer.from(issued?.certificate ?? '', 'base64')),
      {
        anchors: [anchor('signature', other)],
        environment: 'simulator',
        kind: 'signature',
        at: NOW,
      },
    ).verified?.attributes
    expect(checked?.name).toEqual({ text: canary, substituted: [0] })
    expect(other.cards.pins('canary-card').load().signature.pin).toBe('CANARY42')
  })
})

describe('a certificate', () => {
  test.each([
    ['cessationOfOperation', 'revoked'],
    ['keyCompromise', 'revoked'],
    ['affiliationChanged', 'revoked'],
    ['superseded', 'revoked'],
    ['unspecified', 'revoked'],
    ['certificateHold', 'suspended'],
  ] as const)('ended as %s is %s in CRL and OCSP', async (reason, status) => {
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ status: 'good' })
    expect(await byOcsp('hanako-card-signature-1')).toMatchObject({ status: 'good' })
    clock.advance(1000)
    simulator.office.revoke('hanako-card-signature-1', reason)
    const expected = { status, reason, revokedAt: clock.now() }
    expect(byCrl('hanako-card-signature-1')).toMatchObject(expected)
    expect(await byOcsp('hanako-card-signature-1')).toMatchObject(expected)
    expect(await byOcsp('ichiro-card-signature-1')).toMatchObject({ status: 'good' })
  })

  test('ends once', () => {
    simulator.office.revoke('hanako-card-signature-1', 'keyCompromise')
    expect(() => simulator.office.revoke('hanako-card-signature-1', 'superseded')).toThrow(
      expect.objectContaining({ code: 'CONFLICT' }),
    )
    expect(certificate('hanako-card-signature-1').revocation?.reason).toBe('keyCompromise')
  })

  test('of a phone is suspended and resumed', async () => {
    simulator.office.suspend('hanako-phone-signature-1')
    expect(byCrl('hanako-phone-signature-1')).toMatchObject({ status: 'suspended' })
    simulator.office.resume('hanako-phone-signature-1')
    expect(byCrl('hanako-phone-signature-1')).toMatchObject({ status: 'good' })
    expect(await byOcsp('hanako-phone-signature-1')).toMatchObject({ status: 'good' })
  })

  test('of a card is never resumed', () => {
    simulator.office.suspend('hanako-card-signature-1')
    expect(() => simulator.office.resume('hanako-card-signature-1')).toThrow(
      expect.objectContaining({ code: 'CONFLICT' }),
    )
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ status: 'suspended' })
  })

  test('that is suspended can still be revoked, and is not resumed then', () => {
    simulator.office.suspend('hanako-phone-signature-1')
    simulator.office.revoke('hanako-phone-signature-1', 'keyCompromise')
    expect(() => simulator.office.resume('hanako-phone-signature-1')).toThrow()
  })

  test('that was never issued is not found', () => {
    expect(() => simulator.office.revoke('hanako-card-signature-9', 'superseded')).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    )
  })

  test('renewed gives way to new ones on the card, which linkage ties together after its delay', async () => {
    simulator.switches.set({ linkageDelayMinutes: 90 })
    await simulator.office.renew('hanako-card')
    expect(certificate('hanako-card-signature-1').revocation?.reason).toBe('superseded')
    const onCard = simulator.cards.card('hanako-card').signature?.certificate
    expect(onCard).toBe(certificate('hanako-card-signature-2').certificate)
    const reference = (id: string) => ({
      family: certificate(id).family,
      serial: certificate(id).serial.toString(16),
    })
    const resolve = (id: string) => simulator.linkage.resolve('watashi', reference(id))
    expect(resolve('hanako-card-signature-1').successor).toBeUndefined()
    expect(() => resolve('hanako-card-signature-2')).toThrow(
      expect.objectContaining({ code: 'ASSOCIATED_CERTIFICATE_NOT_READY' }),
    )
    clock.advance(90 * 60_000)
    expect(resolve('hanako-card-signature-1').successor).toEqual(
      reference('hanako-card-signature-2'),
    )
    expect(resolve('hanako-card-signature-2')).toMatchObject({
      personId: resolve('hanako-card-signature-1').personId,
      counterpart: reference('hanako-card-authentication-2'),
      predecessors: [reference('hanako-card-signature-1')],
      tokenKind: 'card',
    })
  })

  test('renewed shortly before its end runs to the sixth birthday', async () => {
    await simulator.office.renew('ichiro-card')
    await simulator.office.renew('hanako-card')
    expect(certificate('ichiro-card-signature-2').notAfter).toBe('2031-12-08T14:59:59.000Z')
    expect(certificate('hanako-card-signature-2').notAfter).toBe('2031-07-29T14:59:59.000Z')
  })

  test('outlives a move when it is for authentication, and ends when it is for signatures', async () => {
    const address = '模擬県星野町新町１番地'
    simulator.office.moveHouse('hanako', { municipalityCode: '99301', address })
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ reason: 'affiliationChanged' })
    expect(byCrl('hanako-phone-signature-1')).toMatchObject({ reason: 'affiliationChanged' })
    expect(await byOcsp('hanako-card-authentication-1')).toMatchObject({ status: 'good' })
    await simulator.office.issueSignature('hanako-card')
    const attributes = verified('hanako-card-signature-2').verified?.attributes
    expect(attributes?.address.text).toBe(address)
    expect(byCrl('hanako-card-signature-2')).toMatchObject({ status: 'good' })
  })

  test('for signatures is not issued beside one that is good', async () => {
    await expect(simulator.office.issueSignature('hanako-card')).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })
})

describe('a next card', () => {
  const SIGNATURE = 'hanako-card-signature-2'
  beforeEach(async () => {
    await simulator.office.renew('hanako-card', 'next')
  })

  test('has certificates on P-384 under roots of their own, for ten years', () => {
    for (const family of ['signature', 'authentication'] as const) {
      const { publicKey, ca } = new X509Certificate(der(`hanako-card-${family}-2`))
      expect(publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'secp384r1' })
      expect(ca).toBe(false)
      expect(certificate(`hanako-card-${family}-2`).notAfter).toBe('2036-07-29T14:59:59.000Z')
    }
    const { issuer, attributes } = verified(SIGNATURE).verified ?? {}
    expect(issuer?.key).toMatchObject({ type: 'ec', bits: 384 })
    expect(attributes?.name.text).toBe('見本　花子')
    const { notAfter } = issuer?.certificate ?? {}
    expect(notAfter?.at.getTime()).toBeGreaterThan(Date.parse(certificate(SIGNATURE).notAfter))
  })

  test('is believed under the root of cards of today by nobody', () => {
    const { verdict } = verifyCertificate(der(SIGNATURE), {
      anchors: [anchor('signature')],
      environment: 'simulator',
      kind: 'signature',
      at: clock.now(),
    })
    expect(verdict).toMatchObject({ sub: 'NO_CERTIFICATE_CHAIN_FOUND' })
  })

  test('is the same person, and ends what was on the card before', () => {
    const reference = (id: string) => ({
      family: certificate(id).family,
      serial: certificate(id).serial.toString(16),
    })
    const resolve = (id: string) => simulator.linkage.resolve('watashi', reference(id))
    const before = resolve('hanako-card-signature-1')
    expect(before.successor).toEqual(reference(SIGNATURE))
    expect(resolve(SIGNATURE)).toMatchObject({
      personId: before.personId,
      predecessors: [reference('hanako-card-signature-1')],
    })
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ reason: 'superseded' })
  })

  test('shares the serials of its family with the cards of today', async () => {
    await simulator.office.renew('ichiro-card')
    const serials = simulator.office.certificates.flatMap(({ family, serial }) =>
      family === 'signature' ? [serial] : [],
    )
    expect(new Set(serials).size).toBe(serials.length)
    expect(certificate('ichiro-card-signature-2').serial).toBeGreaterThan(
      certificate(SIGNATURE).serial,
    )
  })

  test.each(['authority', 'delegated'])(
    'has its status told by EC keys, OCSP by the %s',
    async (ocspSigner) => {
      simulator.switches.set({ ocspSigner })
      expect(byCrl(SIGNATURE)).toMatchObject({ status: 'good' })
      expect(await byOcsp('hanako-card-authentication-2')).toMatchObject({ status: 'good' })
      expect(await byOcsp('ichiro-card-authentication-1')).toMatchObject({ status: 'good' })
      simulator.office.revoke(SIGNATURE, 'keyCompromise')
      simulator.office.revoke('hanako-card-authentication-2', 'keyCompromise')
      expect(byCrl(SIGNATURE)).toMatchObject({ reason: 'keyCompromise' })
      expect(await byOcsp('hanako-card-authentication-2')).toMatchObject({
        reason: 'keyCompromise',
      })
    },
  )

  test('is told of by no list of the cards of today, and by none under another key', () => {
    const { certificate: read, issuer } = question(SIGNATURE)
    expect(toHex(crlName(read) ?? new Uint8Array())).not.toBe(
      toHex(crlName(question('ichiro-card-signature-1').certificate) ?? new Uint8Array()),
    )
    expect(verifyCrl(simulator.status.crl('signature', '99201'), issuer)).toBe('WRONG_ISSUER')
    simulator.switches.set({ crl: 'wrong-key' })
    expect(byCrl(SIGNATURE)).toBe('BAD_SIGNATURE')
  })

  test('is renewed as what it is, within a year of its end with a birthday more, and never as one of today', async () => {
    await simulator.office.renew('hanako-card')
    expect(certificate('hanako-card-signature-3').notAfter).toBe('2036-07-29T14:59:59.000Z')
    clock.set(new Date('2035-11-26T03:00:00Z'))
    await simulator.office.renew('hanako-card')
    expect(certificate('hanako-card-signature-4').notAfter).toBe('2046-07-29T14:59:59.000Z')
    const { publicKey } = new X509Certificate(der('hanako-card-signature-4'))
    expect(publicKey.asymmetricKeyType).toBe('ec')
    await expect(simulator.office.renew('hanako-card', 'current')).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })

  test('has two PINs, which were given anew, and no 券面事項入力補助AP, also after the next start', async () => {
    const again = await openIn(dataDir)
    for (const { cards } of [simulator, again]) {
      expect(Object.keys(cards.pins('hanako-card').load())).toEqual(['authentication', 'signature'])
      expect(cards.card('hanako-card')).not.toHaveProperty('text')
    }
    expect(again.anchors).toEqual(simulator.anchors)
  })

  test('applies for a phone with its own signature', async () => {
    await simulator.office.issuePhone('hanako', { phone: 'iphone', pin: SAMPLE_PINS.signature })
    expect(byCrl('hanako-iphone-signature-1')).toMatchObject({ status: 'good' })
  })

  test('gets its roots in a folder of before there were any, once', async () => {
    const path = join(madeOnce, 'simulator/state.json')
    const older = mkdtempSync(join(tmpdir(), 'watashi-simulator-'))
    cpSync(madeOnce, older, { recursive: true })
    const { nextAuthorities: _, ...state } = JSON.parse(
      readFileSync(path, 'utf8'),
    ) as SimulatorState
    writeFileSync(join(older, 'simulator/state.json'), JSON.stringify(state))
    const first = await openIn(older)
    expect(first.anchors).toHaveLength(4)
    expect((await openIn(older)).anchors).toEqual(first.anchors)
  })
})

describe('券面事項入力補助AP', () => {
  const addressOn = (id: string): string => {
    const file = Buffer.from(simulator.cards.card(id).text?.attributes ?? '', 'base64')
    return readAttributesFile(new Uint8Array(file)).attributes.address
  }

  test('is on every card and on no phone', () => {
    for (const { kind, text } of simulator.cards.list()) {
      expect(text !== undefined).toBe(kind === 'card')
    }
  })

  test('has the new address as soon as the person moved', () => {
    simulator.office.moveHouse('hanako', { municipalityCode: '99202', address: '模擬県汐見市１' })
    expect(addressOn('hanako-card')).toBe('模擬県汐見市１')
  })

  test('is put on cards that were issued before there was one, once', async () => {
    const path = join(dataDir, 'simulator', 'state.json')
    const old = JSON.parse(readFileSync(path, 'utf8')) as SimulatorState
    delete old.textAuthority
    for (const token of old.tokens) delete token.text
    writeFileSync(path, JSON.stringify(old))
    const pins = simulator.cards.pins('hanako-card')
    const { authentication, signature } = pins.load()
    pins.save({ authentication, signature })
    simulator = await openIn(dataDir)
    const card = simulator.cards.card('hanako-card')
    expect(pins.load()).toMatchObject({
      text: { pin: '1234', triesLeft: 3 },
      referenceB: { triesLeft: 10 },
    })
    expect(addressOn('hanako-card')).toContain('翠川市')
    simulator = await openIn(dataDir)
    expect(simulator.cards.card('hanako-card')).toEqual(card)
  })
})

describe('a phone', () => {
  const phone = () => simulator.cards.card('hanako-phone')

  test('is unlocked by biometrics once that is switched on, and so after the next start', async () => {
    expect(phone().biometrics).toBeUndefined()
    simulator.office.setBiometrics('hanako-phone', true)
    simulator = await openIn(dataDir)
    expect(phone().biometrics).toBe(true)
    simulator.office.setBiometrics('hanako-phone', false)
    expect(phone().biometrics).toBeUndefined()
  })

  test('that is reset keeps its keys and certificates, which are good until they are revoked', () => {
    simulator.office.setBiometrics('hanako-phone', true)
    const { authentication, signature } = phone()
    simulator.office.resetPhone('hanako-phone')
    expect(phone()).toMatchObject({ authentication, signature })
    expect(phone().biometrics).toBeUndefined()
    expect(byCrl('hanako-phone-signature-1')).toMatchObject({ status: 'good' })
    simulator.office.revoke('hanako-phone-signature-1', 'cessationOfOperation')
    expect(byCrl('hanako-phone-signature-1')).toMatchObject({ status: 'revoked' })
  })

  const apply = (phone: 'android' | 'iphone', pin: string = SAMPLE_PINS.signature) =>
    simulator.office.issuePhone('hanako', { phone, pin })
  const tries = () => simulator.cards.pins('hanako-card').load().signature.triesLeft

  test('gets certificates by the signature of the card, which outlive none of the card’s', async () => {
    simulator.office.revoke('hanako-card-authentication-1', 'keyCompromise')
    await apply('iphone')
    expect(byCrl('hanako-iphone-signature-1')).toMatchObject({ status: 'good' })
    for (const family of ['signature', 'authentication']) {
      expect(certificate(`hanako-iphone-${family}-1`).notAfter).toBe(
        certificate(`hanako-card-${family}-1`).notAfter,
      )
    }
    expect(simulator.cards.card('hanako-iphone')).toMatchObject({ kind: 'phone', phone: 'iphone' })
  })

  test('gets none for a wrong PIN, which costs a try, nor for one that is locked', async () => {
    await expect(apply('android', 'WRONG1')).rejects.toMatchObject({ code: 'PIN_WRONG' })
    expect(tries()).toBe(4)
    await expect(apply('android', '')).rejects.toMatchObject({ code: 'PIN_MALFORMED' })
    expect(tries()).toBe(4)
    await apply('android')
    expect(tries()).toBe(5)
    const pins = simulator.cards.pins('hanako-card')
    pins.save({ ...pins.load(), signature: { pin: SAMPLE_PINS.signature, triesLeft: 0 } })
    await expect(apply('android')).rejects.toMatchObject({ code: 'PIN_LOCKED' })
    expect(byCrl('hanako-phone-signature-2')).toMatchObject({ status: 'good' })
  })

  test.each<[string, () => void]>([
    ['was revoked', () => simulator.office.revoke('hanako-card-signature-1', 'keyCompromise')],
    ['is on hold', () => simulator.office.suspend('hanako-card-signature-1')],
    [
      'ended with a move',
      () => simulator.office.moveHouse('hanako', { municipalityCode: '99301', address: '模擬県' }),
    ],
    ['has expired', () => clock.set(new Date('2036-01-01T00:00:00Z'))],
  ])(
    'gets none when the signature certificate of the card %s, and no PIN is tried',
    async (_, end) => {
      end()
      const before = simulator.office.certificates.length
      await expect(apply('iphone', 'WRONG1')).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(simulator.office.certificates).toHaveLength(before)
      expect(tries()).toBe(5)
    },
  )

  test('gets none where the card has no signature certificate', async () => {
    const application = { phone: 'android', pin: SAMPLE_PINS.signature } as const
    await expect(simulator.office.issuePhone('yota', application)).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })

  test('follows an earlier one of its kind, whose certificates end and lead to the new ones', async () => {
    await apply('iphone')
    await apply('android')
    for (const family of ['signature', 'authentication']) {
      const before = certificate(`hanako-phone-${family}-1`)
      expect(before.revocation?.reason).toBe('superseded')
      expect(before.successorId).toBe(`hanako-phone-${family}-2`)
    }
    expect(byCrl('hanako-phone-signature-2')).toMatchObject({ status: 'good' })
    expect(byCrl('hanako-iphone-signature-1')).toMatchObject({ status: 'good' })
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ status: 'good' })
    const onPhones = simulator.office.tokens.filter(({ kind }) => kind === 'phone')
    expect(onPhones.map(({ id }) => id).sort()).toEqual(['hanako-iphone', 'hanako-phone'])
  })

  test('ends with the renewal of the card, until it is applied for again', async () => {
    await apply('iphone')
    await simulator.office.renew('hanako-card')
    for (const id of ['hanako-phone-signature-1', 'hanako-iphone-authentication-1']) {
      expect(certificate(id)).toMatchObject({ revocation: { reason: 'superseded' } })
      expect(certificate(id).successorId).toBeUndefined()
    }
    await apply('android')
    expect(certificate('hanako-phone-signature-1').successorId).toBe('hanako-phone-signature-2')
    expect(certificate('hanako-iphone-signature-1').successorId).toBeUndefined()
    expect(certificate('hanako-phone-signature-2').notAfter).toBe(
      certificate('hanako-card-signature-2').notAfter,
    )
  })

  test.each(['renew', 'issueSignature'] as const)(
    'is not served like a card: %s',
    async (order) => {
      await expect(simulator.office[order]('hanako-phone')).rejects.toMatchObject({
        code: 'CONFLICT',
      })
      expect(certificate('hanako-phone-signature-1').revocation).toBeUndefined()
    },
  )

  test.each(['setBiometrics', 'resetPhone'] as const)('is no card: %s', (order) => {
    expect(() => simulator.office[order]('hanako-card', true)).toThrow(
      expect.objectContaining({ code: 'CONFLICT' }) as Error,
    )
  })
})

describe('what was done', () => {
  test('is there after a restart, and CRL numbers go on', async () => {
    simulator.office.revoke('hanako-card-signature-1', 'cessationOfOperation')
    const before = verifyCrl(simulator.status.crl('signature', '99201'), anchor('signature'))
    simulator = await openIn(dataDir)
    const after = verifyCrl(simulator.status.crl('signature', '99201'), anchor('signature'))
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ status: 'revoked' })
    if (typeof before === 'string' || typeof after === 'string') throw new TypeError('two CRLs')
    expect(after.number > before.number).toBe(true)
  })

  test('to PINs outlives the process, until the office sets them back', async () => {
    const wrong = Uint8Array.of(0x00, 0x20, 0x00, 0x98, 4, 0x30, 0x30, 0x30, 0x30)
    const selectAp = Uint8Array.of(
      0x00,
      0xa4,
      0x04,
      0x0c,
      10,
      ...Buffer.from('d392f000260100000001', 'hex'),
    )
    const tries = async () => {
      const card = new SimulatedCard(
        simulator.cards.card('hanako-card'),
        simulator.cards.pins('hanako-card'),
        {
          random: systemRandom,
        },
      )
      await card.transmit(selectAp)
      return toHex(await card.transmit(wrong))
    }
    expect([await tries(), await tries(), await tries()]).toEqual(['63c2', '63c1', '63c0'])
    simulator = await openIn(dataDir)
    expect(await tries()).toBe('6984')
    simulator.office.unblockPin('hanako-card', 'authentication')
    expect(await tries()).toBe('63c2')
  })

  test('to a card that was half written is mended at the next start', async () => {
    const path = join(dataDir, 'simulator', 'cards', 'hanako-card', 'card.json')
    const good = readFileSync(path, 'utf8')
    writeFileSync(path, good.replace('"kind":"card"', '"kind":"phone"'))
    await openIn(dataDir)
    expect(readFileSync(path, 'utf8')).toBe(good)
  })
})

describe('faults on demand', () => {
  test.each([
    ['stale', { status: 'unknown', cause: 'STALE' }],
    ['expired', { status: 'unknown', cause: 'STALE' }],
    ['wrong-partition', { status: 'unknown', cause: 'WRONG_SCOPE' }],
  ])('CRL %s', (crl, expected) => {
    simulator.switches.set({ crl })
    expect(byCrl('hanako-card-signature-1')).toMatchObject(expected)
  })

  test('CRL under another key', () => {
    simulator.switches.set({ crl: 'wrong-key' })
    expect(byCrl('hanako-card-signature-1')).toBe('BAD_SIGNATURE')
  })

  test.each([
    ['stale', 'STALE'],
    ['expired', 'STALE'],
    ['wrong-key', 'BAD_SIGNATURE'],
    ['try-later', 'RESPONDER_REFUSED'],
  ])('OCSP %s', async (ocsp, cause) => {
    simulator.switches.set({ ocsp })
    expect(await byOcsp('hanako-card-signature-1')).toMatchObject({ status: 'unknown', cause })
  })

  test('services that are down', async () => {
    simulator.switches.set({ crl: 'down', ocsp: 'down', linkage: 'down' })
    const down = expect.objectContaining({ code: 'UNAVAILABLE' }) as Error
    expect(() => simulator.status.crl('signature', 'full')).toThrow(down)
    await expect(simulator.status.ocsp('signature', new Uint8Array())).rejects.toThrow(down)
    const reference = { family: 'signature', serial: '1' } as const
    expect(() => simulator.linkage.resolve('watashi', reference)).toThrow(down)
  })

  test('OCSP by a delegated responder is taken as well', async () => {
    simulator.switches.set({ ocspSigner: 'delegated' })
    expect(await byOcsp('hanako-card-signature-1')).toMatchObject({ status: 'good' })
  })

  test('the daily batch shows a change only after midnight and ten minutes in Japan', () => {
    simulator.switches.set({ crlBatch: 'daily' })
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ status: 'good' })
    simulator.office.revoke('hanako-card-signature-1', 'keyCompromise')
    clock.set('2026-11-26T15:09:00Z')
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ status: 'good' })
    clock.set('2026-11-26T15:10:00Z')
    expect(byCrl('hanako-card-signature-1')).toMatchObject({ status: 'revoked' })
  })

  test.each([
    [{ crl: 'broken' }],
    [{ nothing: 'normal' }],
    [{ toString: 'normal' }],
    [{ linkageDelayMinutes: -1 }],
    [{ linkageDelayMinutes: '1.5' }],
    [{ latencyMilliseconds: 60_001 }],
  ])('there is none such as %j', (unverified) => {
    expect(() => simulator.switches.set(unverified)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
    expect(simulator.switches.get()).toEqual(HEALTHY)
  })
})

describe('OCSP', () => {
  test('does not know serials that were never issued', async () => {
    const asked = question('hanako-card-signature-1')
    const nonce = systemRandom.bytes(32)
    const stranger = { ...asked.certificate, serial: Uint8Array.of(0x09) }
    const request = encodeOcspRequest(stranger, asked.issuer, nonce)
    const response = await simulator.status.ocsp('signature', request)
    const status = ocspStatus(response, { ...asked, certificate: stranger, nonce })
    expect(status).toMatchObject({ status: 'unknown' })
  })

  test('of one family does not answer for the other', async () => {
    const asked = question('hanako-card-signature-1')
    const nonce = systemRandom.bytes(32)
    const request = encodeOcspRequest(asked.certificate, asked.issuer, nonce)
    const response = await simulator.status.ocsp('authentication', request)
    expect(ocspStatus(response, { ...asked, nonce })).toMatchObject({ status: 'unknown' })
  })

  test.each([[[]], [[0x30, 0x00]], [[0x30, 0x03, 0x02, 0x01]], [[0xff, 0xff]]])(
    'calls %j malformed',
    async (bytes) => {
      const response = await simulator.status.ocsp('signature', Uint8Array.from(bytes))
      expect(toHex(response)).toBe('30030a0101')
    },
  )
})

describe('linkage', () => {
  test('gives each tenant another id for one person, and the same person one id', () => {
    const reference = (id: string) => ({
      family: certificate(id).family,
      serial: certificate(id).serial.toString(16),
    })
    const person = (tenant: string, id: string) =>
      simulator.linkage.resolve(tenant, reference(id)).personId
    expect(person('a', 'hanako-card-signature-1')).toBe(
      person('a', 'hanako-phone-authentication-1'),
    )
    expect(person('a', 'hanako-card-signature-1')).not.toBe(person('b', 'hanako-card-signature-1'))
    expect(person('a', 'hanako-card-signature-1')).not.toBe(person('a', 'ichiro-card-signature-1'))
  })

  test('does not take a serial of the other family', () => {
    const serial = certificate('hanako-card-signature-1').serial.toString(16)
    expect(() => simulator.linkage.resolve('a', { family: 'authentication', serial })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    )
  })
})

describe('latest attributes', () => {
  const TENANT = 'watashi'
  const DOCUMENT = 'The latest attributes may be fetched.'
  const serialOf = (id: string) => certificate(id).serial.toString(16)

  /** A consent as the card signs it. */
  function consent(
    tokenId: string,
    options: { document?: string; family?: CertificateFamily; of?: string } = {},
  ): SignedConsent {
    const { document = DOCUMENT, family = 'signature', of = `${tokenId}-signature-1` } = options
    const message = lengthPrefixed('proof', randomBytes(16), sha256(utf8(document)))
    const privateKey = simulator.cards.card(tokenId)[family]?.privateKey ?? ''
    const key = createPrivateKey({
      key: Buffer.from(privateKey, 'base64'),
      format: 'der',
      type: 'pkcs8',
    })
    const signature = new Uint8Array(sign('sha256', message, key))
    return { serial: serialOf(of), document: DOCUMENT, message, signature }
  }
  const record = (one: SignedConsent, tenant = TENANT) =>
    simulator.latestAttributes.record(tenant, one).consentId
  const supply = (consentId: string, id = 'hanako-card-signature-1', tenant = TENANT) =>
    simulator.latestAttributes.supply(tenant, consentId, serialOf(id))
  const move = () =>
    simulator.office.moveHouse('hanako', {
      municipalityCode: '99301',
      address: '模擬県星野町新町１番地',
    })
  const unknown = expect.objectContaining({ code: 'CONSENT_UNKNOWN' }) as Error

  test('are those of the register today, by the consent that the certificate signed before it ended', async () => {
    const id = record(consent('hanako-card'))
    move()
    expect(supply(id)).toMatchObject({
      supplied: true,
      attributes: { address: '模擬県星野町新町１番地' },
      municipality: { prefecture: 'Mogi-ken' },
    })
    simulator = await openIn(dataDir)
    expect(supply(id)).toMatchObject({ supplied: true })
  })

  test('are not supplied by a consent of another person, to another tenant, or of nobody', () => {
    const id = record(consent('hanako-card'))
    expect(() => supply(id, 'ichiro-card-signature-1')).toThrow(unknown)
    expect(() => supply(id, 'hanako-card-signature-1', 'another')).toThrow(unknown)
    expect(() => supply('made-up')).toThrow(unknown)
    expect(() => {
      simulator.latestAttributes.withdraw('another', id)
    }).toThrow(unknown)
  })

  test('are not supplied once the consent is withdrawn, which can be asked for', () => {
    const id = record(consent('hanako-card'))
    const query = () =>
      simulator.latestAttributes.query(TENANT, serialOf('hanako-card-signature-1'))
    expect(query()).toEqual([{ consentId: id, givenAt: NOW.toISOString(), withdrawnAt: null }])
    simulator.latestAttributes.withdraw(TENANT, id)
    simulator.latestAttributes.withdraw(TENANT, id)
    expect(query()).toMatchObject([{ consentId: id, withdrawnAt: NOW.toISOString() }])
    expect(() => supply(id)).toThrow(unknown)
    const other = serialOf('ichiro-card-signature-1')
    expect(simulator.latestAttributes.query(TENANT, other)).toEqual([])
  })

  test('the same consent handed in again is one', () => {
    const one = consent('hanako-card')
    expect(record(one)).toBe(record(one))
    expect(record(one, 'another')).not.toBe(record(one))
  })

  test.each<[string, () => SignedConsent]>([
    ['by another key', () => consent('ichiro-card', { of: 'hanako-card-signature-1' })],
    ['by the other key of the card', () => consent('hanako-card', { family: 'authentication' })],
    ['over another document', () => consent('hanako-card', { document: 'something else' })],
  ])('a consent that is signed %s is refused', (_, make) => {
    expect(() => record(make())).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }) as Error,
    )
  })

  test.each<[string, () => void, string]>([
    ['after a move', move, 'CONFLICT'],
    ['on hold', () => simulator.office.suspend('hanako-card-signature-1'), 'CONFLICT'],
    [
      'while the service is down',
      () => simulator.switches.set({ latestAttributes: 'down' }),
      'UNAVAILABLE',
    ],
  ])('a consent is not taken %s', (_, prepare, code) => {
    prepare()
    expect(() => record(consent('hanako-card'))).toThrow(expect.objectContaining({ code }) as Error)
  })

  test('are not supplied of a person who died, without a cause', () => {
    const id = record(consent('hanako-card'))
    simulator.office.recordDeath('hanako')
    expect(supply(id)).toEqual({ supplied: false })
  })
})

describe('a death', () => {
  test('ends every certificate of the person for the reason of a move, and nobody else’s', () => {
    simulator.office.recordDeath('hanako')
    for (const id of ['hanako-card-signature-1', 'hanako-phone-signature-1']) {
      expect(byCrl(id)).toMatchObject({ status: 'revoked', reason: 'affiliationChanged' })
    }
    expect(certificate('hanako-card-authentication-1').revocation?.reason).toBe(
      'affiliationChanged',
    )
    expect(byCrl('ichiro-card-signature-1')).toMatchObject({ status: 'good' })
  })

  test.each<[string, () => void | Promise<void>]>([
    ['death', () => simulator.office.recordDeath('hanako')],
    [
      'move',
      () => simulator.office.moveHouse('hanako', { municipalityCode: '99301', address: '１' }),
    ],
    ['renewal', () => simulator.office.renew('hanako-card')],
    ['new signature certificate', () => simulator.office.issueSignature('hanako-card')],
    ['phone', () => simulator.office.issuePhone('hanako', { phone: 'android', pin: 'ABC123' })],
  ])('is followed by no %s', async (_, order) => {
    simulator.office.recordDeath('hanako')
    await expect((async () => order())()).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

function opensslVersion(): string | undefined {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' })
  } catch {
    return undefined // the tests below are skipped with a line that says so
  }
}

const openssl = opensslVersion()
if (openssl === undefined) console.warn('skipped: the checks by OpenSSL need the `openssl` package')

describe.skipIf(openssl === undefined)('OpenSSL', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'watashi-openssl-'))
    const pem = (bytes: Uint8Array) => new X509Certificate(bytes).toString()
    for (const { file, certificate: bytes } of simulator.anchors) {
      writeFileSync(join(directory, file.replace(/cer$/, 'pem')), pem(bytes))
    }
    for (const { id } of simulator.office.certificates) {
      writeFileSync(join(directory, `${id}.pem`), pem(der(id)))
    }
  })
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  // 2>&1 by hand: `openssl ocsp` and `openssl crl` say "verify OK" on standard error.
  const run = (command: string) =>
    execFileSync('sh', ['-c', `openssl ${command} 2>&1`], { cwd: directory, encoding: 'utf8' })

  test('verifies every certificate under its own root', () => {
    for (const { id, family } of simulator.office.certificates) {
      const at = Math.floor(NOW.getTime() / 1000)
      expect(run(`verify -attime ${at} -CAfile ${family}.pem ${id}.pem`)).toContain(': OK')
      const other = family === 'signature' ? 'authentication' : 'signature'
      expect(() => run(`verify -attime ${at} -CAfile ${other}.pem ${id}.pem`)).toThrow()
    }
  })

  test('verifies the CRL of a town, with its critical scope', () => {
    simulator.office.revoke('hanako-card-signature-1', 'keyCompromise')
    writeFileSync(join(directory, 'town.crl'), simulator.status.crl('signature', '99201'))
    const text = run('crl -inform DER -in town.crl -CAfile signature.pem -noout -text')
    expect(text).toContain('verify OK')
    expect(text).toMatch(/Issuing Distribution Point: critical[\s\S]*Midorikawa-shi CRLDP/)
    expect(text).toContain('Key Compromise')
    writeFileSync(join(directory, 'full.crl'), simulator.status.crl('signature', 'full'))
    const full = run('crl -inform DER -in full.crl -CAfile signature.pem -noout -text')
    expect(full).toContain('verify OK')
    expect(full).not.toContain('Issuing Distribution Point')
  })

  test('verifies certificate, list and answer for a next card', async () => {
    await simulator.office.renew('hanako-card', 'next')
    clock.set(new Date()) // `openssl ocsp` has no switch for the time
    simulator.office.revoke('hanako-card-signature-2', 'keyCompromise')
    const next = (family: string) => `hanako-card-${family}-2`
    for (const family of ['signature', 'authentication'] as const) {
      const pem = new X509Certificate(der(next(family))).toString()
      writeFileSync(join(directory, `${next(family)}.pem`), pem)
      const roots = (file: string) => run(`verify -CAfile ${file}.pem ${next(family)}.pem`)
      expect(roots(`${family}-next`)).toContain(': OK')
      expect(() => roots(family)).toThrow()
    }
    writeFileSync(join(directory, 'town.crl'), simulator.status.crl('signature', '99201', 'next'))
    const text = run('crl -inform DER -in town.crl -CAfile signature-next.pem -noout -text')
    expect(text).toContain('verify OK')
    expect(text).toContain('ecdsa-with-SHA384')
    expect(text).toContain('Key Compromise')
    const asked = `-issuer authentication-next.pem -cert ${next('authentication')}.pem`
    run(`ocsp ${asked} -reqout request.der`)
    const request = new Uint8Array(readFileSync(join(directory, 'request.der')))
    const response = await simulator.status.ocsp('authentication', request)
    writeFileSync(join(directory, 'response.der'), response)
    const answer = run(
      `ocsp ${asked} -no_nonce -respin response.der -CAfile authentication-next.pem`,
    )
    expect(answer).toContain('Response verify OK')
    expect(answer).toContain(`${next('authentication')}.pem: good`)
  })

  test('sees a revoked certificate as such by the CRL of its town', () => {
    simulator.office.revoke('hanako-card-signature-1', 'keyCompromise')
    const crl = simulator.status.crl('signature', '99201')
    writeFileSync(join(directory, 'town.der'), crl)
    run('crl -inform DER -in town.der -out town.pem')
    const at = Math.floor(NOW.getTime() / 1000)
    const verify = `verify -attime ${at} -crl_check -CRLfile town.pem -CAfile signature.pem`
    expect(run(`${verify} hanako-phone-signature-1.pem`)).toContain(': OK')
    expect(() => run(`${verify} hanako-card-signature-1.pem`)).toThrow()
    // Another town's CRL says nothing about this one.
    expect(() => run(`${verify} ichiro-card-signature-1.pem`)).toThrow()
  })

  test.each(['authority', 'delegated'])('verifies OCSP signed by the %s', async (ocspSigner) => {
    simulator.switches.set({ ocspSigner })
    clock.set(new Date()) // `openssl ocsp` has no switch for the time
    simulator.office.revoke('hanako-card-signature-1', 'affiliationChanged')
    run(
      'ocsp -issuer signature.pem -cert hanako-card-signature-1.pem -cert ichiro-card-signature-1.pem -reqout request.der',
    )
    const request = new Uint8Array(readFileSync(join(directory, 'request.der')))
    const response = await simulator.status.ocsp('signature', request)
    writeFileSync(join(directory, 'response.der'), response)
    const answer = run(
      'ocsp -issuer signature.pem -cert hanako-card-signature-1.pem -cert ichiro-card-signature-1.pem -no_nonce -respin response.der -CAfile signature.pem',
    )
    expect(answer).toContain('Response verify OK')
    expect(answer).toContain('hanako-card-signature-1.pem: revoked')
    expect(answer).toContain('Reason: affiliationChanged')
    expect(answer).toContain('ichiro-card-signature-1.pem: good')
  })
})
