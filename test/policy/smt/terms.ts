import type { Comparison } from '../../../services/policy/language/syntax.ts'

/** A term of SMT-LIB as text. Parts that are large have been given a name, so that a term stays short. */
export type Term = string

export const TRUE: Term = 'true'
export const FALSE: Term = 'false'

/** Truths, members of enums, texts and amounts: all of them of a fixed number of bits, so that a problem is a finite one. */
const SORTS = {
  Bool: 'Bool',
  Member: '(_ BitVec 6)',
  Text: '(_ BitVec 12)',
  Amount: '(_ BitVec 34)',
} as const
export type Sort = keyof typeof SORTS

/** Declarations and assertions of one problem of SMT-LIB. Equal terms share one name. */
export class Terms {
  readonly #lines: string[] = []
  readonly #names = new Map<Term, Term>()

  get text(): string {
    return this.#lines.join('\n')
  }

  declare(name: string, sort: Sort): Term {
    const symbol = `|${name}|`
    this.#lines.push(`(declare-const ${symbol} ${SORTS[sort]})`)
    return symbol
  }

  assert(term: Term): void {
    if (term !== TRUE) this.#lines.push(`(assert ${term})`)
  }

  /** A name that the question can be asked by. */
  question(name: string, term: Term): void {
    this.assert(`(= ${this.declare(name, 'Bool')} ${term})`)
  }

  /** The term, or a name for it where it is more than a word. */
  named(term: Term, sort: Sort = 'Bool'): Term {
    if (!term.startsWith('(') || term.startsWith('(_')) return term
    const known = this.#names.get(term)
    if (known !== undefined) return known
    const name = `t${this.#names.size}`
    this.#lines.push(`(define-fun ${name} () ${SORTS[sort]} ${term})`)
    this.#names.set(term, name)
    return name
  }

  all(of: readonly Term[]): Term {
    const parts = [...new Set(of)].filter((term) => term !== TRUE)
    if (parts.includes(FALSE)) return FALSE
    return parts.length === 0 ? TRUE : (only(parts) ?? this.named(`(and ${parts.join(' ')})`))
  }

  any(of: readonly Term[]): Term {
    const parts = [...new Set(of)].filter((term) => term !== FALSE)
    if (parts.includes(TRUE)) return TRUE
    return parts.length === 0 ? FALSE : (only(parts) ?? this.named(`(or ${parts.join(' ')})`))
  }

  not(of: Term): Term {
    if (of === TRUE) return FALSE
    return of === FALSE ? TRUE : this.named(`(not ${of})`)
  }

  choose(test: Term, then: Term, otherwise: Term, sort: Sort): Term {
    if (test === TRUE || then === otherwise) return then
    return test === FALSE ? otherwise : this.named(`(ite ${test} ${then} ${otherwise})`, sort)
  }

  /** How many of them hold, an amount. */
  count(of: readonly Term[]): Term {
    const [none, one] = [amount(0), amount(1)]
    return of
      .filter((term) => term !== FALSE)
      .map((term) => `(ite ${term} ${one} ${none})`)
      .reduce((sum, next) => this.named(`(bvadd ${sum} ${next})`, 'Amount'), none)
  }

  /** Of two terms of one sort. */
  compare(cmp: Comparison, left: Term, right: Term): Term {
    if (left === right) return cmp === '==' || cmp === '<=' || cmp === '>=' ? TRUE : FALSE
    if (cmp === '!=' || cmp === 'in') throw new TypeError(`${cmp} compares no two values`)
    return this.named(`(${SIGNS[cmp]} ${left} ${right})`)
  }
}

const SIGNS: Readonly<Record<Exclude<Comparison, '!=' | 'in'>, string>> = {
  '==': '=',
  '<': 'bvslt',
  '<=': 'bvsle',
  '>': 'bvsgt',
  '>=': 'bvsge',
}

function only(parts: readonly Term[]): Term | undefined {
  return parts.length === 1 ? parts[0] : undefined
}

/** A member of an enum by its position from 1 on; 0 is none. */
export function member(position: number): Term {
  return `(_ bv${position} 6)`
}

export function text(number: number): Term {
  return `(_ bv${number} 12)`
}

/** In two's complement. */
export function amount(value: number): Term {
  return `(_ bv${value < 0 ? 2 ** AMOUNT_BITS + value : value} ${AMOUNT_BITS})`
}

const AMOUNT_BITS = 34
