import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HANAKO, openTemporaryWallet, type TemporaryWallet } from './temporary-wallet.ts'

let wallet: TemporaryWallet
beforeEach(async () => {
  wallet = await openTemporaryWallet()
})
afterEach(() => wallet[Symbol.asyncDispose]())

const invalid = (path: string) => expect.objectContaining({ code: 'INVALID_INPUT', path }) as Error
const waiting = (proofingId: string) =>
  wallet.database.read((tx) => wallet.parts.deposits.waiting(tx, proofingId))
const keyClasses = async () =>
  (await wallet.database.read((tx) => wallet.parts.keyStore.ofClass(tx, 'deposit'))).length

describe('the key of the vault', () => {
  test('is one X25519 key that stays', async () => {
    const first = await wallet.vault.publicKey()
    expect(first.publicKey).toHaveLength(32)
    expect(await wallet.vault.publicKey()).toEqual(first)
    const both = await Promise.all([wallet.vault.publicKey(), wallet.vault.publicKey()])
    expect(new Set(both.map(({ keyId }) => keyId)).size).toBe(1)
  })
})

describe('a deposit', () => {
  test('is kept under a key of its own', async () => {
    await wallet.vault.deposit('p1', await wallet.sealDeposit('p1', HANAKO))
    expect(await waiting('p1')).toBeDefined()
    expect(await keyClasses()).toBe(1)
  })

  test('made twice is one deposit, and the first counts', async () => {
    await wallet.vault.deposit('p1', await wallet.sealDeposit('p1', HANAKO))
    const before = await waiting('p1')
    await wallet.vault.deposit('p1', await wallet.sealDeposit('p1', { ...HANAKO, gender: '1' }))
    expect(await waiting('p1')).toEqual(before)
    expect(await keyClasses()).toBe(1)
  })

  test('made twice at the same time is one deposit', async () => {
    const sealed = await wallet.sealDeposit('p1', HANAKO)
    await Promise.all([wallet.vault.deposit('p1', sealed), wallet.vault.deposit('p1', sealed)])
    expect(await keyClasses()).toBe(1)
  })

  test('repeated after it was taken in is not kept again', async () => {
    const proofingId = await wallet.enrol('subject')
    await wallet.vault.deposit(proofingId, await wallet.sealDeposit(proofingId, HANAKO))
    expect(await waiting(proofingId)).toBeUndefined()
    expect(await keyClasses()).toBe(0)
  })

  test('of another proofing or environment does not open', async () => {
    const other = await wallet.sealDeposit('p2', HANAKO)
    await expect(wallet.vault.deposit('p1', other)).rejects.toThrow(invalid('ciphertext'))
    const production = await wallet.sealDeposit('p1', HANAKO, 'production')
    await expect(wallet.vault.deposit('p1', production)).rejects.toThrow(invalid('ciphertext'))
    expect(await waiting('p1')).toBeUndefined()
  })

  test.each([0, 31, 32, 16 * 1024 + 1])('of %i bytes is refused', async (length) => {
    await expect(wallet.vault.deposit('p1', new Uint8Array(length))).rejects.toThrow(
      invalid('ciphertext'),
    )
  })

  test.each<[string, unknown]>([
    ['attributes', 'text'],
    ['attributes', { ...HANAKO, individual_number: 'canary-7f3a' }],
    ['attributes/name', { ...HANAKO, name: 'canary-7f3a' }],
    ['attributes/name', { ...HANAKO, name: { value: 'canary-7f3a' } }],
    ['attributes/gender', { ...HANAKO, gender: 'canary-7f3a' }],
    ['attributes/birthdate', { ...HANAKO, birthdate: '2026-02-30' }],
    ['attributes/birthdate', { ...HANAKO, birthdate: '1992-7-29' }],
    ['attributes/asOf', { ...HANAKO, asOf: 'canary-7f' }],
    ['attributes', { name: HANAKO.name }],
  ])('with something wrong at %s is refused without quoting it', async (path, attributes) => {
    const sealed = await wallet.sealDeposit('p1', attributes)
    const error: unknown = await wallet.vault.deposit('p1', sealed).catch((e: unknown) => e)
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      path: expect.stringContaining(path) as string,
    })
    expect(String(error)).not.toContain('canary')
    expect(await waiting('p1')).toBeUndefined()
  })
})
