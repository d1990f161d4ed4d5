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
  const pem = loadOrMake(files, `${name}.pem`, () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  })
  const privateKey = createPrivateKey(pem)
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new ConfigError(`${name}.pem: expected an Ed25519 key`)
  return { privateKey, publicKey: createPublicKey(privateKey) }
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
