import { InvalidInput } from './errors.ts'

/** What the schema takes at a place; `other` are the words of the library that checks. */
export type FactExpectation =
  | { readonly kind: 'facts' }
  | { readonly kind: 'one of'; readonly members: readonly string[] }
  | { readonly kind: 'member' | 'no member'; readonly name: string }
  | { readonly kind: 'type'; readonly type: string }
  | { readonly kind: 'format'; readonly format: string }
  | { readonly kind: 'bound'; readonly comparison: string; readonly limit: number }
  | { readonly kind: 'entries'; readonly most: number }
  | { readonly kind: 'other'; readonly words: string }

/** Facts that the schema does not take; `expected` says what it takes, for words in another language. */
export class InvalidFacts extends InvalidInput {
  readonly expected: FactExpectation

  constructor(path: string, expected: FactExpectation) {
    super(path, wordsOf(expected))
    this.expected = expected
  }
}

function wordsOf(expected: FactExpectation): string {
  switch (expected.kind) {
    case 'facts':
      return 'valid facts'
    case 'one of':
      return `one of ${expected.members.join(', ')}`
    case 'no member':
      return `no member \`${expected.name}\``
    case 'member':
      return `a member \`${expected.name}\``
    case 'type':
      return `type ${expected.type}`
    case 'format':
      return `match format "${expected.format}"`
    case 'bound':
      return `be ${expected.comparison} ${expected.limit}`
    case 'entries':
      return `at most ${expected.most} entries`
    case 'other':
      return expected.words
    default:
      return expected satisfies never
  }
}
