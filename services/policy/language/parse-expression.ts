import {
  COMPARISONS,
  type Ast,
  type BinaryOp,
  type Comparison,
  type SyntaxFault,
} from './syntax.ts'

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

class Fault extends Error {
  readonly fault: SyntaxFault

  constructor(fault: SyntaxFault) {
    super(fault.message)
    this.fault = fault
  }
}

/** Parses one expression of the CEL subset; the whole text must be one expression. */
export function parseExpression(
  text: string,
): { readonly ast: Ast } | { readonly fault: SyntaxFault } {
  try {
    return { ast: new ExpressionParser(text).parse() }
  } catch (error) {
    if (error instanceof Fault) return { fault: error.fault }
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
    if (text.length > MAX_LENGTH) {
      throw new Fault({
        code: 'expression-syntax',
        at: 0,
        message: `expression of more than ${MAX_LENGTH} characters`,
      })
    }
    this.#tokens = tokensOf(text)
  }

  parse(): Ast {
    const ast = this.#expression()
    const rest = this.#peek()
    if (rest.kind !== 'end') this.#unexpected(rest, 'the end of the expression')
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
    return this.#accept(sign) ?? this.#unexpected(this.#peek(), `\`${sign}\``)
  }

  #unexpected(token: Token, expected: string): never {
    const found = token.kind === 'end' ? 'the expression ends' : `\`${token.text}\``
    const help = helpFor(token)
    throw new Fault({
      code: 'expression-syntax',
      at: token.at,
      message: `${found} where ${expected} was expected`,
      ...(help === undefined ? {} : { help }),
    })
  }

  #expression(): Ast {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) {
      throw new Fault({
        code: 'expression-syntax',
        at: this.#peek().at,
        message: 'expression nested too deeply',
      })
    }
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
    if (second !== undefined) {
      throw new Fault({
        code: 'chained-comparison',
        at: second.at,
        message: `comparisons cannot be chained: \`${second.text}\``,
        help: 'join two comparisons with `&&`',
      })
    }
    return ast
  }

  #unary(): Ast {
    const sign = this.#accept('!')
    if (sign === undefined) return this.#postfix()
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) {
      throw new Fault({
        code: 'expression-syntax',
        at: sign.at,
        message: 'expression nested too deeply',
      })
    }
    const of = this.#unary()
    this.#depth -= 1
    return { kind: 'not', of, at: sign.at, end: of.end }
  }

  #postfix(): Ast {
    let ast = this.#atom()
    for (;;) {
      if (this.#accept('.') !== undefined) {
        const name = this.#take()
        if (name.kind !== 'name') this.#unexpected(name, 'the name of a field')
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
        if (text === 'in') return this.#unexpected(token, 'a value')
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
        return this.#unexpected(token, 'a value')
      default:
        return this.#unexpected(token, 'a value')
    }
  }

  #whole(text: string, at: number): number {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value > 1e12) {
      throw new Fault({
        code: 'expression-syntax',
        at,
        message: `number \`${text.slice(0, 20)}\` is too large`,
      })
    }
    return value
  }
}

/** What whoever wrote a word or sign that does not belong there most likely meant. */
function helpFor({ text }: Token): string | undefined {
  if (text === '=') return 'write `==` to compare'
  if (text === '&' || text === '|') return `write \`${text.repeat(2)}\``
  if (Object.hasOwn(WORDS, text)) return WORDS[text]
  const code = text.charCodeAt(0)
  if (code === WIDE_SPACE) return 'write spaces in half width'
  if (code >= FIRST_WIDE && code <= LAST_WIDE)
    return `write it in half width: \`${String.fromCharCode(code - FIRST_WIDE + 0x21)}\``
  return undefined
}

const WORDS: Readonly<Record<string, string>> = {
  ...{ and: 'write `&&`', or: 'write `||`', not: 'write `!`' },
  ...{ y: 'for years write `addYears`', M: 'for months write `addMonths`' },
}
/** Full-width forms of `!` to `~`, as Japanese keyboards give them; Unicode block FF00. */
const [FIRST_WIDE, LAST_WIDE, WIDE_SPACE] = [0xff01, 0xff5e, 0x3000] as const

function binary(op: BinaryOp, opAt: number, left: Ast, right: Ast): Ast {
  return { kind: 'binary', op, opAt, left, right, at: left.at, end: right.end }
}

function comparison(text: string): Comparison {
  const found = COMPARISONS.find((op) => op === text)
  if (found === undefined) throw new TypeError(`not a comparison: ${text}`)
  return found
}
