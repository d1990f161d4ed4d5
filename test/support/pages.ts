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
const ARTEFACTS = join(import.meta.dirname, '../artefacts/pages')

/** An empty folder for the pictures of one test file. */
export function pictureFolder(name: string): string {
  const folder = join(ARTEFACTS, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  return folder
}

export interface Visitor extends AsyncDisposable {
  readonly page: Page
  /** Faults of the pages, refused scripts and connections, and failed requests, but for those that were expected. */
  readonly faults: readonly string[]
  /** From now on a fault with these words is none, such as `status of 422`. */
  expectFault(words: string): void
  /** Keeps a picture of the page, at a desktop's width too if asked, and finds no serious fault of accessibility on it. */
  readonly look: (name: string, widths?: 'phone' | 'both') => Promise<void>
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
  async function shoot(name: string): Promise<void> {
    // A subset of the font that is still on its way would leave boxes in the picture.
    await page.evaluate('document.fonts.ready.then(() => undefined)')
    // A window over the page belongs to what is seen of it, not to its whole length.
    const fullPage = !(await page.locator('[role=dialog], [role=alertdialog]').isVisible())
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage })
    const { violations } = await new AxeBuilder({ page }).analyze()
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    expect(serious.map(({ id, nodes }) => `${name}: ${id} ${nodes[0]?.html ?? ''}`)).toEqual([])
  }
  return {
    page,
    faults,
    expectFault: (words) => void expected.push(words),
    async look(name, widths = 'phone') {
      shots += 1
      const file = `${language}-${String(shots).padStart(2, '0')}-${name}`
      const before = page.viewportSize() ?? PHONE
      await page.setViewportSize(PHONE)
      await shoot(file)
      if (widths === 'both') {
        await page.setViewportSize(DESKTOP)
        await shoot(`${file}-wide`)
      }
      await page.setViewportSize(before)
    },
    [Symbol.asyncDispose]: () => context.close(),
  }
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
