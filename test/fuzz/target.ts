import { isDeepStrictEqual } from 'node:util'
import { concatBytes, lengthPrefixed } from '../../services/kernel/bytes.ts'
import { ServiceError } from '../../services/kernel/errors.ts'
import { mutateBytes, mutateDer } from '../mutation/mutate.ts'
import type { RandomNumbers } from '../mutation/random.ts'

/** A parser, or what is built on parsers, with inputs to begin with. */
export interface FuzzTarget {
  readonly name: string
  /** What is fuzzed, for the report. */
  readonly what: string
  readonly seeds: readonly Uint8Array[]
  /** Absent: as DER. */
  readonly mutate?: Mutate
  /** Throws whatever must not happen: a `Violation`, or an error of no known type. */
  readonly run: (input: Uint8Array) => void | Promise<void>
}

export type Mutate = (
  input: Uint8Array,
  random: RandomNumbers,
  seeds: readonly Uint8Array[],
) => Uint8Array

/** Something that must hold did not. */
export class Violation extends Error {}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Violation(what)
}

/** What `work` gives; null for a typed error, which is how bad input is refused. */
export function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof ServiceError) return null
    throw error
  }
}

/** Several byte strings as one input. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return lengthPrefixed(...parts)
}

/** The byte strings of an input; what does not fit is left out. */
export function split(input: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = []
  const view = new DataView(input.buffer, input.byteOffset, input.length)
  for (let at = 0; at + 4 <= input.length;) {
    const end = at + 4 + view.getUint32(at)
    if (end > input.length) break
    parts.push(input.subarray(at + 4, end))
    at = end
  }
  return parts
}

/** Mutates one of the byte strings, or which there are. */
export function mutateParts(mutatePart: Mutate = mutateDer): Mutate {
  return (input, random, seeds) => {
    const parts = split(input)
    if (parts.length === 0) return random.pick(seeds)
    const at = random.below(parts.length)
    const part = parts[at] ?? new Uint8Array()
    switch (random.below(8)) {
      case 0:
        parts.splice(at, 1)
        break
      case 1:
        parts.splice(at, 0, part)
        break
      case 2:
        parts.splice(at, 1, ...split(random.pick(seeds)).slice(at, at + 1))
        break
      default:
        parts[at] = mutatePart(part, random, parts)
    }
    return joined(...parts)
  }
}

export const mutateOctets: Mutate = (input, random) => mutateBytes(input, random)

/** The same bytes in the middle of others. */
export function elsewhere(input: Uint8Array): Uint8Array {
  const around = new Uint8Array(7).fill(0xa5)
  return concatBytes(around, input, around).subarray(7, 7 + input.length)
}

/** Whether what is read does not depend on where it stands. */
export function readsAlike(input: Uint8Array, read: (bytes: Uint8Array) => unknown): boolean {
  // Of one kind of array: what is kept from reading before is no view of a Buffer, and would differ in that alone.
  const plain = new Uint8Array(input)
  return isDeepStrictEqual(read(plain), read(elsewhere(plain)))
}
