import type { Fault } from './diagnostic.ts'
import {
  chainedComparison,
  EXPECTED,
  EXPRESSION_TOO_DEEP,
  expressionTooLong,
  numberTooLarge,
  unexpectedWord,
} from './expression-faults.ts'
import { quoted } from './parts.ts'
import { COMPARISONS, type Ast, type BinaryOp, type Comparison } from './syntax.ts'
import type { Text } from './text.ts'

/** What stops the reading of an expression; `at` is an offset in its text. */
export interface SyntaxFault {
  readonly at: number
  readonly fault: Fault
}

interface Token {
  readonly kind: 'name' | 'int' | 'duration' | 'text' | 'sign' | 'end' | 'fault'
  readonly text: string
  readonly at: number
  readonly end: number
}

const PATTERN =
  /\s+|(\$?[A-Za-z_\u3040-\u30ff\u4e00-\u9fff][\w\u3040-\u30ff\u4e00-\u9fff]*|\$\d+)|(\d+[smhdw]\b)|(\d+)|("(?:[^"\\\n]|\\["\\])*"|'(?:[^'\\\n]|\\['\\])*')|(&&|\|\||==|!=|<=|>=|[<>!?:.,()[\]])|([^])/gy
const KINDS = ['name', 'duration', 'int', 'text', 'sign', 'fault'] as const
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const MAX_LENGTH = 10_000
const MAX_DEPTH = 60

class NotAnExpression extends Error {
  readonly at: number
  readonly fault: Fault

  constructor(at: number, fault: Fault) {
    super(fault.message.en)
    this.at = at
    this.fault = fault
  }
}

/** Parses one expression of the CEL subset; the whole text must be one expression. */
export function parseExpression(text: string): { readonly ast: Ast } | SyntaxFault {
  try {
    return { ast: new ExpressionParser(text).parse() }
  } catch (error) {
    if (error instanceof NotAnExpression) return { at: error.at, fault: error.fault }
    throw error
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(PATTERN)) {
    const index = KINDS.findIndex((_, i) => match[i + 1] !== undefined)
    const kind = KINDS[index]
    if (kind === undefined) continue
    tokens.push({ kind, text: match[0], at: match.index, end: match.index + match[0].length })
  }
  tokens.push({ kind: 'end', text: '', at: text.length, end: text.length })
  return tokens
}

class ExpressionParser {
  readonly #tokens: readonly Token[]
  #next = 0
  #depth = 0

  constructor(text: string) {
    if (text.length > MAX_LENGTH) throw new NotAnExpression(0, expressionTooLong(MAX_LENGTH))
    this.#tokens = tokensOf(text)
  }

  parse(): Ast {
    const ast = this.#expression()
    const rest = this.#peek()
    if (rest.kind !== 'end') this.#unexpected(rest, EXPECTED.end)
    return ast
  }

  #peek(): Token {
    const token = this.#tokens[this.#next]
    if (token === undefined) throw new TypeError('read past the end of the tokens')
    return token
  }

  #take(): Token {
    const token = this.#peek()
    if (token.kind !== 'end') this.#next += 1
    return token
  }

  #accept(...signs: readonly string[]): Token | undefined {
    const token = this.#peek()
    const isSign = token.kind === 'sign' || (token.kind === 'name' && token.text === 'in')
    return isSign && signs.includes(token.text) ? this.#take() : undefined
  }

  #expect(sign: string): Token {
    return this.#accept(sign) ?? this.#unexpected(this.#peek(), quoted(sign))
  }

  #unexpected({ kind, text, at }: Token, expected: Text): never {
    throw new NotAnExpression(at, unexpectedWord(kind === 'end' ? undefined : text, expected))
  }

  #expression(): Ast {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new NotAnExpression(this.#peek().at, EXPRESSION_TOO_DEEP)
    const test = this.#chain('||', () => this.#chain('&&', () => this.#comparison()))
    let ast = test
    if (this.#accept('?') !== undefined) {
      const then = this.#expression()
      this.#expect(':')
      const otherwise = this.#expression()
      ast = { kind: 'conditional', test, then, otherwise, at: test.at, end: otherwise.end }
    }
    this.#depth -= 1
    return ast
  }

  #chain(op: '&&' | '||', operand: () => Ast): Ast {
    let left = operand()
    for (let sign = this.#accept(op); sign !== undefined; sign = this.#accept(op)) {
      left = binary(op, sign.at, left, operand())
    }
    return left
  }

  #comparison(): Ast {
    const left = this.#unary()
    const sign = this.#accept(...COMPARISONS)
    if (sign === undefined) return left
    const ast = binary(comparison(sign.text), sign.at, left, this.#unary())
    const second = this.#accept(...COMPARISONS)
    if (second !== undefined) throw new NotAnExpression(second.at, chainedComparison(second.text))
    return ast
  }

  #unary(): Ast {
    const sign = this.#accept('!')
    if (sign === undefined) return this.#postfix()
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new NotAnExpression(sign.at, EXPRESSION_TOO_DEEP)
    const of = this.#unary()
    this.#depth -= 1
    return { kind: 'not', of, at: sign.at, end: of.end }
  }

  #postfix(): Ast {
    let ast = this.#atom()
    for (;;) {
      if (this.#accept('.') !== undefined) {
        const name = this.#take()
        if (name.kind !== 'name') this.#unexpected(name, EXPECTED.field)
        if (this.#accept('(') === undefined) {
          ast = {
            kind: 'field',
            of: ast,
            name: name.text,
            nameAt: name.at,
            at: ast.at,
            end: name.end,
          }
        } else {
          const { items, end } = this.#items(')')
          ast = {
            kind: 'method',
            of: ast,
            name: name.text,
            nameAt: name.at,
            args: items,
            at: ast.at,
            end,
          }
        }
      } else if (this.#accept('[') !== undefined) {
        const key = this.#expression()
        ast = { kind: 'index', of: ast, key, at: ast.at, end: this.#expect(']').end }
      } else {
        return ast
      }
    }
  }

  #items(close: string): { readonly items: readonly Ast[]; readonly end: number } {
    const items: Ast[] = []
    const empty = this.#accept(close)
    if (empty !== undefined) return { items, end: empty.end }
    do items.push(this.#expression())
    while (this.#accept(',') !== undefined)
    return { items, end: this.#expect(close).end }
  }

  #atom(): Ast {
    const token = this.#take()
    const { at, end, text } = token
    switch (token.kind) {
      case 'int':
        return { kind: 'int', value: this.#whole(text, at), at, end }
      case 'duration':
        return {
          kind: 'duration',
          seconds: this.#whole(text.slice(0, -1), at) * (UNITS[text.slice(-1)] ?? 1),
          at,
          end,
        }
      case 'text':
        return { kind: 'text', value: text.slice(1, -1).replace(/\\(.)/g, '$1'), at, end }
      case 'name':
        if (text === 'true' || text === 'false')
          return { kind: 'bool', value: text === 'true', at, end }
        if (text === 'in') return this.#unexpected(token, EXPECTED.value)
        if (this.#accept('(') !== undefined) {
          const { items, end: close } = this.#items(')')
          return { kind: 'call', name: text, args: items, at, end: close }
        }
        return { kind: 'name', name: text, at, end }
      case 'sign':
        if (text === '(') {
          const inner = this.#expression()
          this.#expect(')')
          return inner
        }
        if (text === '[') {
          const { items, end: close } = this.#items(']')
          return { kind: 'list', items, at, end: close }
        }
        return this.#unexpected(token, EXPECTED.value)
      default:
        return this.#unexpected(token, EXPECTED.value)
    }
  }

  #whole(text: string, at: number): number {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value > 1e12) {
      throw new NotAnExpression(at, numberTooLarge(text.slice(0, 20)))
    }
    return value
  }
}

function binary(op: BinaryOp, opAt: number, left: Ast, right: Ast): Ast {
  return { kind: 'binary', op, opAt, left, right, at: left.at, end: right.end }
}

function comparison(text: string): Comparison {
  const found = COMPARISONS.find((op) => op === text)
  if (found === undefined) throw new TypeError(`not a comparison: ${text}`)
  return found
}
