import type { Browser, Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from '../support/browser.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { openVisitor, PAGE_TEXTS, pictureFolder, type Visitor } from '../support/pages.ts'

// The whole main story without a pointer: Tab, Shift+Tab, Enter, Space, Escape and the arrows of a group of choices.

const texts = PAGE_TEXTS.en
const PIN = 'ABC123'
/** More stops than any of the pages has. */
const MOST_STOPS = 60

let instance: Instance
let browser: Browser
let visitor: Visitor
let page: Visitor['page']

beforeAll(async () => {
  instance = await startInstance()
  ;({ browser } = await launchBrowser())
  visitor = await openVisitor(browser, { language: 'en', pictures: pictureFolder('keyboard') })
  ;({ page } = visitor)
})
afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await browser?.close()
  await instance?.[Symbol.asyncDispose]()
})

const button = (name: string | RegExp): Locator =>
  page.getByRole('button', { name, exact: typeof name === 'string' })
const link = (name: string): Locator => page.getByRole('link', { name, exact: true })
const heading = (name: string | RegExp): Locator => page.getByRole('heading', { level: 1, name })
const sample = (name: string): string => instance.ready.samples?.[name] ?? ''

describe('with the keyboard alone', () => {
  test('the first stop of a page skips to its content', async () => {
    await page.goto(`${instance.ready.issuer}/`)
    await heading(texts.home.title).waitFor()
    await page.keyboard.press('Tab')
    await isFocused(link(texts.site.skip))
    await page.keyboard.press('Enter')
    await isFocused(page.locator('main'))
  })

  test('enrols, and each page that opens is announced by its heading', async () => {
    await press(link(texts.home.startAction), 'Enter')
    await isFocused(heading(texts.enrol.title))
    const choice = page.getByRole('radio', { name: texts.enrol.withSignature })
    await goTo(choice)
    await page.keyboard.press('ArrowDown')
    await isFocused(page.getByRole('radio', { name: texts.enrol.withoutSignature }))
    await page.keyboard.press('ArrowUp')
    expect(await choice.isChecked()).toBe(true)
    await press(button(texts.enrol.makePasskey), 'Space')
    await isFocused(heading(texts.enrol.cardTitle))
    await press(button(texts.enrol.toCard), 'Enter')
    await tapCard()
    await page.waitForURL(/\/enrol\/return/)
    await press(button(texts.enrolReturn.logIn), 'Enter')
    await isFocused(heading(texts.enrolReturn.doneTitle))
    await press(button(texts.enrolReturn.toWallet), 'Enter')
    await isFocused(heading(texts.wallet.title))
  })

  test('edits a persona', async () => {
    const edit = button(texts.wallet.edit.replace('{{label}}', texts.personas.biz.name))
    await press(edit, 'Space')
    await isFocused(edit)
    expect(await edit.getAttribute('aria-expanded')).toBe('true')
    await goTo(page.getByRole('textbox', { name: texts.wallet.name }))
    await page.keyboard.press('End')
    await page.keyboard.type(' 2')
    await press(button(texts.wallet.save), 'Enter')
    await page.getByText(texts.wallet.saved).waitFor()
    await staysOnPage()
  })

  test('logs out, and in again with the passkey', async () => {
    await press(button(texts.site.logOut), 'Enter')
    await isFocused(heading(texts.home.title))
    await press(link(texts.home.againAction), 'Enter')
    await isFocused(heading(texts.login.title))
    await press(button(texts.login.passkey), 'Space')
    await isFocused(heading(texts.wallet.title))
  })

  test('agrees to a request of the liquor shop', async () => {
    await page.goto(`${sample('liquor')}/?lang=en`)
    await press(button('Prove that you are 20 or older'), 'Enter')
    await page.waitForURL(/\/authorize\//)
    await heading(texts.authorize.personaTitle).waitFor()
    await goTo(page.getByRole('radio').first())
    const chosen = page.getByRole('radio', { name: texts.personas.priv.name })
    for (let moves = 0; moves < 3 && !(await chosen.isChecked()); moves += 1) {
      await page.keyboard.press(moves === 0 ? 'Space' : 'ArrowDown')
    }
    expect(await chosen.isChecked()).toBe(true)
    await press(button(texts.authorize.personaNext), 'Enter')
    await isFocused(heading(/Midoriya Liquor/))
    await press(button(texts.authorize.agree), 'Enter')
    await page.waitForURL(new RegExp(`^${sample('liquor')}`))
  })

  test('the code for the desk keeps the focus in its dialog and gives it back', async () => {
    await page.goto(`${instance.ready.issuer}/ledger`)
    const opener = button(texts.ledger.ticketOf.replace('{{rp}}', 'Midoriya Liquor'))
    await press(opener, 'Enter')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('img').waitFor()
    await staysIn(dialog)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await isFocused(opener)
  })

  test('taking back can be left as it was, and what was taken back is announced', async () => {
    const opener = button(texts.ledger.revokeOf.replace('{{rp}}', 'Midoriya Liquor'))
    await press(opener, 'Space')
    const dialog = page.getByRole('alertdialog')
    await dialog.waitFor()
    await staysIn(dialog)
    await press(dialog.getByRole('button', { name: texts.common.cancel }), 'Enter')
    await dialog.waitFor({ state: 'hidden' })
    await isFocused(opener)
    await press(opener, 'Enter')
    await dialog.waitFor()
    await press(dialog.getByRole('button', { name: texts.ledger.revokeConfirm }), 'Enter')
    await dialog.waitFor({ state: 'hidden' })
    // What opened the dialog goes with the new list, so the focus is on what was said.
    await isFocused(page.getByRole('status').filter({ hasText: /Midoriya Liquor/ }))
  })

  test('erases everything', async () => {
    await press(link(texts.site.wallet), 'Enter')
    await isFocused(heading(texts.wallet.title))
    const opener = button(texts.wallet.eraseOpen)
    await press(opener, 'Enter')
    const dialog = page.getByRole('alertdialog')
    await dialog.waitFor()
    await staysIn(dialog)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await isFocused(opener)
    await page.keyboard.press('Enter')
    await dialog.waitFor()
    await press(dialog.getByRole('checkbox', { name: texts.erase.understood }), 'Space')
    await press(dialog.getByRole('button', { name: texts.erase.confirm }), 'Enter')
    await page.getByText(texts.home.erased).waitFor()
    await isFocused(heading(texts.home.title))
    expect(visitor.faults).toEqual([])
  })
})

/** Tabs to an element as a person would, and presses a key on it; where it stands, its focus must be seen. */
async function press(target: Locator, key: 'Enter' | 'Space'): Promise<void> {
  await goTo(target)
  await page.keyboard.press(key)
}

async function goTo(target: Locator): Promise<void> {
  await target.waitFor()
  for (let stops = 0; stops < MOST_STOPS; stops += 1) {
    if (await has(target, ':focus')) {
      expect(await ringOf(target), `focus on ${String(target)}`).toBe(true)
      return
    }
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never comes to ${String(target)}`)
}

async function isFocused(target: Locator): Promise<void> {
  await expect.poll(() => has(target, ':focus'), { timeout: 10_000 }).toBe(true)
}

/** The focus did not fall back to the document, from where Tab would begin again at the top. */
async function staysOnPage(): Promise<void> {
  await expect.poll(() => has(page.locator('main'), ':focus-within'), { timeout: 5000 }).toBe(true)
}

/** Twice around with Tab and once back: the focus never leaves the window. */
async function staysIn(dialog: Locator): Promise<void> {
  const inside = dialog.locator(':focus')
  await expect.poll(() => has(dialog, ':focus-within')).toBe(true)
  for (const key of [...Array<string>(8).fill('Tab'), ...Array<string>(4).fill('Shift+Tab')]) {
    await page.keyboard.press(key)
    expect(await inside.count(), `focus after ${key}`).toBe(1)
  }
}

/** At the card agent, a page without scripts of ours: the first card, and its PIN. */
async function tapCard(): Promise<void> {
  await page.waitForURL(/card\.localhost/)
  await goTo(page.getByRole('radio', { checked: true }))
  await goTo(page.getByLabel('PIN of the signature certificate'))
  await page.keyboard.type(PIN)
  await page.keyboard.press('Enter')
}

/** What is needed of an element here: the types of the tests are those of Node, which knows no pages. */
interface Shown {
  matches(selector: string): boolean
  closest(selector: string): Shown | null
  computedStyleMap(): { get(property: string): { toString(): string } | undefined }
}

async function has(target: Locator, selector: ':focus' | ':focus-within'): Promise<boolean> {
  if ((await target.count()) === 0) return false
  return target.evaluate((element: Shown, wanted) => element.matches(wanted), selector)
}

/** Whether an outline is drawn around the element, or around the row of a choice whose own input is hidden. */
function ringOf(target: Locator): Promise<boolean> {
  return target.evaluate((element: Shown) =>
    [element, element.closest('label')].some((one) => {
      const style = one?.computedStyleMap()
      const width = parseFloat(style?.get('outline-width')?.toString() ?? '0')
      return style?.get('outline-style')?.toString() !== 'none' && width >= 2
    }),
  )
}
