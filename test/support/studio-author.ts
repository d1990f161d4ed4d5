import type { Locator } from 'playwright-core'
import { expect } from 'vitest'
import { watashi } from './command-line.ts'
import type { Instance } from './instance.ts'
import { PAGE_TEXTS, STUDIO_TEXTS, type PageLanguage, type Views, type Visitor } from './pages.ts'

const PIN = 'ABC123'

export type Texts = (typeof STUDIO_TEXTS)['ja']

/** A person at the studio of a running product, with the words of their language. */
export class Author {
  readonly visitor: Visitor
  readonly language: PageLanguage
  readonly #instance: Instance

  constructor(instance: Instance, visitor: Visitor, language: PageLanguage) {
    this.#instance = instance
    this.visitor = visitor
    this.language = language
  }

  get page(): Visitor['page'] {
    return this.visitor.page
  }

  get site(): (typeof PAGE_TEXTS)['ja'] {
    return PAGE_TEXTS[this.language]
  }

  get texts(): Texts {
    return STUDIO_TEXTS[this.language]
  }

  get editor(): Locator {
    return this.page.getByRole('textbox', { name: /\.yaml/ })
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true })
  }

  look(name: string, views?: Views): Promise<void> {
    return this.visitor.look(name, views)
  }

  /** Registers the person with the card and a passkey, and logs in. */
  async enrol(card: RegExp, pin: string): Promise<void> {
    const { page, site } = this
    await page.goto(`${this.#instance.ready.issuer}/enrol`)
    await this.button(site.enrol.makePasskey).click()
    await this.button(site.enrol.toCard).click()
    await page.waitForURL(/card\.localhost/)
    await page.getByLabel(card).check()
    await page.getByLabel(pin).fill(PIN)
    await page.locator('button.main').click()
    await page.waitForURL(/\/enrol\/return/)
    await this.button(site.enrolReturn.logIn).click()
    await page.getByRole('heading', { level: 1, name: site.enrolReturn.doneTitle }).waitFor()
  }

  /** Asks for the role and has the operator grant it. */
  async becomeAuthor(): Promise<void> {
    const { page, texts } = this
    await page.goto(`${this.#instance.ready.issuer}/studio`)
    await this.button(texts.role.ask).click()
    const code = await page.locator('dd code').first().innerText()
    await this.look('role-asked', 'all')
    await this.button(texts.role.again).click()
    expect(await page.getByRole('tab').count()).toBe(0)
    expect((await watashi(this.#instance, 'policy', 'authors', 'add', code)).code).toBe(0)
    await this.button(texts.role.again).click()
    await this.tab('edit').waitFor()
  }

  tab(name: keyof Texts['tabs']): Locator {
    return this.page.getByRole('tab', { name: this.texts.tabs[name] })
  }

  /** A tab as it is now: what others did since is asked for. */
  async openTab(name: 'proposals' | 'releases'): Promise<void> {
    await this.page.goto(`${this.#instance.ready.issuer}/studio`)
    await this.tab(name).click()
  }

  /** Another way to look at the rules, beside the editor. */
  async openView(name: keyof Texts['views']): Promise<void> {
    await this.page.getByRole('tab', { name: this.texts.views[name], exact: true }).click()
  }

  async openDocument(path: string): Promise<void> {
    await this.page.getByLabel(this.texts.edit.document, { exact: true }).selectOption(path)
    await this.page.getByRole('textbox', { name: path }).waitFor()
  }

  /** Finds words in the text as the editor does, and writes others over them. */
  async overwrite(words: string, others: string): Promise<void> {
    await this.find(words)
    await this.page.keyboard.type(others)
  }

  async find(words: string): Promise<void> {
    await this.editor.focus()
    await this.page.keyboard.press('Control+f')
    await this.page.keyboard.press('Control+a')
    await this.page.keyboard.type(words)
    await this.page.keyboard.press('Enter')
    await this.page.keyboard.press('Escape')
  }

  async propose(note: string): Promise<void> {
    await this.page.getByLabel(this.texts.changes.note).fill(note)
    await this.button(this.texts.changes.propose).click()
    await this.proposal(note).waitFor()
  }

  /** The open proposal with that reason. */
  proposal(note: string): Locator {
    return this.page
      .getByRole('listitem')
      .filter({ has: this.page.getByText(note, { exact: true }) })
      .filter({ hasText: this.texts.proposals.state.open })
  }

  /** Looks at somebody else's proposal and approves it. */
  async approve(note: string, sequence: number): Promise<void> {
    await this.openTab('proposals')
    const proposal = this.proposal(note)
    await proposal.getByRole('button', { name: this.texts.proposals.show }).click()
    await proposal
      .getByRole('textbox', { name: /\.yaml/ })
      .first()
      .waitFor()
    await this.look(`proposal-${sequence}`, 'all')
    await proposal.getByRole('button', { name: this.texts.proposals.approve }).click()
    const published = this.texts.proposals.published.replace('{{sequence}}', String(sequence))
    await this.page.getByText(published).waitFor()
  }

  /** As a visitor of a service that asks for no level of identity. */
  async logInAtLibrary(): Promise<void> {
    const { page, site } = this
    const library = this.#instance.ready.samples?.['library'] ?? ''
    await page.goto(`${library}/?lang=${this.language}`)
    await page.locator('button.main').click()
    await page.waitForURL(/\/authorize\//)
    await page.getByRole('heading', { level: 1, name: site.authorize.personaTitle }).waitFor()
    await page.getByRole('radio').last().press('Space')
    await this.button(site.authorize.personaNext).click()
    await this.button(site.authorize.continue).click()
    await page.waitForURL(new RegExp(`^${library}/`))
  }

  /** Looks for decisions of the log. */
  async search(): Promise<void> {
    await this.button(this.texts.decisions.search).click()
    await this.page
      .getByRole('status')
      .filter({ hasText: /[0-9]/ })
      .or(this.page.getByText(this.texts.decisions.none))
      .first()
      .waitFor()
  }

  /** The person's own level of identity proofing after METI, once it is this one. */
  async hasMetiLevel(level: '1' | '3'): Promise<void> {
    const words = this.site.levels['meti-idtf-2016'].proofing.values[level]
    await this.page.goto(`${this.#instance.ready.issuer}/wallet`)
    await expect
      .poll(
        async () => {
          await this.page.reload()
          await this.page.getByRole('heading', { name: this.site.wallet.levels }).waitFor()
          return this.page.locator('main').innerText()
        },
        { timeout: 30_000, interval: 500 },
      )
      .toContain(words)
  }
}
