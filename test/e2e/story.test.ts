import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { openVisitor, PAGE_TEXTS, pictureFolder, type Visitor } from '../support/pages.ts'
import { readCode } from '../support/read-code.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { atDesk } from '../support/players.ts'

/** What differs between the two runs: the language, the person, and the words of what is not in the pages' own texts. */
const RUNS = [
  {
    language: 'ja',
    texts: PAGE_TEXTS.ja,
    personId: 'hanako',
    card: /見本 花子.*カード/,
    pin: '署名用の暗証番号',
    actions: {
      library: 'Watashi でログイン',
      liquor: '20歳以上であることを示す',
      bank: '口座を開設する',
    },
    names: { gov: /行政/, priv: /プライベート/ },
    shop: '酒のみどり屋',
    received: { liquor: '20歳以上', bank: '見本　花子' },
    fell: '確認の度合いが下がりました',
    desk: { reason: '失効の理由', revoke: '失効させる', revoked: '失効' },
  },
  {
    language: 'en',
    texts: PAGE_TEXTS.en,
    personId: 'misaki',
    card: /Misaki Shiken.*card/,
    pin: 'PIN of the signature certificate',
    actions: {
      library: 'Log in with Watashi',
      liquor: 'Prove that you are 20 or older',
      bank: 'Open an account',
    },
    names: { gov: /Government|行政/, priv: /Private|プライベート/ },
    shop: 'Midoriya Liquor',
    received: { liquor: '20', bank: '試験　美咲' },
    fell: 'fell',
    desk: { reason: 'Reason', revoke: 'Revoke', revoked: 'revoked' },
  },
] as const

const pictures = pictureFolder('story')
let instance: Instance
let browser: Browser

beforeAll(async () => {
  instance = await startInstance()
  const launched = await launchBrowser()
  browser = launched.browser
  console.log(`browser: ${launched.tier} ${browser.version()}`)
})
afterAll(async () => {
  await browser?.close()
  await instance?.[Symbol.asyncDispose]()
})

describe.each(RUNS)('the whole story in a browser ($language)', (run) => {
  let visitor: Visitor
  let page: Visitor['page']
  let look: Visitor['look']

  beforeAll(async () => {
    visitor = await openVisitor(browser, { language: run.language, pictures })
    ;({ page, look } = visitor)
    visitor.expectFault('status of 422') // a wrong PIN
  })
  afterAll(() => visitor?.[Symbol.asyncDispose]())

  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
  const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name })
  /** The person's identity level in the words of our pages. */
  const verified = () =>
    page.getByText(run.texts.levels['nist-800-63A-4'].IAL.values.IAL2, { exact: true }).first()
  const ofShop = (text: string): string => text.replace('{{rp}}', run.shop)
  const sample = (name: string): string => instance.ready.samples?.[name] ?? ''

  test('enrols with the card and binds a passkey', async () => {
    await page.goto(`${instance.ready.issuer}/`)
    await heading(run.texts.home.title).waitFor()
    await look('home')
    await page.getByRole('link', { name: run.texts.home.startAction }).click()
    await heading(run.texts.enrol.title).waitFor()
    await look('enrol')
    await button(run.texts.enrol.makePasskey).click()
    await button(run.texts.enrol.toCard).waitFor()
    await look('enrol-passkey-made')
    await button(run.texts.enrol.toCard).click()

    await page.waitForURL(/card\.localhost/)
    await page.getByLabel(run.card).check()
    await look('card-agent')
    await page.getByLabel(run.pin).fill('WRONG99')
    await page.locator('button.main').click()
    await page.getByRole('alert').waitFor()
    await look('card-agent-wrong-pin')
    await tapCard()

    await page.waitForURL(/\/enrol\/return/)
    await button(run.texts.enrolReturn.logIn).click()
    await heading(run.texts.enrolReturn.doneTitle).waitFor()
    await verified().waitFor()
    await look('enrolled')
  })

  test('shows the person what is known about them', async () => {
    await page.goto(`${instance.ready.issuer}/wallet`)
    await heading(run.texts.wallet.title).waitFor()
    await expect.poll(() => page.locator('main').innerText()).toContain(run.received.bank)
    await verified().waitFor()
    await look('wallet')
    await page.goto(`${instance.ready.issuer}/authenticators`)
    await page.getByRole('listitem').first().waitFor()
    await look('passkeys')
  })

  test('logs in to the library without the card and without giving anything', async () => {
    await begin('library')
    await choosePersona('priv')
    await button(run.texts.authorize.continue).click()
    await page.waitForURL(new RegExp(`^${sample('library')}`))
    expect(await page.locator('main').innerText()).not.toContain(run.received.bank)
    await look('library-account')
  })

  test('proves an age to the liquor shop and nothing else', async () => {
    await begin('liquor')
    await choosePersona('priv')
    await button(run.texts.authorize.agree).waitFor()
    await look('liquor-consent')
    await button(run.texts.authorize.agree).click()
    await page.waitForURL(new RegExp(`^${sample('liquor')}`))
    const shown = await page.locator('main').innerText()
    expect(shown).toContain(run.received.liquor)
    expect(shown).not.toContain(run.received.bank)
    await look('liquor-account')
  })

  test('shows a code for the desk of the liquor shop, which holds an address alone', async () => {
    await page.goto(`${instance.ready.issuer}/ledger`)
    await button(ofShop(run.texts.ledger.ticketOf)).click()
    const dialog = page.getByRole('dialog', { name: ofShop(run.texts.ledger.ticketTitle) })
    const code = dialog.getByRole('img', { name: run.texts.ledger.ticketImage })
    await code.waitFor()
    const first = await readCode(code)
    expect(first).toMatch(new RegExp(`^${instance.ready.issuer}/t/[\\w-]{22}$`))
    await look('reception-ticket')
    // Whoever opens it with a camera learns nothing by it: not even whether there is such a code.
    const madeUp = `${instance.ready.issuer}/t/${'A'.repeat(22)}`
    expect(await answerOf(first)).toEqual(await answerOf(madeUp))
    await dialog.getByRole('button', { name: run.texts.ledger.ticketAgain }).click()
    await expect.poll(() => readCode(code), { timeout: 10_000 }).not.toBe(first)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  })

  test('refuses the bank, and the bank learns no more than that', async () => {
    await begin('bank')
    await choosePersona('gov')
    await button(run.texts.authorize.refuse).click()
    await page.waitForURL(new RegExp(`^${sample('bank')}`))
    expect(await page.locator('main').innerText()).not.toContain(run.received.bank)
    await look('bank-refused')
  })

  test('opens the account under the persona for public affairs', async () => {
    await begin('bank')
    await choosePersona('gov')
    await button(run.texts.authorize.agree).waitFor()
    await look('bank-consent')
    await button(run.texts.authorize.agree).click()
    await page.waitForURL(new RegExp(`^${sample('bank')}`))
    await expect.poll(() => page.locator('main').innerText()).toContain(run.received.bank)
    await look('bank-account')
  })

  test('signs the bank’s contract with the card, after seeing who asks and all of it', async () => {
    const asksForCard = button(run.texts.sign.go)
    await page.goto(`${sample('bank')}/contract`)
    const contract = await page.locator('pre').innerText()
    await look('bank-contract')
    await page.locator('button.main').click()
    await asksForCard.waitFor()
    const text = page.getByRole('region', { name: run.texts.sign.wholeText })
    expect((await text.innerText()).trim()).toBe(contract.trim())
    await look('sign-consent', 'both')
    await asksForCard.press('Enter')
    await page.waitForURL(/card\.localhost/)
    expect(await page.locator('main').innerText()).toContain(contract.split('\n')[0])
    await look('card-agent-document')
    await tapCard()
    await heading(run.texts.authorize.doneTitle).waitFor()
    await page.getByText(run.texts.sign.done).waitFor()
    await look('signed')
    await button(run.texts.authorize.back).click()
    await page.waitForURL(`${sample('bank')}/contract`)
    await page.getByText('PASSED', { exact: true }).waitFor()
    await look('bank-contract-signed')
    const signature = page.waitForEvent('download')
    await page.locator('a[href="/contract.p7s"]').click()
    expect((await signature).suggestedFilename()).toBe('contract.p7s')
  })

  test('does not sign again, and the bank says that it has nothing', async () => {
    await begin('bank')
    await choosePersona('gov')
    await button(run.texts.authorize.agree).click()
    await page.waitForURL(new RegExp(`^${sample('bank')}`))
    await page.goto(`${sample('bank')}/contract`)
    await page.locator('button.main').click()
    await button(run.texts.sign.refuse).click()
    await page.waitForURL(new RegExp(`^${sample('bank')}/return`))
    await page.getByRole('alert').waitFor()
    await look('bank-contract-refused')
  })

  test('reads in the ledger who was given what', async () => {
    await page.goto(`${instance.ready.issuer}/ledger`)
    await heading(run.texts.ledger.title).waitFor()
    await page.getByText(run.texts.ledger.intact).waitFor()
    const ledger = await page.locator('main').innerText()
    expect(ledger).toContain(run.texts.ledger.status.released)
    expect(ledger).toContain(run.texts.ledger.status.refused)
    expect(ledger).toContain(run.texts.ledger.status.signed)
    await look('ledger')
  })

  test('takes back what the liquor shop was given', async () => {
    const revoke = button(ofShop(run.texts.ledger.revokeOf))
    await revoke.click()
    const dialog = page.getByRole('alertdialog')
    await dialog.getByRole('button', { name: run.texts.ledger.revokeConfirm, exact: true }).click()
    await page.getByText(run.texts.ledger.takenBack, { exact: true }).waitFor()
    expect(await revoke.count()).toBe(0)
    expect(await button(ofShop(run.texts.ledger.ticketOf)).count()).toBe(0)
    await look('ledger-taken-back')
  })

  test('ends the certificate at the issuer’s desk, and the bank is told', async () => {
    const desk = await page.context().newPage()
    await desk.goto(`${instance.ready.desk ?? ''}/?lang=${run.language}`)
    const person = desk.locator(`section#${run.personId}`)
    const order = person
      .locator(`form[action*="/certificates/${run.personId}-card-signature"][action$="/revoke"]`)
      .last()
    await order.getByRole('combobox').selectOption('cessationOfOperation')
    await order.getByRole('button', { name: run.desk.revoke }).click()
    await desk.getByRole('status').waitFor()
    await desk.screenshot({ path: join(pictures, `${run.language}-desk.png`), fullPage: true })
    await desk.close()

    await page.goto(`${sample('bank')}/account?lang=${run.language}`)
    await expect
      .poll(
        async () => {
          await page.reload()
          return page.locator('main').innerText()
        },
        { timeout: 30_000, interval: 500 },
      )
      .toContain(run.fell)
    await look('bank-level-fell')
    await page.goto(`${instance.ready.issuer}/wallet`)
    await heading(run.texts.wallet.title).waitFor()
    await look('wallet-after-the-fall')
  })

  test('a tap with the ended certificate says why, and leads back to the bank’s request', async () => {
    await page.getByText(run.texts.wallet.fallen).waitFor()
    await begin('bank')
    await heading(run.texts.authorize.stepUpTitle).waitFor()
    await look('bank-step-up')
    const { pathname } = new URL(page.url())
    await button(run.texts.remedies.reproof.action).click()
    await tapCard()
    await heading(run.texts.reproof.refusedTitle).waitFor()
    await page.getByText(run.texts.errors.CERTIFICATE_REVOKED.what).waitFor()
    await look('reproof-refused')
    await button(run.texts.enrolReturn.backToRequest).click()
    await heading(run.texts.authorize.stepUpTitle).waitFor()
    expect(new URL(page.url()).pathname).toBe(pathname)
  })

  test('who comes back without having used the card is led to it again', async () => {
    await button(run.texts.remedies.reproof.action).click()
    await page.waitForURL(/card\.localhost/)
    const agent = page.url()
    const ticket = new URL(agent).searchParams.get('ticket') ?? ''
    await page.goto(`${instance.ready.issuer}/reproof/return?ticket=${ticket}`)
    await button(run.texts.cardWaiting.back).waitFor()
    await look('card-not-used')
    await button(run.texts.cardWaiting.back).click()
    await page.waitForURL(agent)
  })

  test('a tap with a new certificate meets the bank’s minimum again', async () => {
    await atDesk(instance, `tokens/${run.personId}-card/renew`)
    await tapCard()
    await heading(run.texts.reproof.passedTitle).waitFor()
    await verified().waitFor()
    await look('reproof-passed')
    await button(run.texts.enrolReturn.backToRequest).click()
    await button(run.texts.authorize.agree).waitFor()
    await button(run.texts.authorize.agree).click()
    await page.waitForURL(new RegExp(`^${sample('bank')}`))
    await page.goto(`${instance.ready.issuer}/wallet`)
    await button(run.texts.reproof.action).waitFor()
    expect(await page.getByText(run.texts.wallet.fallen).count()).toBe(0)
    await look('wallet-restored')
  })

  test('suspending the passkey in use says how to come back', async () => {
    await page.goto(`${instance.ready.issuer}/authenticators`)
    await button(run.texts.authenticators.suspendOf.replace('{{number}}', '1')).click()
    const dialog = page.getByRole('alertdialog')
    await dialog.getByText(run.texts.authenticators.suspendCurrent).waitFor()
    visitor.expectFault('status of 401') // the list of passkeys, without a login
    await dialog.getByRole('button', { name: run.texts.authenticators.suspend }).click()
    await page.getByText(run.texts.authenticators.suspendedCurrent).waitFor()
    await button(run.texts.login.passkey).waitFor()
    await look('passkey-suspended')
  })

  test('saw no page fault and no refused script, style or connection', () => {
    expect(visitor.faults).toEqual([])
  })

  async function begin(name: 'library' | 'liquor' | 'bank'): Promise<void> {
    await page.goto(`${sample(name)}/?lang=${run.language}`)
    await look(`${name}-front`)
    await button(run.actions[name]).click()
    await page.waitForURL(/\/authorize\//)
    await page.locator('main h1').waitFor()
  }

  /** At the card agent: the person's card and the right PIN. */
  async function tapCard(): Promise<void> {
    await page.waitForURL(/card\.localhost/)
    await page.getByLabel(run.card).check()
    await page.getByLabel(run.pin).fill('ABC123')
    await page.locator('button.main').click()
  }

  async function choosePersona(kind: 'gov' | 'priv'): Promise<void> {
    const choice = heading(run.texts.authorize.personaTitle)
    const next = button(run.texts.authorize.refuse).or(button(run.texts.authorize.continue))
    await choice.or(next).first().waitFor()
    if (!(await choice.isVisible())) return
    await look(`persona-${kind}`)
    await page.getByRole('radio', { name: run.names[kind] }).press('Space')
    await button(run.texts.authorize.personaNext).click()
    await next.first().waitFor()
  }
})

/** All that a server answers with, but for the time and the count of requests. */
async function answerOf(url: string): Promise<object> {
  const reply = await fetch(url)
  const changing = (name: string): boolean => name === 'date' || name.startsWith('x-ratelimit')
  const headers = [...reply.headers].filter(([name]) => !changing(name))
  return { status: reply.status, headers, body: await reply.text() }
}
