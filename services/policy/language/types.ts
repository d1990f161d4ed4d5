import type { Text } from './text.ts'

/** A named list of values. `ordered` ones may be compared with `<`; order is low to high. */
export interface EnumType {
  readonly kind: 'enum'
  readonly name: string
  readonly members: readonly string[]
  readonly ordered: boolean
}

/**
 * Types of expressions. `truth` is a three-valued condition; `flag` is a boolean fact that may be absent, which
 * reads false as a condition and equals neither `true` nor `false`.
 */
export type Type =
  | { readonly kind: 'truth' }
  | { readonly kind: 'flag' }
  | EnumType
  | { readonly kind: 'set'; readonly of: EnumType }
  | { readonly kind: 'int' }
  /** Seconds that grow while time passes, such as the age of a session. */
  | { readonly kind: 'age' }
  | { readonly kind: 'count' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'duration' }
  | { readonly kind: 'key' }
  | { readonly kind: 'label' }
  | { readonly kind: 'record'; readonly record: string }
  | { readonly kind: 'list'; readonly record: string }
  /** Something that was already reported; it fits everywhere, so that one fault gives one message. */
  | { readonly kind: 'faulty' }

export const TRUTH: Type = { kind: 'truth' }
export const FAULTY: Type = { kind: 'faulty' }

export function sameType(a: Type, b: Type): boolean {
  if (a.kind === 'enum' && b.kind === 'enum') return a.name === b.name
  if (a.kind === 'set' && b.kind === 'set') return a.of.name === b.of.name
  if (a.kind === 'record' && b.kind === 'record') return a.record === b.record
  if (a.kind === 'list' && b.kind === 'list') return a.record === b.record
  return a.kind === b.kind
}

/** A type as messages to authors name it. */
export function typeText(type: Type): Text {
  switch (type.kind) {
    case 'enum':
      return {
        ja: type.name.startsWith('axis ') ? `軸 ${type.name.slice(5)}` : `列挙型 ${type.name}`,
        en: `enum ${type.name}`,
      }
    case 'set':
      return { ja: `${type.of.name} の集合`, en: `set of ${type.of.name}` }
    case 'record':
      return { ja: type.record, en: type.record }
    case 'list':
      return { ja: `${type.record} のリスト`, en: `list of ${type.record}` }
    case 'truth':
    case 'flag':
      return { ja: '条件', en: 'condition' }
    case 'count':
    case 'age':
    case 'int':
      return { ja: '数', en: 'number' }
    case 'timestamp':
      return { ja: '日時', en: 'timestamp' }
    case 'duration':
      return { ja: '時間の長さ', en: 'duration' }
    case 'key':
      return { ja: '識別子', en: 'key' }
    case 'label':
      return { ja: 'ラベル', en: 'label' }
    case 'faulty':
      return { ja: '誤り', en: 'faulty' }
  }
}

/** An enum's mask has one bit per member; this bit says "no value was established". */
export const ABSENT = 1 << 30
export const MAX_MEMBERS = 30

export function maskOf(type: EnumType, member: string): number {
  const index = type.members.indexOf(member)
  return index < 0 ? ABSENT : 1 << index
}

export function membersOf(type: EnumType, mask: number): string[] {
  return type.members.filter((_, index) => (mask & (1 << index)) !== 0)
}
