import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CONSENT_TEXT } from '../../services/card/consent-document.ts'
import { launchBrowser } from '../support/browser.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { openVisitor, PAGE_TEXTS, pictureFolder, type Visitor } from '../support/pages.ts'
import { atDesk } from '../support/players.ts'

/** What is not in the pages' own texts, by language. */
const RUNS = [
  { language: 'ja', person: 'hanako', card: /見本 花子.*カード/, pin: '署名用の暗証番号' },
  {
    language: 'en',
    person: 'ichiro',
    card: /Ichiro Reiji.*card/,
    pin: 'PIN of the signature certificate',
  },
] as const

const PIN = 'ABC123'
const pictures = pictureFolder('latest-attributes')
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

describe.each(RUNS)('latest attributes without the card ($language)', (run) => {
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

  async function tapCard(): Promise<void> {
    await page.waitForURL(/card\.localhost/)
    await page.getByLabel(run.card).check()
    await page.getByLabel(run.pin).fill(PIN)
    await page.locator('button.main').click()
  }

  test('the wallet shows the certificate and asks for a consent, whose words the card page repeats', async () => {
    await page.goto(at('/enrol'))
    await button(texts.enrol.makePasskey).click()
    await button(texts.enrol.toCard).click()
    await tapCard()
    await button(texts.enrolReturn.logIn).click()
    await page.getByRole('heading', { level: 1, name: texts.enrolReturn.doneTitle }).waitFor()
    await page.goto(at('/wallet'))
    await page.getByText(texts.identity.statuses.good, { exact: true }).waitFor()
    await look('wallet', 'both')
    await button(texts.consent.give).click()
    await page.waitForURL(/card\.localhost/)
    await page.getByText(CONSENT_TEXT[run.language]).waitFor()
    await look('card-page')
    await tapCard()
    await page.getByRole('heading', { level: 1, name: texts.reproof.passedTitle }).waitFor()
    await page.goto(at('/wallet'))
    await button(texts.consent.withdraw).waitFor()
    await look('consented')
  })

  test('after a move the new address is there at a press of a button', async () => {
    await atDesk(instance, 'switches', { latestAttributes: 'down' })
    await atDesk(instance, `people/${run.person}/move`, { municipalityCode: '99202' })
    await expect
      .poll(
        async () => {
          await page.goto(at('/wallet'))
          await page.getByText(texts.identity.text).waitFor()
          await button(texts.consent.withdraw).waitFor()
          return page.getByText(texts.wallet.stale, { exact: true }).count()
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBeGreaterThan(0)
    await look('out-of-date')
    await atDesk(instance, 'switches', { latestAttributes: 'normal' })
    await button(texts.identity.check).click()
    await page.getByText(texts.identity.found.same).waitFor()
    await page.getByText('汐見市').first().waitFor()
    await look('checked', 'both')
  })

  test('checking again at once is refused with words, and the consent can be withdrawn', async () => {
    visitor.expectFault('status of 429')
    await button(texts.identity.check).click()
    await page.getByRole('alert').waitFor()
    await look('checked-too-often')
    await button(texts.consent.withdraw).click()
    await button(texts.consent.give).waitFor()
    await look('withdrawn')
    expect(visitor.faults).toEqual([])
  })
})
