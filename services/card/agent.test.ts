import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verify, X509Certificate } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { signedAttributes } from '../jpki/cms/write-signature.ts'
import { fromBase64, toBase64Url, toHex, utf8 } from '../kernel/bytes.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { simulatedCards } from '../simulator/card-reader.ts'
import { keyPool } from '../simulator/key-pool.ts'
import { openSimulator, type SimulatorCore } from '../simulator/simulator-core.ts'
import { CardAgent } from './agent.ts'
import { cardAgentServer } from './agent-http.ts'
import { CardError } from './card-error.ts'
import { proofingOverHttp } from './proofing-http.ts'
import { proofMessage } from './proof-message.ts'
import type { CardSource } from './transport.ts'
import { type FakeProofing, startFakeProofing } from '../../test/support/fake-proofing.ts'

const NOW = '2026-11-26T00:00:00Z'
const ORIGIN = 'http://card.localhost:8090'
const HOST = 'card.localhost:8090'
const PIN = { authentication: '1234', signature: 'ABC123' }

let simulator: SimulatorCore
let dataDir: string
let proofing: FakeProofing
let issuer: string
let clock: FrozenClock
let app: FastifyInstance
let ticketNumber = 0
let ticket: string
let logged: string[]

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'watashi-agent-'))
  clock = new FrozenClock(NOW)
  simulator = await openSimulator({
    environment: 'simulator',
    dataDir,
    clock,
    random: systemRandom,
    keySource: keyPool(2),
  })
  proofing = await startFakeProofing()
  issuer = proofing.issuer
})

afterAll(() => proofing.close())

beforeEach(() => {
  ticket = `ticket-of-the-test-number-${ticketNumber++}`
  clock.set(NOW)
  logged = []
  for (const id of ['hanako-card', 'hanako-phone', 'yota-card']) {
    simulator.office.unblockPin(id, 'authentication')
    simulator.office.unblockPin(id, 'signature')
  }
  proofing.reset()
  app = agentWith(simulatedCards(dataDir, systemRandom))
})

function agentWith(cards: CardSource): FastifyInstance {
  const agent = new CardAgent({
    environment: 'simulator',
    issuer,
    cards,
    proofing: proofingOverHttp(issuer),
    clock,
    random: systemRandom,
  })
  const log = createLog('debug', { write: (line: string) => void logged.push(line) })
  return cardAgentServer(agent, { origin: () => ORIGIN, issuer, log })
}

function get(url: string, headers: Record<string, string> = {}) {
  return app.inject({ method: 'GET', url, headers: { host: HOST, ...headers } })
}

async function formToken(): Promise<string> {
  const page = await get(`/?ticket=${ticket}`)
  return tokenIn(page.body)
}

function tokenIn(page: string): string {
  return /name="token" value="([^"]+)"/.exec(page)?.[1] ?? ''
}

function tap(fields: Record<string, string>, headers: Record<string, string> = {}) {
  return app.inject({
    method: 'POST',
    url: '/tap',
    headers: {
      host: HOST,
      origin: ORIGIN,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    payload: new URLSearchParams({ ticket, card: 'hanako-card', ...fields }).toString(),
  })
}

describe('the page', () => {
  test('says what is signed, for whom, and what is sent', async () => {
    const page = await get(`/?ticket=${ticket}`)
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('はじめての本人確認')
    expect(page.body).toContain(issuer)
    expect(page.body).toContain('氏名・住所・生年月日・性別')
    expect(page.body).toContain('パスキー')
    const zone = { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const
    const until = new Date(String(proofing.session['expiresAt'])).toLocaleTimeString('ja', zone)
    expect(page.body).toContain(until)
    expect(page.body).toContain('模擬環境')
    expect(page.body).toContain('見本カードの暗証番号')
  })

  test('brings its own Japanese font, which browsers may keep, and nothing else of the package', async () => {
    expect((await get(`/?ticket=${ticket}`)).body).toContain('href="/fonts.css"')
    const faces = await get('/fonts.css')
    expect(faces.headers['content-type']).toContain('text/css')
    const path = /url\((\/fonts\/[^)]+\.woff2)\)/.exec(faces.body)?.[1] ?? ''
    const font = await get(path)
    expect(font.headers).toMatchObject({
      'content-type': 'font/woff2',
      'cache-control': 'public, max-age=31536000, immutable',
    })
    expect(font.rawPayload.subarray(0, 4).toString()).toBe('wOF2')
    for (const other of [
      '',
      'x.woff2',
      '../package.json',
      '%2e%2e/package.json',
      '%2e%2e%2fwght.css',
    ]) {
      const { statusCode } = await get(path.replace(/[^/]+$/, other))
      expect([403, 404]).toContain(statusCode)
    }
    expect((await get(path, { host: 'evil.example' })).statusCode).toBe(403)
  })

  test('is in English for who asks for it by a link or by the browser', async () => {
    const asked = await get(`/?ticket=${ticket}&lang=en`, { 'accept-language': 'ja' })
    const browser = await get(`/?ticket=${ticket}`, { 'accept-language': 'en-GB,ja;q=0.5' })
    for (const { body } of [asked, browser]) {
      expect(body).toContain('<html lang="en">')
      expect(body).toContain('Proving who you are for the first time')
    }
  })

  test('names the relying party of a transaction, as text and not as markup', async () => {
    proofing.session['purpose'] = 'transaction'
    proofing.session['rpId'] = 'bank'
    proofing.session['rpName'] = 'Bank <b>of</b> "Samples"'
    const { body } = await get(`/?ticket=${ticket}&lang=en`)
    expect(body).toContain('Bank &lt;b&gt;of&lt;/b&gt; &quot;Samples&quot;')
    expect(body).not.toContain('<b>')
  })

  test('has a label for every field, and runs no script', async () => {
    const { body, headers } = await get(`/?ticket=${ticket}`)
    for (const id of ['card-hanako-card', 'card-yota-card', 'pin']) {
      expect(body).toContain(`id="${id}"`)
      expect(body).toContain(`<label for="${id}">`)
    }
    expect(body).not.toMatch(/<script|\son\w+=|style=/)
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'self'; font-src 'self'; form-action 'self' ${issuer}; base-uri 'none'; frame-ancestors 'none'`,
    )
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['referrer-policy']).toBe('same-origin')
  })

  test.each([
    ['NO_READER', 'No card reader is connected'],
    ['NO_READER_SERVICE', 'pcscd'],
    ['NO_READER_LIBRARY', 'pcsc-mini'],
    ['', 'Put your My Number Card on the card reader'],
  ] as const)(
    'says what is missing to find a card (%s), and where to look again',
    async (code, words) => {
      const cards = {
        list: () =>
          code === '' ? Promise.resolve([]) : Promise.reject(new CardError(code, 'none')),
        open: () => Promise.reject(new CardError('CARD_REMOVED', 'not there')),
        close: () => undefined,
      }
      app = agentWith(cards)
      const { statusCode, body } = await get(`/?ticket=${ticket}&lang=en`)
      expect(statusCode).toBe(200)
      expect(body).toContain(words)
      expect(body).toContain(`<a href="/?ticket=${ticket}&amp;lang=en">Look for a card again</a>`)
      expect(body).not.toContain('name="pin"')
    },
  )

  test('asks proofing once, however often it is shown', async () => {
    await Promise.all([get(`/?ticket=${ticket}`), get(`/?ticket=${ticket}`)])
    await get(`/?ticket=${ticket}&lang=en`)
    expect(proofing.sessions).toBe(1)
  })

  test('without a ticket says where to begin', async () => {
    const page = await get('/?lang=en')
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('Start from the page that asks for the card')
    expect(proofing.sessions).toBe(0)
  })

  test.each([
    ['http://evil.example/enrol/back', 'FOREIGN_RETURN_URL'],
    ['https://127.0.0.1/enrol/back', 'FOREIGN_RETURN_URL'],
    ['javascript:alert(1)', 'FOREIGN_RETURN_URL'],
    ['//evil.example/', 'FOREIGN_RETURN_URL'],
    ['/enrol/back', 'FOREIGN_RETURN_URL'],
  ])('refuses to go back to %s', async (returnUrl, code) => {
    proofing.session['returnUrl'] = returnUrl
    const page = await get(`/?ticket=${ticket}`)
    expect(page.statusCode).toBe(422)
    expect(page.body).toContain(code)
    expect(page.body).not.toContain('name="pin"')
  })

  test('refuses a return address with a user name in it', async () => {
    proofing.session['returnUrl'] = issuer.replace('//', '//someone@')
    expect((await get(`/?ticket=${ticket}`)).body).toContain('FOREIGN_RETURN_URL')
  })

  test.each([
    ['another environment', { environment: 'production' }, 422, 'WRONG_ENVIRONMENT'],
    ['a ticket that has expired', { expiresAt: NOW }, 422, 'TICKET_EXPIRED'],
    ['a purpose there is none of', { purpose: 'sign-anything' }, 503, 'UNAVAILABLE'],
    ['a nonce that is too short', { nonce: 'AAAA' }, 503, 'UNAVAILABLE'],
    ['a nonce that is no base64url', { nonce: '='.repeat(43) }, 503, 'UNAVAILABLE'],
    ['a time that is none', { expiresAt: 'soon' }, 503, 'UNAVAILABLE'],
  ])('refuses %s', async (_name, change, status, code) => {
    Object.assign(proofing.session, change)
    const page = await get(`/?ticket=${ticket}`)
    expect(page.statusCode).toBe(status)
    expect(page.body).toContain(code)
    expect(page.body).not.toContain('name="pin"')
  })

  test.each([
    [404, 'TICKET_INVALID', 422],
    [409, 'REFUSED', 422],
    [500, 'UNAVAILABLE', 503],
  ])('tells in words when proofing answers %i', async (status, code, expected) => {
    proofing.sessionStatus = status
    const page = await get(`/?ticket=${ticket}`)
    expect(page.statusCode).toBe(expected)
    expect(page.body).toContain('role="alert"')
    expect(page.body).toContain(code)
  })

  test.each(['short', 'with space and more of it', '<script>alert(1)</script>aaaa'])(
    'does not bother proofing with %j',
    async (bad) => {
      const page = await get(`/?ticket=${encodeURIComponent(bad)}`)
      expect(page.statusCode).toBe(422)
      expect(page.body).not.toContain('<script>')
      expect(proofing.sessions).toBe(0)
    },
  )

  test.each(['localhost:8090', '127.0.0.1:8090', 'evil.example', 'card.localhost:1'])(
    'does not answer to the name %s',
    async (host) => {
      expect((await get(`/?ticket=${ticket}`, { host })).statusCode).toBe(403)
    },
  )
})

describe('a tap', () => {
  test('signs the proof message and sends the browser back with the ticket alone', async () => {
    proofing.session['returnUrl'] = `${issuer}/enrol/back?x=1#y`
    const answer = await tap({ token: await formToken(), pin: PIN.signature.toLowerCase() })
    expect(answer.statusCode).toBe(303)
    expect(answer.headers.location).toBe(`${issuer}/enrol/back?ticket=${ticket}`)
    const [evidence] = proofing.evidence
    expect(evidence).toMatchObject({ ticket, tokenType: 'card' })
    const message = proofMessage({
      environment: 'simulator',
      sessionId: 'session-1',
      purpose: 'enrol',
      rpId: '',
      nonce: new Uint8Array(32).fill(7),
      bindingHash: new Uint8Array(32).fill(9),
    })
    const certificate = new X509Certificate(fromBase64(evidence?.['certificate'] ?? ''))
    const signature = fromBase64(evidence?.['signature'] ?? '')
    expect(verify('sha256', message, certificate.publicKey, signature)).toBe(true)
    expect(certificate.issuer).toContain('JPKI for digital signature')
  })

  test('with the authentication key uses that certificate, also of a person without the other', async () => {
    proofing.session['keyUse'] = 'authentication'
    const answer = await tap({
      token: await formToken(),
      card: 'yota-card',
      pin: PIN.authentication,
    })
    expect(answer.statusCode).toBe(303)
    const certificate = fromBase64(proofing.evidence[0]?.['certificate'] ?? '')
    expect(new X509Certificate(certificate).issuer).toContain('JPKI for user authentication')
  })

  test('of a phone says so', async () => {
    await tap({ token: await formToken(), card: 'hanako-phone', pin: PIN.signature })
    expect(proofing.evidence[0]?.['tokenType']).toBe('android')
  })

  test('that was made sends the browser back when the page is loaded again', async () => {
    await tap({ token: await formToken(), pin: PIN.signature })
    const again = await get(`/?ticket=${ticket}`)
    expect(again.statusCode).toBe(303)
    expect(again.headers.location).toBe(`${issuer}/enrol/back?ticket=${ticket}`)
    const twice = await tap({ token: 'whatever', pin: PIN.signature })
    expect(twice.statusCode).toBe(303)
    expect(proofing.evidence.length).toBe(1)
  })

  test('with a wrong PIN tells the tries left and lets the person try again', async () => {
    const wrong = await tap({ token: await formToken(), pin: 'WRONG1', lang: 'en' })
    expect(wrong.statusCode).toBe(422)
    expect(wrong.body).toContain('role="alert"')
    expect(wrong.body).toContain('4 more wrong PINs lock the card')
    // Between the label and the field, which takes the focus.
    expect(wrong.body).toMatch(/<label for="pin">.*id="fault".*<input\s+type="password"/su)
    expect(wrong.body).toContain('aria-invalid="true"')
    const right = await tap({ token: tokenIn(wrong.body), pin: PIN.signature })
    expect(right.statusCode).toBe(303)
    expect(proofing.evidence.length).toBe(1)
  })

  test('stops before the last try until the person says to use it, then locks', async () => {
    proofing.session['keyUse'] = 'authentication'
    let page = (await tap({ token: await formToken(), pin: '0000' })).body
    page = (await tap({ token: tokenIn(page), pin: '0000' })).body
    const stopped = await tap({ token: tokenIn(page), pin: '0000', lang: 'en' })
    expect(stopped.body).toContain('Only one try is left')
    expect(simulator.cards.pins('hanako-card').load().authentication.triesLeft).toBe(1)
    const locked = await tap({
      token: tokenIn(stopped.body),
      pin: '0000',
      last: 'yes',
      lang: 'en',
    })
    expect(locked.body).toContain('locked')
    expect(locked.body).toContain('municipal office')
    const still = await tap({ token: tokenIn(locked.body), pin: PIN.authentication })
    expect(still.statusCode).toBe(422)
    expect(proofing.evidence).toEqual([])
  })

  test('with what can be no PIN costs no try', async () => {
    const answer = await tap({ token: await formToken(), pin: '12', lang: 'en' })
    expect(answer.body).toContain('no try was lost')
    expect(simulator.cards.pins('hanako-card').load().signature.triesLeft).toBe(5)
  })

  test('with a card without a signature certificate says so', async () => {
    const answer = await tap({ token: await formToken(), card: 'yota-card', pin: PIN.signature })
    expect(answer.body).toContain('署名用電子証明書がありません')
    expect(answer.body).toContain('署名用電子証明書がない方の手続きを選んで')
    expect(proofing.evidence).toEqual([])
  })

  test('with such a card, where no other certificate will do, only says how to go back', async () => {
    proofing.session['purpose'] = 'reproof'
    const answer = await tap({ token: await formToken(), card: 'yota-card', pin: PIN.signature })
    expect(answer.body).toContain('このカードでは、この確認はできません')
    expect(answer.body).not.toContain('手続きを選んで')
  })

  test('with a card that is gone says so', async () => {
    const answer = await tap({ token: await formToken(), card: 'nobody', pin: PIN.signature })
    expect(answer.statusCode).toBe(422)
    expect(answer.body).toContain('カードが読めなくなりました')
  })

  test('that proofing does not answer can be made again', async () => {
    proofing.evidenceStatus = 500
    const failed = await tap({ token: await formToken(), pin: PIN.signature })
    expect(failed.body).toContain('つながりません')
    proofing.evidenceStatus = 200
    const again = await tap({ token: tokenIn(failed.body), pin: PIN.signature })
    expect(again.statusCode).toBe(303)
  })

  test('that proofing refuses ends in words', async () => {
    proofing.evidenceStatus = 409
    const refused = await tap({ token: await formToken(), pin: PIN.signature })
    expect(refused.statusCode).toBe(422)
    expect(refused.body).toContain('REFUSED')
  })

  test.each([
    ['from another origin', { origin: 'http://evil.example' }],
    ['from an origin that is hidden', { origin: 'null' }],
    ['from the issuer itself', { origin: 'http://localhost:8080' }],
  ])('%s does not reach the card', async (_name, headers) => {
    const answer = await tap({ token: await formToken(), pin: 'WRONG1' }, headers)
    expect(answer.statusCode).toBe(403)
    expect(simulator.cards.pins('hanako-card').load().signature.triesLeft).toBe(5)
  })

  test('without an origin does not reach the card', async () => {
    const token = await formToken()
    const answer = await app.inject({
      method: 'POST',
      url: '/tap',
      headers: { host: HOST, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({
        ticket,
        card: 'hanako-card',
        token,
        pin: 'WRONG1',
      }).toString(),
    })
    expect(answer.statusCode).toBe(403)
  })

  test('with a form token used before does not reach the card', async () => {
    const token = await formToken()
    await tap({ token, pin: 'WRONG1' })
    const again = await tap({ token, pin: 'WRONG1', lang: 'en' })
    expect(again.body).toContain('out of date')
    expect(simulator.cards.pins('hanako-card').load().signature.triesLeft).toBe(4)
  })

  test('with a field that comes twice is refused', async () => {
    const token = await formToken()
    const answer = await app.inject({
      method: 'POST',
      url: '/tap',
      headers: {
        host: HOST,
        origin: ORIGIN,
        'content-type': 'application/x-www-form-urlencoded',
      },
      payload: `ticket=${ticket}&token=${token}&card=hanako&pin=1&pin=2`,
    })
    expect(answer.statusCode).toBe(400)
  })

  test('after the time has passed is refused', async () => {
    const token = await formToken()
    clock.advance(11 * 60_000)
    const answer = await tap({ token, pin: PIN.signature })
    expect(answer.body).toContain('TICKET_EXPIRED')
    expect(proofing.evidence).toEqual([])
  })

  test('leaves no PIN, ticket or card in log and pages', async () => {
    const pin = 'SECRET9PIN'
    const wrong = await tap({ token: await formToken(), pin })
    proofing.evidenceStatus = 409
    const refused = await tap({ token: tokenIn(wrong.body), pin: PIN.signature })
    expect(wrong.body).not.toContain(pin)
    const lines = logged.join('\n')
    expect(lines).toContain('PIN_WRONG')
    for (const secret of [pin, PIN.signature, ticket, 'hanako']) {
      expect(lines).not.toContain(secret)
      expect(refused.body).not.toContain(secret)
    }
  })
})

describe('a document of a relying party', () => {
  const TEXT = 'Article 1\n  A sample contract\n'
  const documentSession = (bent: Record<string, unknown> = {}) => {
    const { sessionId: _, nonce: __, bindingHash: ___, ...task } = proofing.session
    return {
      ...task,
      purpose: 'document',
      rpId: 'bank',
      rpName: 'さくら<銀行>',
      document: {
        title: '契約書 <1>',
        mediaType: 'text/plain',
        digest: toBase64Url(sha256(TEXT)),
        text: TEXT,
        ...bent,
      },
      signingTime: '2026-11-26T00:00:00.000Z',
    }
  }

  test('is shown with who asks, its whole text and digest, and what goes where', async () => {
    proofing.session = documentSession()
    const page = await get(`/?ticket=${ticket}&lang=en`)
    expect(page.statusCode).toBe(200)
    expect(page.body).toContain('さくら&lt;銀行&gt;')
    expect(page.body).toContain('契約書 &lt;1&gt;')
    expect(page.body).toContain('Article 1<br />  A sample contract<br />')
    const groups = toHex(sha256(TEXT)).match(/.{4}/g)?.slice(0, 8).join(' ') ?? ''
    expect(page.body).toContain(groups)
    expect(page.body).toContain('go to who asks for the signature')
    expect(page.body).toContain('name, address, birth date and gender')
  })

  test('is signed inside a message of ours, never as the digest that came', async () => {
    proofing.session = documentSession()
    const done = await tap({ token: await formToken(), pin: PIN.signature })
    expect(done.statusCode).toBe(303)
    const [given] = proofing.evidence
    expect(Object.keys(given ?? {}).sort()).toEqual(['certificate', 'signature', 'ticket'])
    const certificate = fromBase64(given?.['certificate'] ?? '')
    const signature = fromBase64(given?.['signature'] ?? '')
    const { publicKey } = new X509Certificate(certificate)
    const attributes = signedAttributes({
      certificate,
      digest: sha256(TEXT),
      signingTime: new Date(NOW),
    })
    expect(verify('sha256', attributes, publicKey, signature)).toBe(true)
    expect(verify('sha256', utf8(TEXT), publicKey, signature)).toBe(false)
  })

  test.each<[string, Record<string, unknown>]>([
    ['another text', { text: 'Another contract' }],
    ['a digest of another length', { digest: toBase64Url(new Uint8Array(31)), text: null }],
  ])('is neither shown nor signed with %s', async (_what, bent) => {
    proofing.session = documentSession(bent)
    const page = await get(`/?ticket=${ticket}`)
    expect(page.statusCode).toBeGreaterThanOrEqual(400)
    expect(page.body).not.toContain('name="pin"')
  })

  test('is refused in words by a card without a signature certificate', async () => {
    proofing.session = documentSession()
    const answer = await tap({ token: await formToken(), card: 'yota-card', pin: PIN.signature })
    expect(answer.statusCode).toBe(422)
    expect(answer.body).toContain('署名用電子証明書がありません')
    expect(proofing.evidence).toEqual([])
  })
})
