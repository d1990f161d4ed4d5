import { ServiceError } from '../../kernel/errors.ts'
import type { Text } from './text.ts'

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

/** What is wrong; the files `*-faults.ts` say it. */
export interface Fault {
  readonly code: DiagnosticCode
  /** Lower case, no final period, author's words in backticks. */
  readonly message: Text
  readonly help?: Text
}

export interface Diagnostic extends Fault {
  readonly place: Place
}

export function fault(code: DiagnosticCode, message: Text, help?: Text): Fault {
  return { code, message, ...(help && { help }) }
}

const HELP: Text = { ja: '手がかり', en: 'help' }

/** `file:line:column message [code]`, and the help on a line of its own. */
export function formatDiagnostic(diagnostic: Diagnostic, language: keyof Text = 'en'): string {
  const { place, message, code, help } = diagnostic
  const head = `${place.file}:${place.line}:${place.column} ${message[language]} [${code}]`
  return help === undefined ? head : `${head}\n  ${HELP[language]}: ${help[language]}`
}

/** A pack that cannot be used. Every error that was found is in `diagnostics`, in the order of the documents. */
export class PolicyRejected extends ServiceError {
  readonly code = 'POLICY_REJECTED'
  readonly diagnostics: readonly Diagnostic[]

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => formatDiagnostic(diagnostic)).join('\n'))
    this.diagnostics = diagnostics
  }
}

const MAX_DIAGNOSTICS = 200

/** Collects what is wrong, once per place and code. */
export class Report {
  readonly #found = new Map<string, Diagnostic>()

  add(place: Place, fault: Fault): void {
    const key = `${place.file}:${place.line}:${place.column}:${fault.code}`
    if (this.#found.has(key) || this.#found.size >= MAX_DIAGNOSTICS) return
    this.#found.set(key, { ...fault, place })
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
