import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromBase64, toBase64 } from '../kernel/bytes.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'

export interface KeyFiles {
  readonly dir: string
  /** Whether a missing key may be made here: development keys, never in production. */
  readonly makeMissing: boolean
  readonly random: Random
}

/** A symmetric key of 32 bytes, in base64 in `<dir>/<name>.key`. */
export function loadSecretKey(files: KeyFiles, name: string): Secret<Uint8Array> {
  const text = loadOrMake(files, `${name}.key`, () => toBase64(files.random.bytes(32)))
  const key = fromBase64(text.trim(), `${name}.key`)
  if (key.length !== 32) throw new ConfigError(`${name}.key: expected 32 bytes in base64`)
  return new Secret(key)
}

export interface SigningKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

/** An Ed25519 key pair, PKCS#8 PEM in `<dir>/<name>.pem`. */
export function loadSigningKey(files: KeyFiles, name: string): SigningKey {
  const key = readSigningKey(loadOrMake(files, `${name}.pem`, makeSigningKey), name)
  if (key === undefined) throw new ConfigError(`${name}.pem: expected a private key`)
  return key
}

/** As `loadSigningKey`, where it is there; undefined also for a file with the public half alone. */
export function findSigningKey({ dir }: KeyFiles, name: string): SigningKey | undefined {
  const path = join(dir, `${name}.pem`)
  return existsSync(path) ? readSigningKey(readFileSync(path, 'utf8'), name) : undefined
}

/** The public half of an Ed25519 key, from `<dir>/<name>.pem` with the key (PKCS#8) or with this half alone (SPKI). */
export function loadVerifyingKey(files: KeyFiles, name: string): KeyObject {
  return readEd25519(loadOrMake(files, `${name}.pem`, makeSigningKey), name, createPublicKey)
}

function makeSigningKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function readSigningKey(pem: string, name: string): SigningKey | undefined {
  if (pem.includes('-----BEGIN PUBLIC KEY-----')) return undefined
  const privateKey = readEd25519(pem, name, createPrivateKey)
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

function readEd25519(pem: string, name: string, read: (pem: string) => KeyObject): KeyObject {
  const expected = `${name}.pem: expected an Ed25519 key`
  try {
    const key = read(pem)
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch (cause) {
    throw new ConfigError(expected, { cause })
  }
  throw new ConfigError(expected)
}

function loadOrMake(files: KeyFiles, name: string, make: () => string): string {
  const path = join(files.dir, name)
  if (!existsSync(path)) {
    if (!files.makeMissing)
      throw new ConfigError(`\`KEYS_DIR\`: ${name} is missing; production makes no keys of its own`)
    mkdirSync(files.dir, { recursive: true, mode: 0o700 })
    writeOnce(path, make())
  }
  return readFileSync(path, 'utf8')
}

/** Whole or not at all, and never over what another process wrote first. */
function writeOnce(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`
  writeFileSync(draft, text, { mode: 0o600, flush: true })
  try {
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(draft)
  }
}
