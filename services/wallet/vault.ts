import type { webcrypto } from 'node:crypto'
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core'
import { lengthPrefixed, utf8 } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { makeKey, openKey, type KeyRow } from './keys.ts'
import type { SealedAttributes, Vault } from './ports.ts'
import { readSealedAttributes } from './sealed-attributes.ts'
import { seal, unseal, Undecryptable, type SealContext } from './sealing.ts'
import type { WalletParts } from './wallet-parts.ts'

const INFO = utf8('watashi/vault/v1')
const ENCAPSULATED_KEY_LENGTH = 32
const MAX_DEPOSIT_LENGTH = 16 * 1024
const MAX_PROOFING_ID_LENGTH = 100

interface VaultKey {
  readonly keyId: string
  readonly publicKey: Uint8Array
  readonly privateKey: webcrypto.CryptoKey
}

/** RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
export function vaultSuite(): CipherSuite {
  return new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  })
}

/**
 * The vault. A deposit is opened when it is made, outside of any unit of work (HPKE is asynchronous), so that an unreadable one
 * is refused before its proofing commits; it is kept under a key of its own, so the private key opens nothing that is stored.
 */
export function createVault(parts: WalletParts): Vault {
  const suite = vaultSuite()
  const opened = new Map<string, VaultKey>()

  async function open(row: KeyRow): Promise<VaultKey> {
    const known = opened.get(row.keyId)
    if (known) return known
    const seed = asBuffer(openKey(parts.keys, row).secret.reveal())
    // The library names a type that only browsers declare; Node has it under `webcrypto`.
    const pair = (await suite.kem.deriveKeyPair(seed)) as webcrypto.CryptoKeyPair
    const publicKey = new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey))
    const key = { keyId: row.keyId, publicKey, privateKey: pair.privateKey }
    opened.set(row.keyId, key)
    return key
  }

  async function vaultKeys(): Promise<readonly [VaultKey, ...VaultKey[]]> {
    const [first, ...more] = await loadOrMakeVaultKeys(parts)
    return [await open(first), ...(await Promise.all(more.map(open)))]
  }

  return {
    async publicKey() {
      const [{ keyId, publicKey }] = await vaultKeys()
      return { keyId, publicKey }
    },

    async deposit(proofingId, ciphertext) {
      checkForm(proofingId, ciphertext)
      if (await parts.database.read((tx) => parts.deposits.exists(tx, proofingId))) return
      const plaintext = await openDeposit(suite, await vaultKeys(), parts, proofingId, ciphertext)
      await keepDeposit(parts, proofingId, readSealedAttributes(plaintext))
    },
  }
}

async function loadOrMakeVaultKeys(parts: WalletParts): Promise<[KeyRow, ...KeyRow[]]> {
  const { database, keyStore, keys, random, clock } = parts
  const known = await database.read((tx) => keyStore.ofClass(tx, 'vault'))
  const [first, ...more] = known
  if (first) return [first, ...more]
  const { row } = makeKey(keys, random, clock.now(), { keyClass: 'vault' })
  return database.run(async (tx) => {
    const [before] = await keyStore.ofClass(tx, 'vault')
    if (before) return [before]
    await keyStore.add(tx, row)
    return [row]
  })
}

function checkForm(proofingId: string, ciphertext: Uint8Array): void {
  if (proofingId.length === 0 || proofingId.length > MAX_PROOFING_ID_LENGTH) {
    throw new InvalidInput('proofing_id', `1 to ${MAX_PROOFING_ID_LENGTH} characters`)
  }
  const { length } = ciphertext
  if (length <= ENCAPSULATED_KEY_LENGTH || length > MAX_DEPOSIT_LENGTH) {
    throw new InvalidInput('ciphertext', `at most ${MAX_DEPOSIT_LENGTH} bytes, key included`)
  }
}

async function openDeposit(
  suite: CipherSuite,
  keys: readonly VaultKey[],
  { environment }: Pick<WalletParts, 'environment'>,
  proofingId: string,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  const enc = asBuffer(ciphertext.subarray(0, ENCAPSULATED_KEY_LENGTH))
  const body = asBuffer(ciphertext.subarray(ENCAPSULATED_KEY_LENGTH))
  const aad = asBuffer(lengthPrefixed(environment, proofingId))
  for (const { privateKey } of keys) {
    try {
      const params = { recipientKey: privateKey, enc, info: asBuffer(INFO) }
      return new Uint8Array(await suite.open(params, body, aad))
    } catch {
      // Sealed to another of our keys, or to none: the next key tells, and after the last one the caller is told.
    }
  }
  throw new InvalidInput('ciphertext', 'attributes sealed to the vault for this proofing')
}

async function keepDeposit(
  parts: WalletParts,
  proofingId: string,
  attributes: SealedAttributes,
): Promise<void> {
  const { database, deposits, keyStore, keys, random, clock } = parts
  const depositedAt = clock.now()
  const { row, key } = makeKey(keys, random, depositedAt, { keyClass: 'deposit' })
  const plaintext = utf8(canonicalJson(attributes))
  const sealed = seal(key.secret.reveal(), plaintext, depositContext(proofingId), random)
  await database.run(async (tx) => {
    const added = await deposits.add(tx, { proofingId, keyId: key.keyId, sealed, depositedAt })
    if (added) await keyStore.add(tx, row)
  })
}

/** Takes the deposit of a proofing, for good; undefined when there is none or nobody can open it. */
export async function takeDeposit(
  { deposits, keyStore, keys }: WalletParts,
  tx: Tx,
  proofingId: string,
  at: Date,
): Promise<SealedAttributes | undefined> {
  const deposit = await deposits.waiting(tx, proofingId)
  if (!deposit) return undefined
  await deposits.markTaken(tx, proofingId, at)
  const row = await keyStore.byId(tx, deposit.keyId)
  await keyStore.destroy(tx, [deposit.keyId])
  if (!row) return undefined
  try {
    const key = openKey(keys, row).secret.reveal()
    return readSealedAttributes(unseal(key, deposit.sealed, depositContext(proofingId)))
  } catch (error) {
    if (error instanceof Undecryptable) return undefined // its key encryption key was destroyed
    throw error
  }
}

function depositContext(proofingId: string): SealContext {
  return {
    store: 'wallet_deposit',
    type: 'deposit',
    recordId: proofingId,
    subjectRef: '',
    field: 'attributes',
  }
}

/** A copy of exactly these bytes, in the type that WebCrypto takes. */
function asBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
