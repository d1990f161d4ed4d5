import type { JSONWebKeySet } from 'jose'
import type { UnitOfWork } from '../database/unit-of-work.ts'
import { AccessDenied } from '../kernel/errors.ts'
import type { ClientAuthentication, Registration } from './registration.ts'
import type { FederationStore } from './store.ts'

/** Relying parties as they are registered now: read at every call, so that a withdrawn one stops at once. */
export class Registry {
  readonly #unitOfWork: UnitOfWork
  readonly #store: FederationStore

  constructor(unitOfWork: UnitOfWork, store: FederationStore) {
    this.#unitOfWork = unitOfWork
    this.#store = store
  }

  async find(rpId: string): Promise<Registration | undefined> {
    const stored = await this.#unitOfWork.read((tx) => this.#store.registration(tx, rpId))
    return stored?.registration
  }

  /** @throws AccessDenied for one that is unknown or no longer active */
  async active(rpId: string): Promise<Registration> {
    const registration = await this.find(rpId)
    if (registration?.active !== true) {
      throw new AccessDenied('PERMISSION_DENIED', 'expected a registered relying party')
    }
    return registration
  }

  /** How a relying party proves who it is; undefined for one that is unknown or no longer active. */
  async authenticationOf(rpId: string): Promise<ClientAuthentication['method'] | undefined> {
    const registration = await this.find(rpId)
    return registration?.active === true ? registration.authentication.method : undefined
  }

  async keysOf(rpId: string): Promise<JSONWebKeySet | undefined> {
    const registration = await this.find(rpId)
    if (registration?.active !== true) return undefined
    const { authentication } = registration
    return authentication.method === 'private_key_jwt' ? authentication.jwks : undefined
  }

  useOnce(rpId: string, jti: string, until: Date): Promise<boolean> {
    return this.#unitOfWork.run((tx) => this.#store.useAssertion(tx, rpId, jti, until))
  }
}
