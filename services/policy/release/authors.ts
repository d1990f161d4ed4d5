import type { Tx, UnitOfWork } from '../../database/unit-of-work.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AccessDenied, NotFound } from '../../kernel/errors.ts'
import { authorCode } from './release.ts'
import { ReleaseStore } from './release-store.ts'

export interface AuthorsDependencies {
  readonly database: UnitOfWork
  readonly clock: Clock
}

/** Who may propose and approve policies: whoever asked for the role, and was granted it by the operator. */
export class PolicyAuthors {
  readonly #deps: AuthorsDependencies
  readonly #store: ReleaseStore

  constructor(deps: AuthorsDependencies) {
    this.#deps = deps
    this.#store = new ReleaseStore(deps.database)
  }

  /** The role of a person, and the code by which the operator grants it. */
  async role(
    subjectRef: string,
  ): Promise<{ readonly granted: boolean; readonly code: string } | undefined> {
    return this.#deps.database.read((tx) => this.#store.author(tx, subjectRef))
  }

  async askForRole(subjectRef: string): Promise<void> {
    const row = {
      subjectRef,
      code: authorCode(subjectRef),
      granted: false,
      at: this.#deps.clock.now(),
    }
    await this.#deps.database.run((tx) => this.#store.askForRole(tx, row))
  }

  /** Who has the role, or asked for it. */
  async list(): Promise<readonly { readonly code: string; readonly granted: boolean }[]> {
    const rows = await this.#deps.database.read((tx) => this.#store.authors(tx))
    return rows.map(({ code, granted }) => ({ code, granted }))
  }

  /** Grants or takes the role. @throws NotFound for a code that nobody asked with */
  async grantRole(code: string, granted: boolean): Promise<void> {
    const done = await this.#deps.database.run((tx) => this.#store.grant(tx, code, granted))
    if (!done) throw new NotFound('expected the code of somebody who asked to be an author')
  }

  /** Gives the code of an author. @throws AccessDenied for anybody else */
  async require(subjectRef: string): Promise<string> {
    return this.#deps.database.read((tx) => this.requireIn(tx, subjectRef))
  }

  /** As `require`, in a transaction: the role may have been taken since. */
  async requireIn(tx: Tx, subjectRef: string): Promise<string> {
    const role = await this.#store.author(tx, subjectRef)
    if (role?.granted !== true) throw new AccessDenied('PERMISSION_DENIED', 'expected an author')
    return role.code
  }
}
