import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { openVisitor, PAGE_TEXTS, pictureFolder, type Visitor } from '../support/pages.ts'

/** What is not in the pages' own texts, by language. */
const RUNS = [
  {
    language: 'ja',
    card: /見本 陽太.*カード/,
    pins: { signature: '署名用の暗証番号', authentication: '利用者証明用の暗証番号' },
    actions: { library: 'Watashi でログイン', bank: '口座を開設する' },
    private: /プライベート/,
    otherLanguage: 'Private',
    cancel: 'カードを使わずに戻る',
  },
  {
    language: 'en',
    card: /Yota Mihon.*card/,
    pins: {
      signature: 'PIN of the signature certificate',
      authentication: 'PIN of the authentication certificate',
    },
    actions: { library: 'Log in with Watashi', bank: 'Open an account' },
    private: /Private/,
    otherLanguage: 'プライベート',
    cancel: 'Go back without using the card',
  },
] as const

const PINS = { signature: 'ABC123', authentication: '1234' } as const
const MADE_UP_TICKET = 'A'.repeat(22)

const pictures = pictureFolder('side-paths')
let instance: Instance
let browser: Browser

beforeAll(async () => {
  instance = await startInstance()
  ;({ browser } = await launchBrowser())
})
afterAll(async () => {
  await browser?.close()
  await instance?.[Symbol.asyncDispose]()
})

describe.each(RUNS)('beside the main story ($language)', (run) => {
  const texts = PAGE_TEXTS[run.language]
  let visitor: Visitor
  let page: Visitor['page']
  let look: Visitor['look']

  beforeAll(async () => {
    visitor = await openVisitor(browser, { language: run.language, pictures })
    ;({ page, look } = visitor)
  })
  afterAll(() => visitor?.[Symbol.asyncDispose]())

  const at = (path: string): string => `${instance.ready.issuer}${path}`
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  const link = (name: string) => page.getByRole('link', { name, exact: true })
  const heading = (name: string) => page.getByRole('heading', { level: 1, name })
  const sample = (name: string): string => instance.ready.samples?.[name] ?? ''

  test('an address that does not exist leads back to the home page', async () => {
    await page.goto(at('/no/such/page'))
    await heading(texts.notFound.title).waitFor()
    await look('not-found', 'both')
    await link(texts.notFound.home).click()
    await heading(texts.home.title).waitFor()
    await look('home', 'both')
  })

  test('the code for a reception desk, opened by a camera, says what it is and asks the server for nothing', async () => {
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    await page.goto(at(`/t/${MADE_UP_TICKET}`))
    await heading(texts.ticket.title).waitFor()
    await page.getByText(new URL(instance.ready.issuer).host).first().waitFor()
    await look('ticket', 'both')
    page.removeAllListeners('request')
    expect(asked.filter((url) => url.includes(MADE_UP_TICKET))).toEqual([
      at(`/t/${MADE_UP_TICKET}`),
    ])
    expect(asked.filter((url) => url.includes('/api/'))).toEqual([at('/api/authenticator/session')])
  })

  test('a passkey that is not enrolled cannot log in, and the page says what to do', async () => {
    await page.goto(at('/login'))
    await heading(texts.login.title).waitFor()
    await look('login', 'both')
    await button(texts.login.passkey).click()
    await page.getByRole('alert').waitFor()
    await look('login-no-passkey')
  })

  test('a card that is not enrolled cannot log in, and the page says what to do', async () => {
    await button(texts.login.card).click()
    await page.waitForURL(/card\.localhost/)
    await look('card-agent-login')
    await tapCard('authentication')
    await heading(texts.login.refusedTitle).waitFor()
    await page.getByText(texts.errors.SUBJECT_UNKNOWN.what).waitFor()
    await look('card-login-refused')
  })

  test('who is under 15 enrols with the other certificate', async () => {
    await page.goto(at('/enrol'))
    await page.getByRole('radio', { name: texts.enrol.withoutSignature }).press('Space')
    await look('enrol-without-signature')
    await button(texts.enrol.makePasskey).click()
    await button(texts.enrol.toCard).click()
    await page.waitForURL(/card\.localhost/)
    await look('card-agent-authentication')
    await tapCard('authentication')
    await button(texts.enrolReturn.logIn).click()
    await heading(texts.enrolReturn.doneTitle).waitFor()
    await page.getByText(texts.levels['nist-800-63A-4'].IAL.values.no_ial).waitFor()
    await look('enrolled-without-signature')
    await page.goto(at('/wallet'))
    await page.getByText(texts.wallet.noAttributes).waitFor()
    expect(await page.locator('main').innerText()).not.toContain(run.otherLanguage)
    await look('wallet-without-attributes', 'both')
  })

  test('the bank asks for more than this card can show: the page says so and leads back', async () => {
    await begin('bank')
    await heading(texts.authorize.neverShownTitle).waitFor()
    await page.getByText(texts.authorize.neverShown).waitFor()
    await look('bank-beyond-card', 'both')
    const { pathname } = new URL(page.url())
    await button(texts.authorize.neverShownAction).click()
    visitor.expectFault('status of 422') // the card has no such certificate
    await tapCard('signature')
    await page.getByRole('alert').waitFor()
    await look('card-agent-no-signature')
    await link(run.cancel).click()
    await button(texts.enrolReturn.backToRequest).click()
    await heading(texts.authorize.neverShownTitle).waitFor()
    expect(new URL(page.url()).pathname).toBe(pathname)
    await button(texts.authorize.back).click()
    await page.waitForURL(new RegExp(`^${sample('bank')}`))
    expect(await page.locator('main').innerText()).not.toContain('見本')
    await look('bank-refused')
  })

  test('logs out, and in again with the card alone', async () => {
    await page.goto(at('/wallet'))
    await button(texts.site.logOut).click()
    await page.getByText(texts.home.loggedOut).waitFor()
    await look('logged-out')
    await begin('library')
    await button(texts.login.card).waitFor()
    await look('library-login')
    await button(texts.login.card).click()
    await tapCard('authentication')
    await page.waitForURL(/\/authorize\//)
    const choice = page.getByRole('radio', { name: run.private })
    await choice.press('Space')
    await button(texts.authorize.personaNext).click()
    await button(texts.authorize.continue).waitFor()
    await look('library-confirm-card')
    await button(texts.authorize.continue).click()
    await page.waitForURL(new RegExp(`^${sample('library')}`))
  })

  test('without the code of a page, says that it could not be loaded', async () => {
    await page.goto(at('/'))
    await link(texts.home.insideAction).waitFor()
    visitor.expectFault('net::ERR_FAILED')
    visitor.expectFault('Failed to fetch dynamically imported module')
    await page.route('**/assets/ledger-*.js', (route) => route.abort())
    await link(texts.site.ledger).click()
    await page.getByRole('alert').getByText(texts.errors.PAGE_NOT_LOADED.what).waitFor()
    await look('not-loaded')
    await page.unroute('**/assets/ledger-*.js')
    await button(texts.common.reload).click()
    await heading(texts.ledger.title).waitFor()
  })

  test('without its texts, says in both languages that it could not be loaded', async () => {
    const file = `**/assets/${run.language}-*.js`
    await page.route(file, (route) => route.abort())
    await page.goto(at('/login'))
    await page.getByRole('alert').waitFor()
    await look('not-loaded-texts')
    await page.unroute(file)
    await page.reload()
    await heading(texts.login.title).waitFor()
  })

  test('erases everything, after a fresh login where the last one is too old', async () => {
    await page.goto(at('/wallet'))
    await button(texts.wallet.eraseOpen).click()
    const dialog = page.getByRole('alertdialog', { name: texts.erase.title })
    await look('erase')
    await dialog.getByRole('checkbox', { name: texts.erase.understood }).press('Space')
    visitor.expectFault('status of 403')
    await page.route(
      '**/api/wallet/erasure',
      (route) =>
        route.fulfill({
          status: 403,
          json: { error: { code: 'FRESH_LOGIN_REQUIRED', message: 'too old' } },
        }),
      { times: 1 },
    )
    await dialog.getByRole('button', { name: texts.erase.confirm }).click()
    await dialog.getByText(texts.erase.fresh).waitFor()
    await look('erase-fresh-login')
    await dialog.getByRole('button', { name: texts.erase.freshAction }).click()
    await page.getByText(texts.home.erased).waitFor()
    await look('erased', 'both')
    await page.goto(at('/wallet'))
    visitor.expectFault('status of 401')
    await page.getByText(texts.login.needed).waitFor()
    await look('wallet-after-erasure')
  })

  test('saw no page fault and no refused script, style or connection', () => {
    expect(visitor.faults).toEqual([])
  })

  async function begin(name: 'library' | 'bank'): Promise<void> {
    await page.goto(`${sample(name)}/?lang=${run.language}`)
    await button(run.actions[name]).click()
    await page.waitForURL(/\/authorize\//)
    await page.locator('main h1').waitFor()
  }

  async function tapCard(key: keyof typeof PINS): Promise<void> {
    await page.waitForURL(/card\.localhost/)
    await page.getByLabel(run.card).check()
    await page.getByLabel(run.pins[key]).fill(PINS[key])
    await page.locator('button.main').click()
  }
})
