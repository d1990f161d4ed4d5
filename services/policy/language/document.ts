import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml'
import type { Json } from '../../kernel/canonical-json.ts'
import type { Place, Report } from './diagnostic.ts'
import {
  BRACKETS_TOO_DEEP,
  documentTooLong,
  EMPTY_DOCUMENT,
  forbiddenKey,
  KEY_IS_NO_TEXT,
  missingKey,
  NO_ANCHORS,
  NO_TAGS,
  notList,
  notMap,
  notOneValue,
  notText,
  notTexts,
  TOO_MANY_PARTS,
  unknownKey,
} from './document-faults.ts'
import { writeForm } from './hints.ts'
import { PART, quoted } from './parts.ts'
import type { Text } from './text.ts'
import { yamlFault } from './yaml-faults.ts'

/** A document as its author wrote it, every part with its place. */
export type Value = MapValue | ListValue | ScalarValue

export interface MapValue {
  readonly kind: 'map'
  readonly place: Place
  readonly entries: readonly Entry[]
}

export interface Entry {
  readonly key: string
  readonly keyPlace: Place
  readonly value: Value
}

interface ListValue {
  readonly kind: 'list'
  readonly place: Place
  readonly items: readonly Value[]
}

export interface ScalarValue {
  readonly kind: 'scalar'
  readonly place: Place
  readonly value: string | number | boolean | null
  /** The text of a scalar, whatever YAML took it for: `3` and `"3"` both give `3`. */
  readonly text: string
  /** Place of the n-th character of `text` in the file. */
  readonly placeAt: (offset: number) => Place
}

const MAX_LENGTH = 262_144
const MAX_DEPTH = 40
const MAX_NODES = 100_000
/** Keys that would reach an object's prototype if they were ever used as a property name. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

export interface SourceFile {
  readonly path: string
  readonly text: string
}

/**
 * Parses YAML 1.2 core; without aliases, tags or several documents. What is wrong goes into `report`;
 * `undefined` when nothing can be made of the text.
 */
export function readDocument(source: SourceFile, report: Report): Value | undefined {
  const start: Place = { file: source.path, line: 1, column: 1 }
  if (source.text.length > MAX_LENGTH) {
    report.add(start, documentTooLong(MAX_LENGTH))
    return undefined
  }
  const reader = new Reader(source, report)
  return reader.read(start)
}

/** Drafts may bring ever other names of documents. */
const MOST_REMEMBERED = 1000

/** Reads as `readDocument` does, but a document without fault only once for as long as its text stays. */
export function rememberingReader(): typeof readDocument {
  const known = new Map<string, { readonly text: string; readonly value: Value | undefined }>()
  return (source, report) => {
    const before = known.get(source.path)
    if (before?.text === source.text) return before.value
    const value = readDocument(source, report)
    if (known.size >= MOST_REMEMBERED) known.clear()
    if (!report.failed) known.set(source.path, { text: source.text, value })
    return value
  }
}

class Reader {
  readonly #source: SourceFile
  readonly #report: Report
  readonly #lines = new LineCounter()
  #nodes = 0

  constructor(source: SourceFile, report: Report) {
    this.#source = source
    this.#report = report
  }

  read(start: Place): Value | undefined {
    if (deepestBracket(this.#source.text) > MAX_DEPTH * 8) {
      this.#report.add(start, BRACKETS_TOO_DEEP)
      return undefined
    }
    try {
      const document = parseDocument(this.#source.text, {
        lineCounter: this.#lines,
        schema: 'core',
        merge: false,
        uniqueKeys: true,
        prettyErrors: false,
        stringKeys: true,
        logLevel: 'error',
      })
      for (const error of document.errors)
        this.#report.add(this.#place(error.pos[0]), yamlFault(error))
      if (document.errors.length > 0) return undefined
      if (document.contents === null) {
        this.#report.add(start, EMPTY_DOCUMENT)
        return undefined
      }
      return this.#value(document.contents, 0)
    } catch (error) {
      // The parser recurses: hostile nesting ends its stack, which is the author's fault and not ours.
      if (!(error instanceof RangeError)) throw error
      this.#report.add(start, BRACKETS_TOO_DEEP)
      return undefined
    }
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.#source.path, line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  #value(node: Node, depth: number): Value | undefined {
    const offset = node.range?.[0] ?? 0
    const place = this.#place(offset)
    this.#nodes += 1
    if (depth > MAX_DEPTH || this.#nodes > MAX_NODES) {
      this.#report.add(place, TOO_MANY_PARTS)
      return undefined
    }
    if (isAlias(node)) {
      this.#report.add(place, NO_ANCHORS)
      return undefined
    }
    if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:')) {
      this.#report.add(place, NO_TAGS)
      return undefined
    }
    if (isMap(node)) return this.#map(node, place, depth)
    if (isSeq(node)) {
      const items = node.items.map((item) => this.#child(item, place, depth))
      return { kind: 'list', place, items: items.filter((item) => item !== undefined) }
    }
    if (isScalar(node)) return this.#scalar(node, place, offset)
    return undefined
  }

  #child(node: unknown, place: Place, depth: number): Value | undefined {
    if (node === null || node === undefined) return nothing(place)
    return this.#value(node as Node, depth + 1) // items of a parsed document are nodes
  }

  #map(node: { items: readonly { key: unknown; value: unknown }[] }, place: Place, depth: number) {
    const entries: Entry[] = []
    for (const pair of node.items) {
      const keyNode = pair.key
      if (!isScalar(keyNode)) {
        this.#report.add(place, KEY_IS_NO_TEXT)
        continue
      }
      const keyPlace = this.#place(keyNode.range?.[0] ?? 0)
      const key = String(keyNode.value)
      if (FORBIDDEN_KEYS.has(key)) {
        this.#report.add(keyPlace, forbiddenKey(key))
        continue
      }
      const value = this.#child(pair.value, keyPlace, depth)
      if (value !== undefined) entries.push({ key, keyPlace, value })
    }
    return { kind: 'map', place, entries } as const
  }

  #scalar(
    node: { value: unknown; source?: string; type?: string; range?: readonly number[] | null },
    place: Place,
    offset: number,
  ): ScalarValue {
    const value = node.value
    const literal =
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? value
        : null
    // "1.0" and 1.0 are one text here: a level is a symbol and never a number.
    const text =
      typeof value === 'string' ? value : (node.source ?? (literal === null ? '' : String(literal)))
    const offsets = offsetsOf(this.#source.text, text, node.type ?? 'PLAIN', offset)
    return {
      kind: 'scalar',
      place,
      value: literal,
      text,
      placeAt: (at) => this.#place(offsets[Math.min(Math.max(at, 0), text.length)] ?? offset),
    }
  }
}

/** Where each character of a scalar stands in the file: quotes, escapes, block indentation and folding move it. */
function offsetsOf(file: string, text: string, type: string, start: number): number[] {
  const at: number[] = []
  let position = start
  if (type === 'BLOCK_LITERAL' || type === 'BLOCK_FOLDED') {
    position = file.indexOf('\n', start) + 1
  } else if (type.startsWith('QUOTE')) {
    position = start + 1
  }
  for (const character of text) {
    // Whatever stands between two characters of the text (indentation, folds) is white space in the file.
    while (position < file.length && file[position] !== character[0] && isGap(file[position], type))
      position += 1
    for (let unit = 0; unit < character.length; unit += 1) at.push(position + unit)
    if (type === 'QUOTE_DOUBLE' && file[position] === '\\') position += 2
    else if (type === 'QUOTE_SINGLE' && character === "'") position += 2
    else position += character.length
  }
  at.push(position)
  return at
}

function isGap(character: string | undefined, type: string): boolean {
  return (
    type !== 'QUOTE_DOUBLE' &&
    (character === ' ' || character === '\n' || character === '\r' || character === '\t')
  )
}

function deepestBracket(text: string): number {
  let depth = 0
  let deepest = 0
  for (const character of text) {
    if (character === '[' || character === '{') deepest = Math.max(deepest, (depth += 1))
    else if ((character === ']' || character === '}') && depth > 0) depth -= 1
  }
  return deepest
}

function nothing(place: Place): ScalarValue {
  return { kind: 'scalar', place, value: null, text: '', placeAt: () => place }
}

/** Typed access to a map: each key is taken once, and `finish` reports what nobody asked for. */
export class Fields {
  readonly place: Place
  readonly #entries = new Map<string, Entry>()
  readonly #asked = new Set<string>()
  readonly #report: Report

  constructor(map: MapValue, report: Report) {
    this.place = map.place
    this.#report = report
    for (const entry of map.entries) this.#entries.set(entry.key, entry)
  }

  entry(key: string): Entry | undefined {
    this.#asked.add(key)
    return this.#entries.get(key)
  }

  required(key: string): Entry | undefined {
    const entry = this.entry(key)
    if (entry === undefined) this.#report.add(this.place, missingKey(key))
    return entry
  }

  text(key: string): string | undefined {
    const value = this.entry(key)?.value
    if (value === undefined) return undefined
    if (value.kind === 'scalar' && value.value !== null) return value.text
    this.#report.add(value.place, notText(key))
    return undefined
  }

  requiredText(key: string): string | undefined {
    return this.required(key) === undefined ? undefined : this.text(key)
  }

  scalar(key: string): ScalarValue | undefined {
    const value = this.entry(key)?.value
    if (value === undefined) return undefined
    if (value.kind === 'scalar') return value
    this.#report.add(value.place, notOneValue(key))
    return undefined
  }

  map(key: string): MapValue | undefined {
    const value = this.entry(key)?.value
    return value === undefined ? undefined : asMap(value, quoted(key), this.#report)
  }

  list(key: string): readonly Value[] {
    const value = this.entry(key)?.value
    return value === undefined ? [] : asList(value, quoted(key), this.#report)
  }

  texts(key: string): readonly ScalarValue[] {
    return this.list(key).flatMap((item) => {
      if (item.kind === 'scalar' && item.value !== null) return [item]
      this.#report.add(item.place, notTexts(key))
      return []
    })
  }

  /** Reports every key that was not asked for. */
  finish(): void {
    for (const entry of this.#entries.values()) {
      if (this.#asked.has(entry.key)) continue
      this.#report.add(entry.keyPlace, unknownKey(entry.key, this.#asked))
    }
  }
}

/** `form` shows how it is written, where that is always the same. */
export function asMap(value: Value, what: Text, report: Report, form?: Text): MapValue | undefined {
  if (value.kind === 'map') return value
  report.add(value.place, notMap(what, form))
  return undefined
}

export function asList(value: Value, what: Text, report: Report): readonly Value[] {
  if (value.kind === 'list') return value.items
  report.add(value.place, notList(what))
  return []
}

const TITLE_FORM = writeForm('{ ja: …, en: … }')

/** `{ ja: …, en: … }`, both required. */
export function asText(value: Value | undefined, report: Report): Text {
  const map = value === undefined ? undefined : asMap(value, PART.title, report, TITLE_FORM)
  if (map === undefined) return { ja: '', en: '' }
  const fields = new Fields(map, report)
  const text = { ja: fields.requiredText('ja') ?? '', en: fields.requiredText('en') ?? '' }
  fields.finish()
  return text
}

/** The document as plain JSON data, such as the facts of a test case. */
export function toJson(value: Value): Json {
  switch (value.kind) {
    case 'scalar':
      return value.value
    case 'list':
      return value.items.map(toJson)
    case 'map':
      return Object.fromEntries(value.entries.map(({ key, value: inner }) => [key, toJson(inner)]))
  }
}
