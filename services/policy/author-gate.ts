import type { LiveSession, SessionPort } from '../authenticator/ports.ts'
import { AccessDenied } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Policy } from './policy.ts'
import type { Minimum } from './ports.ts'

export interface AuthorGateDependencies {
  readonly policy: Pick<Policy, 'assess' | 'authors'>
  readonly sessions: Pick<SessionPort, 'current'>
  readonly clock: Clock
}

/** How strongly an author has to be logged in: through this product itself, at AAL2. */
const AUTHOR_MINIMUM: Minimum = {
  axes: [{ framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL2' }],
  flags: [],
}

/** Who may use the pages of policy authors. */
export class AuthorGate {
  readonly #dependencies: AuthorGateDependencies

  constructor(dependencies: AuthorGateDependencies) {
    this.#dependencies = dependencies
  }

  /** @throws AccessDenied where nobody is logged in */
  async session(cookie: string | undefined): Promise<LiveSession> {
    const session = await this.#dependencies.sessions.current(cookie)
    if (!session) throw new AccessDenied('UNAUTHENTICATED', 'expected a person who is logged in')
    return session
  }

  /** @throws AccessDenied for anybody but an author with a strong login */
  async author(cookie: string | undefined) {
    const session = await this.session(cookie)
    const role = await this.#dependencies.policy.authors.role(session.subjectRef)
    if (role?.granted !== true) throw new AccessDenied('PERMISSION_DENIED', 'expected an author')
    if (!(await this.#isStrong(session)))
      throw new AccessDenied('PERMISSION_DENIED', 'expected a login at AAL2')
    return { session, code: role.code }
  }

  async view(session: LiveSession) {
    const role = await this.#dependencies.policy.authors.role(session.subjectRef)
    const granted = role?.granted === true
    return {
      role:
        role === undefined ? ('none' as const) : granted ? ('author' as const) : ('asked' as const),
      code: role?.code ?? null,
      strongLogin: await this.#isStrong(session),
    }
  }

  async #isStrong(session: LiveSession): Promise<boolean> {
    const { policy, clock } = this.#dependencies
    const { satisfied } = await policy.assess({
      subjectRef: session.subjectRef,
      ceremony: session,
      minimum: AUTHOR_MINIMUM,
      at: clock.now(),
    })
    return satisfied
  }
}
