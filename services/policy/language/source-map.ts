import type { Place } from './diagnostic.ts'
import type { Ir } from './ir.ts'

/** A text of an author with the place of each of its characters. */
export interface SourceText {
  readonly text: string
  readonly placeAt: (offset: number) => Place
}

/** A part of an author's text: a condition as it was written. */
export interface Span {
  readonly source: SourceText
  readonly at: number
  readonly end: number
}

/**
 * Where the conditions of a pack stand. A condition that came out of a definition has several spans: the first in the
 * definition, each further one where it was called. What a reader of documents put together itself has none.
 */
export class SourceMap {
  readonly #spans = new Map<Ir, Span[]>()
  readonly #derived = new Map<Ir, string>()

  add(ir: Ir, span: Span): void {
    const spans = this.#spans.get(ir)
    if (spans === undefined) this.#spans.set(ir, [span])
    else if (spans.every((known) => !sameSpan(known, span))) spans.push(span)
  }

  /** Gives `copy` the spans of `original`. */
  copy(original: Ir, copy: Ir): void {
    for (const span of this.of(original)) this.add(copy, span)
  }

  /** `ir` is the value of a derived field. */
  derive(ir: Ir, field: string): void {
    this.#derived.set(ir, field)
  }

  /** The derived field whose value an expression is. */
  fieldOf(ir: Ir): string | undefined {
    return this.#derived.get(ir)
  }

  of(ir: Ir): readonly Span[] {
    return this.#spans.get(ir) ?? NONE
  }
}

const NONE: readonly Span[] = []

function sameSpan(a: Span, b: Span): boolean {
  return a.source === b.source && a.at === b.at && a.end === b.end
}

export function placeOfSpan({ source, at }: Span): Place {
  return source.placeAt(at)
}

/** On one line, as written but for white space. */
export function textOfSpan({ source, at, end }: Span): string {
  return source.text.slice(at, end).replace(/\s+/g, ' ').trim()
}
