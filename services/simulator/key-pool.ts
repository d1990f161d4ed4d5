import type { KeyObject } from 'node:crypto'
import { type KeySource, newRsaKey } from './keys.ts'

/** Hands out the same `size` keys again and again: for tests, where making a key for everyone would be most of the time. */
export function keyPool(size: number): KeySource {
  const keys: Promise<KeyObject>[] = []
  let next = 0
  return () => {
    const index = next++ % size
    return (keys[index] ??= newRsaKey())
  }
}
