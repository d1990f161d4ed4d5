import { opaqueId, type Random } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import { seal, unseal, Undecryptable, type SealContext } from './sealing.ts'

/**
 * `subject` is wrapped by the key encryption key; `identity` (verified attributes), `persona` and `release` by it. `ledger` stands
 * beside it, because records of disclosure are kept longer than a profile. `vault` and `deposit` belong to no person.
 */
export type KeyClass =
  'vault' | 'deposit' | 'subject' | 'identity' | 'persona' | 'release' | 'ledger'

export interface KeyRow {
  readonly keyId: string
  readonly keyClass: KeyClass
  readonly subjectRef: string | null
  readonly parentId: string | null
  readonly epoch: string
  readonly wrapped: Uint8Array
  readonly madeAt: Date
}

export interface OpenKey {
  readonly keyId: string
  readonly secret: Secret<Uint8Array>
}

/** Where the key encryption key comes from: a file, a key service, an HSM. 32 bytes each. */
export interface KeyProvider {
  readonly current: { readonly epoch: string; readonly key: Secret<Uint8Array> }
  /** An older one that keys may still be wrapped by; undefined once it is destroyed. */
  byEpoch(epoch: string): Secret<Uint8Array> | undefined
}

/** A provider of one key that never changes. */
export function fixedKeyProvider(key: Secret<Uint8Array>, epoch = '1'): KeyProvider {
  if (key.reveal().length !== 32) throw new TypeError('a key encryption key has 32 bytes')
  return { current: { epoch, key }, byEpoch: (asked) => (asked === epoch ? key : undefined) }
}

export interface NewKey {
  readonly keyClass: KeyClass
  readonly subjectRef?: string
  /** Wraps the new key; the key encryption key when absent. */
  readonly parent?: OpenKey
  /** 32 random bytes when absent. */
  readonly material?: Uint8Array
}

/** Makes a key and the row that keeps it wrapped. */
export function makeKey(
  provider: KeyProvider,
  random: Random,
  at: Date,
  wanted: NewKey,
): { readonly row: KeyRow; readonly key: OpenKey } {
  const material = wanted.material ?? random.bytes(32)
  const unwrapped = {
    keyId: opaqueId(random),
    keyClass: wanted.keyClass,
    subjectRef: wanted.subjectRef ?? null,
    parentId: wanted.parent?.keyId ?? null,
    epoch: wanted.parent ? '' : provider.current.epoch,
    madeAt: at,
  }
  const wrapping = wanted.parent?.secret ?? provider.current.key
  const wrapped = seal(wrapping.reveal(), material, contextOf(unwrapped), random)
  return {
    row: { ...unwrapped, wrapped },
    key: { keyId: unwrapped.keyId, secret: new Secret(material) },
  }
}

/** Unwraps a key that stands directly under the key encryption key, or under `parent`. */
export function openKey(provider: KeyProvider, row: KeyRow, parent?: OpenKey): OpenKey {
  const wrapping = row.parentId === null ? provider.byEpoch(row.epoch) : parent?.secret
  if (!wrapping) throw new Undecryptable('the wrapping key is gone')
  return {
    keyId: row.keyId,
    secret: new Secret(unseal(wrapping.reveal(), row.wrapped, contextOf(row))),
  }
}

/** The same key under the current key encryption key. */
export function rewrapKey(provider: KeyProvider, random: Random, row: KeyRow): KeyRow {
  const { secret } = openKey(provider, row)
  const { epoch, key } = provider.current
  return { ...row, epoch, wrapped: seal(key.reveal(), secret.reveal(), contextOf(row), random) }
}

/** The keys of one person, unwrapped when they are asked for. */
export class PersonKeys {
  readonly #rows: readonly KeyRow[]
  readonly #provider: KeyProvider

  constructor(rows: readonly KeyRow[], provider: KeyProvider) {
    this.#rows = rows
    this.#provider = provider
  }

  get keyIds(): readonly string[] {
    return this.#rows.map((row) => row.keyId)
  }

  /** @throws Undecryptable when the key was destroyed */
  only(keyClass: 'subject' | 'identity' | 'ledger'): OpenKey {
    return this.#open(this.#rows.find((row) => row.keyClass === keyClass))
  }

  /** @throws Undecryptable when the key was destroyed */
  byId(keyId: string): OpenKey {
    return this.#open(this.#rows.find((row) => row.keyId === keyId))
  }

  #open(row: KeyRow | undefined): OpenKey {
    if (!row) throw new Undecryptable('the key was destroyed')
    return openKey(this.#provider, row, row.parentId === null ? undefined : this.byId(row.parentId))
  }
}

function contextOf(row: Pick<KeyRow, 'keyId' | 'keyClass' | 'subjectRef'>): SealContext {
  return {
    store: 'wallet_key',
    type: row.keyClass,
    recordId: row.keyId,
    subjectRef: row.subjectRef ?? '',
    field: 'wrapped',
  }
}
