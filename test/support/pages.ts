import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'
import en from '../../web/src/text/en.json' with { type: 'json' }
import ja from '../../web/src/text/ja.json' with { type: 'json' }
import studioEn from '../../web/src/studio/text/en.json' with { type: 'json' }
import studioJa from '../../web/src/studio/text/ja.json' with { type: 'json' }

/** What the pages say, by language. */
export const PAGE_TEXTS = { ja, en } as const
/** What the studio of policy authors says. */
export const STUDIO_TEXTS = { ja: studioJa, en: studioEn } as const
export type PageLanguage = keyof typeof PAGE_TEXTS

const LOCALES = { ja: 'ja-JP', en: 'en-GB' } as const
const PHONE = { width: 360, height: 740 } as const
const DESKTOP = { width: 1280, height: 900 } as const
const NARROW = [{ size: PHONE, mark: '' }] as const
const WIDTHS = [...NARROW, { size: DESKTOP, mark: '-wide' }] as const
/** How far the page reaches over the window on the right. */
const OVERHANG = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
const ARTEFACTS = join(import.meta.dirname, '../artefacts/pages')

/** An empty folder for the pictures of one test file. */
export function pictureFolder(name: string): string {
  const folder = join(ARTEFACTS, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

export type Views = 'phone' | 'both' | 'all'

export interface Visitor extends AsyncDisposable {
  readonly page: Page
  /** Faults of the pages, refused scripts and connections, and failed requests, but for those that were expected. */
  readonly faults: readonly string[]
  /** From now on a fault with these words is none, such as `status of 422`. */
  expectFault(words: string): void
  /**
   * Keeps a picture of the page, and finds no serious fault of accessibility on it and nothing wider than the window. If asked
   * at a desktop's width too (`both`), or that and in the other language (`all`).
   */
  readonly look: (name: string, views?: Views) => Promise<void>
}

/** Somebody with a phone: a browser of its own, 360 pixels wide, with a platform authenticator. */
export async function openVisitor(
  browser: Browser,
  { language, pictures }: { readonly language: PageLanguage; readonly pictures: string },
): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: PHONE,
    locale: LOCALES[language],
    timezoneId: 'Asia/Tokyo',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const faults: string[] = []
  const expected: string[] = []
  function note(fault: string): void {
    if (!expected.some((words) => fault.includes(words))) faults.push(fault)
  }
  page.on('pageerror', ({ name, message }) => note(`${name}: ${message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') note(message.text())
  })
  await addPasskeyDevice(page)
  let shots = 0
  async function picture(name: string): Promise<void> {
    // A subset of the font that is still on its way would leave boxes in the picture.
    await page.evaluate('document.fonts.ready.then(() => undefined)')
    // A window over the page belongs to what is seen of it, not to its whole length.
    const fullPage = !(await page.locator('[role=dialog], [role=alertdialog]').isVisible())
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage })
    // WCAG 2.2 §1.4.10: nobody has to scroll in two directions.
    expect(await page.evaluate<number>(OVERHANG), `${name}: wider than the window`).toBe(0)
  }
  async function shoot(name: string): Promise<void> {
    await picture(name)
    const { violations } = await new AxeBuilder({ page }).analyze()
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(serious.map(({ id, nodes }) => `${name}: ${id} ${nodes[0]?.html ?? ''}`)).toEqual([])
  }
  return {
    page,
    faults,
    expectFault: (words) => void expected.push(words),
    async look(name, views = 'phone') {
      shots += 1
      const file = `${language}-${String(shots).padStart(2, '0')}-${name}`
      const before = page.viewportSize() ?? PHONE
      const widths = views === 'phone' ? NARROW : WIDTHS
      for (const { size, mark } of widths) {
        await page.setViewportSize(size)
        await shoot(`${file}${mark}`)
      }
      if (views === 'all') {
        const other = language === 'ja' ? 'en' : 'ja'
        await switchLanguage(page, language)
        for (const { size, mark } of widths) {
          await page.setViewportSize(size)
          await picture(`${file}${mark}-in-${other}`)
        }
        await switchLanguage(page, other)
      }
      await page.setViewportSize(before)
    },
    [Symbol.asyncDispose]: () => context.close(),
  }
}

/** Presses the switch of the page, which keeps all that is on it; also from under a window that lies over it. */
async function switchLanguage(page: Page, from: PageLanguage): Promise<void> {
  const other = from === 'ja' ? 'en' : 'ja'
  const name = PAGE_TEXTS[from].site.otherLanguage
  await page
    .locator('header button', { hasText: name })
    .evaluate((button: { click(): void }) => button.click())
  await page.locator(`html[lang=${other}]`).waitFor({ state: 'attached' })
}

/** A phone's platform authenticator: resident keys, user verified, answers by itself. */
async function addPasskeyDevice(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}
