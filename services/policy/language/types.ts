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

/** Name of a type in messages to authors. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'enum':
      return `enum ${type.name}`
    case 'set':
      return `set of ${type.of.name}`
    case 'record':
      return type.record
    case 'list':
      return `list of ${type.record}`
    case 'truth':
    case 'flag':
      return 'condition'
    case 'count':
    case 'age':
    case 'int':
      return 'number'
    default:
      return type.kind
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
