import { ServiceError } from '../../kernel/errors.ts'

/** Stable codes of everything that can be wrong with a document; listed for authors in policies/README.md. */
export type DiagnosticCode =
  | 'yaml-syntax'
  | 'too-large'
  | 'language-version'
  | 'unknown-key'
  | 'missing-key'
  | 'duplicate-key'
  | 'wrong-form'
  | 'bad-date'
  | 'expression-syntax'
  | 'unknown-name'
  | 'unknown-field'
  | 'unknown-function'
  | 'enum-member'
  | 'type-mismatch'
  | 'chained-comparison'
  | 'grant-negation'
  | 'unknown-axis'
  | 'unknown-level'
  | 'unknown-rule'
  | 'unknown-option'
  | 'duplicate-id'
  | 'axis-cycle'
  | 'define-cycle'
  | 'date-overlap'
  | 'missing-cites'
  | 'table-row'
  | 'wrong-facts'

/** A place in a document. Lines and columns count from 1, columns in UTF-16 code units. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Diagnostic {
  readonly code: DiagnosticCode
  readonly place: Place
  /** Lower case, no final period, author's words in backticks. */
  readonly message: string
  readonly help?: string
}

/** `file:line:column message [code]`, and the help on a line of its own. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column } = diagnostic.place
  const head = `${file}:${line}:${column} ${diagnostic.message} [${diagnostic.code}]`
  return diagnostic.help === undefined ? head : `${head}\n  help: ${diagnostic.help}`
}

/** A pack that cannot be used. Every error that was found is in `diagnostics`, in the order of the documents. */
export class PolicyRejected extends ServiceError {
  readonly code = 'POLICY_REJECTED'
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(formatDiagnostic).join('\n'))
    this.diagnostics = diagnostics
  }
}

const MAX_DIAGNOSTICS = 200

/** Collects what is wrong, once per place and code. */
export class Report {
  readonly #found = new Map<string, Diagnostic>()

  add(code: DiagnosticCode, place: Place, message: string, help?: string): void {
    const key = `${place.file}:${place.line}:${place.column}:${code}`
    if (this.#found.has(key) || this.#found.size >= MAX_DIAGNOSTICS) return
    this.#found.set(key, { code, place, message, ...(help === undefined ? {} : { help }) })
  }

  get diagnostics(): readonly Diagnostic[] {
    return [...this.#found.values()].sort(byPlace)
  }

  get failed(): boolean {
    return this.#found.size > 0
  }

  /** Throws `PolicyRejected` when anything was found. */
  throwIfFailed(): void {
    if (this.failed) throw new PolicyRejected(this.diagnostics)
  }
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1
  return a.place.line - b.place.line || a.place.column - b.place.column
}

/** `did you mean …` for the nearest candidate: distance at most 2, or a third of the length. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const found = distance(word.toLowerCase(), candidate.toLowerCase())
    if (found < bestDistance) [best, bestDistance] = [candidate, found]
  }
  // A short word is near to everything: a whole replacement is no hint.
  return best !== undefined && bestDistance < word.length ? `did you mean \`${best}\`?` : undefined
}

/** Optimal string alignment: insert, delete, replace, swap of neighbours. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 20 || a.length > 100) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let cell = Math.min((row[j - 1] ?? 0) + 1, (last[j] ?? 0) + 1, (last[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cell = Math.min(cell, (before[j - 2] ?? 0) + 1)
      }
      row.push(cell)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}
