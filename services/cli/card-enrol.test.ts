import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { verify, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FakeProofing, startFakeProofing } from '../../test/support/fake-proofing.ts'
import { CardError } from '../card/card-error.ts'
import { proofMessage } from '../card/proof-message.ts'
import { fromBase64 } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { systemRandom } from '../kernel/random.ts'
import { keyPool } from '../simulator/key-pool.ts'
import { openSimulator, type SimulatorCore } from '../simulator/simulator-core.ts'
import { type CardEnrolConfig, enrolWithCard, type EnrolRequest } from './card-enrol.ts'
import { openTerminal } from './terminal.ts'

const TICKET = 'ticket-of-the-terminal'
const CARD = { card: 'hanako-card' }
const PIN = { authentication: '1234', signature: 'ABC123' }
const dataDir = mkdtempSync(join(tmpdir(), 'watashi-enrol-'))
const clock = new FrozenClock('2026-11-26T00:00:00Z')

let simulator: SimulatorCore
let proofing: FakeProofing

beforeAll(async () => {
  proofing = await startFakeProofing()
  simulator = await openSimulator({
    environment: 'simulator',
    dataDir,
    clock,
    random: systemRandom,
    keySource: keyPool(2),
  })
})

afterAll(async () => {
  proofing.close()
  await rm(dataDir, { recursive: true })
})

beforeEach(() => {
  proofing.reset()
  simulator.office.unblockPin('hanako-card', 'authentication')
  simulator.office.unblockPin('hanako-card', 'signature')
})

/** A machine without readers. */
const withoutReaders = () => Promise.reject(new CardError('NO_READER_LIBRARY', 'expected readers'))

/** Walks through with the lines typed in advance; what was shown comes back. */
async function walk(
  lines: readonly string[],
  request: EnrolRequest = {},
  change: Partial<CardEnrolConfig> = {},
): Promise<{ code: number; shown: string }> {
  const input = new PassThrough()
  let shown = ''
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      shown += String(chunk)
      done()
    },
  })
  input.end(lines.map((line) => `${line}\n`).join(''))
  const terminal = await openTerminal(input, output)
  const config = {
    environment: 'simulator' as const,
    issuer: proofing.issuer,
    dataDir,
    random: systemRandom,
    clock,
    openReaders: withoutReaders,
    ...change,
  }
  try {
    return { code: await enrolWithCard(config, { address: TICKET, ...request }, terminal), shown }
  } finally {
    terminal.close()
  }
}

const triesLeft = (family: 'authentication' | 'signature') =>
  simulator.cards.pins('hanako-card').load()[family].triesLeft

describe('enrolment in the terminal', () => {
  test('shows in both languages what is signed, signs it, hands it over, says what came of it', async () => {
    const { code, shown } = await walk([PIN.signature], CARD)
    expect(code).toBe(0)
    for (const words of [
      'はじめての本人確認',
      'Proving who you are for the first time',
      'パスキー',
      proofing.issuer,
      '氏名・住所・生年月日・性別',
      'name, address, birth date and gender',
      ':10 ', // with the zone of this machine
      '模擬環境',
      '確認できました',
      'accepted',
      `${proofing.issuer}/enrol/back?ticket=${TICKET}`,
    ]) {
      expect(shown).toContain(words)
    }
    const [evidence] = proofing.evidence
    expect(evidence).toMatchObject({ ticket: TICKET, tokenType: 'card' })
    const message = proofMessage({
      environment: 'simulator',
      sessionId: 'session-1',
      purpose: 'enrol',
      rpId: '',
      nonce: new Uint8Array(32).fill(7),
      bindingHash: new Uint8Array(32).fill(9),
    })
    const { publicKey } = new X509Certificate(fromBase64(evidence?.['certificate'] ?? ''))
    const signature = fromBase64(evidence?.['signature'] ?? '')
    expect(verify('sha256', message, publicKey, signature)).toBe(true)
  })

  test.each([
    ['the address of the card page', `http://card.localhost:8090/?ticket=${TICKET}&lang=en`],
    ['the ticket alone', `  ${TICKET} `],
  ])('asks where to begin and takes %s', async (_name, typed) => {
    const input = new PassThrough()
    input.end(`${typed}\n${PIN.signature}\n`)
    const terminal = await openTerminal(input, new PassThrough())
    const { issuer } = proofing
    const config = { environment: 'simulator' as const, issuer, dataDir, random: systemRandom }
    const readers = { clock, openReaders: withoutReaders }
    expect(await enrolWithCard({ ...config, ...readers }, CARD, terminal)).toBe(0)
    terminal.close()
    expect(proofing.evidence[0]?.['ticket']).toBe(TICKET)
  })

  test('lets the person choose among several cards', async () => {
    proofing.session['keyUse'] = 'authentication'
    const { code, shown } = await walk(['yota-card', PIN.authentication])
    expect(code).toBe(0)
    expect(shown).toContain('Hanako Mihon')
    const { subject } = new X509Certificate(fromBase64(proofing.evidence[0]?.['certificate'] ?? ''))
    const onCard = simulator.cards.card('yota-card').authentication.certificate
    expect(subject).toBe(new X509Certificate(fromBase64(onCard)).subject)
  })

  test('tells the tries left after a wrong PIN and asks again', async () => {
    const { code, shown } = await walk(['WRONG1', '12', PIN.signature], CARD)
    expect(code).toBe(0)
    expect(shown).toContain('4 more wrong PINs lock the card')
    expect(shown).toContain('no try was lost')
    expect(triesLeft('signature')).toBe(5)
  })

  test('warns before the last try and does not use it without consent', async () => {
    proofing.session['keyUse'] = 'authentication'
    const { code, shown } = await walk(['0000', '0000', '1234', 'no'], CARD)
    expect(code).toBe(1)
    expect(shown).toContain('Only one try is left')
    expect(shown).toContain('No signature was handed over')
    expect(triesLeft('authentication')).toBe(1)
    const right = await walk(['1234', 'yes'], CARD)
    expect(right.code).toBe(0)
    expect(triesLeft('authentication')).toBe(3)
  })

  test('ends at a lock and says who can help', async () => {
    proofing.session['keyUse'] = 'authentication'
    const { code, shown } = await walk(['0000', '0000', '0000', 'yes'], CARD)
    expect(code).toBe(1)
    expect(shown).toContain('municipal office')
    expect(proofing.evidence).toEqual([])
  })

  test.each([
    ['refused', 'CERTIFICATE_REVOKED', 'not accepted'],
    ['indeterminate', 'STATUS_UNAVAILABLE', 'no result yet'],
  ])('says that it was %s and why', async (outcome, reason, words) => {
    proofing.verdict = { outcome, reason }
    const { code, shown } = await walk([PIN.signature], CARD)
    expect(code).toBe(1)
    expect(shown).toContain(words)
    expect(shown).toContain(reason)
  })

  test('tries again when proofing does not answer, if the person wants to', async () => {
    proofing.evidenceStatus = 500
    const { code, shown } = await walk([PIN.signature, 'yes', PIN.signature, 'no'], CARD)
    expect(code).toBe(1)
    expect(shown.match(/does not answer/g)).toHaveLength(2)
  })

  test.each([
    [404, 'TICKET_INVALID'],
    [409, 'REFUSED'],
  ])('ends in words for a ticket that proofing answers with %i', async (status, code) => {
    proofing.sessionStatus = status
    const { code: exit, shown } = await walk([PIN.signature], CARD)
    expect(exit).toBe(2)
    expect(shown).toContain(code)
    expect(shown).not.toContain('PIN of the')
  })

  test('shows nothing to sign of another environment', async () => {
    proofing.session['environment'] = 'production'
    const { code, shown } = await walk([PIN.signature], CARD)
    expect(code).toBe(2)
    expect(shown).toContain('WRONG_ENVIRONMENT')
    expect(triesLeft('signature')).toBe(5)
  })

  test('looks again for a card there is none of, as often as the person wants', async () => {
    const { code, shown } = await walk(['yes', 'no'], { card: 'nobody' })
    expect(code).toBe(1)
    expect(shown.match(/There is no card that could be used/g)).toHaveLength(2)
  })

  test('outside the simulator environment needs readers', async () => {
    const walked = walk([], CARD, { environment: 'jpki-test' })
    await expect(walked).rejects.toMatchObject({ code: 'NO_READER_LIBRARY' })
  })

  test('stops without a fault when the person goes away', async () => {
    await expect(walk([], CARD)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(triesLeft('signature')).toBe(5)
  })

  test('shows no PIN, right or wrong', async () => {
    const { shown } = await walk(['SECRET99', PIN.signature], CARD)
    expect(shown).toContain('The PIN is wrong')
    expect(shown).not.toContain('SECRET99')
    // The notice of the simulator names the sample PINs once in each language.
    expect(shown.split(PIN.signature)).toHaveLength(3)
  })
})
