import type { Catalogue } from '../../../services/policy/language/catalogue.ts'
import type { Diagnostic } from '../../../services/policy/language/diagnostic.ts'
import type { Pack, Rule } from '../../../services/policy/language/pack.ts'
import type { Text } from '../../../services/policy/language/text.ts'
import { typeText, type Type } from '../../../services/policy/language/types.ts'
import { folderOf, Workbench, type Documents } from './workbench.ts'

/** One word that may stand at a place, and what it is. */
export interface Word {
  readonly name: string
  readonly kind: 'key' | 'member' | 'level' | 'field' | 'name' | 'function' | 'rule' | 'check'
  /** Type of a field, members of an enum, title of a rule. */
  readonly detail?: Text
}

export interface Place {
  readonly path: string
  /** Offsets of the word that stands there now; equal where none does. */
  readonly from: number
  readonly to: number
}

/** Its own, for the texts in it are never those of the author. */
const WORKBENCH = new Workbench()
/** Far from every word of the language, so that no fault about it guesses at another one. */
const STAND_IN = 'zqxjvzqxjv'
const FUNCTIONS = ['within', 'withinDays', 'has', 'min', 'max', 'first', 'axis', 'level']
const LIST_FUNCTIONS = ['exists', 'all', 'exists_one', 'filter', 'count', 'size']

/**
 * The words that the checker would accept at a place. A word that cannot exist is put there, and the fault that the checker
 * finds with it says what it wanted: completion is never of another opinion than the diagnostics. `pack` is the last one
 * without faults.
 */
export function wantedAt(
  documents: Documents,
  { path, from, to }: Place,
  pack: Pack | undefined,
): readonly Word[] {
  const text = documents.get(path) ?? ''
  const dotted = text[from - 1] === '.'
  for (const tried of standIns(text, from, to)) {
    const changed = new Map(documents).set(path, tried)
    const { catalogue, diagnostics } = WORKBENCH.check(changed, folderOf(path))
    if (diagnostics.some(({ message }) => /^list of .* has no fields$/.test(message.en)) && dotted)
      return LIST_FUNCTIONS.map(asFunction)
    const fault = diagnostics.find(({ message }) => message.en.includes(STAND_IN))
    if (fault === undefined || catalogue === undefined) continue
    const words = wordsOf(fault, catalogue, pack, text)
    if (words.length > 0) return words
  }
  return []
}

/** The text with the stand-in as a word of an expression or value, and as a key. */
function standIns(text: string, from: number, to: number): readonly string[] {
  const [before, after] = [text.slice(0, from), text.slice(to)]
  const lineStart = before.lastIndexOf('\n') + 1
  const lead = before.slice(lineStart)
  const rest = after.slice(0, (after + '\n').indexOf('\n'))
  const key = /^\s*:/.test(rest) ? STAND_IN : `${STAND_IN}: 0`
  const asKey = before + key + after
  const asWord = before + STAND_IN + after
  const closed = before + STAND_IN + closers(lead, rest) + after
  return /^[\s-]*$/.test(lead) ? [asKey, asWord] : [asWord, closed, asKey]
}

/** What is still open on a line that is being written. */
function closers(lead: string, rest: string): string {
  const open: string[] = []
  for (const character of lead + rest) {
    if (character === '(') open.push(')')
    else if (character === '[') open.push(']')
    else if (open.at(-1) === character) open.pop()
  }
  return open.reverse().join('')
}

function wordsOf(
  { code, message, help }: Diagnostic,
  catalogue: Catalogue,
  pack: Pack | undefined,
  text: string,
): readonly Word[] {
  const subject = / of (?:enum |axis )?(\S.*)$/.exec(message.en)?.[1] ?? ''
  const listed = /^known(?: here)?: (.*)$/.exec(help?.en ?? '')?.[1]?.split(', ') ?? []
  const detail = { ja: subject, en: subject }
  switch (code) {
    case 'unknown-key':
      return listed.map((name) => ({ name, kind: 'key' }))
    case 'enum-member':
      return (catalogue.enums.get(subject)?.members ?? listed).map((name) => ({
        name,
        kind: 'member',
        detail,
      }))
    case 'unknown-level':
      return listed.map((name) => ({ name, kind: 'level', detail }))
    case 'unknown-axis':
      // Outside of a pack the axes are those of the framework that is named there.
      if (pack === undefined) return listed.map((name) => ({ name, kind: 'level', detail }))
      return [...(pack?.axes.values() ?? [])].map(({ name, title }) => ({
        name,
        kind: 'level',
        detail: title,
      }))
    case 'unknown-field':
      return fieldsOf(catalogue, subject)
    case 'unknown-option':
      return [...(pack?.options ?? [])].map(([name, { type }]) => ({
        name,
        kind: 'field',
        detail: typeText(type),
      }))
    case 'unknown-rule':
      if (listed.length > 0) return listed.map(asName)
      return rulesOf(pack).map(({ id, title }) => ({ name: id, kind: 'rule', detail: title }))
    case 'unknown-function':
      return FUNCTIONS.map(asFunction)
    case 'unknown-name':
      return namesOf(message.en, catalogue, text, listed)
    case 'wrong-form':
      return listed.map((name) => ({ name, kind: 'member' }))
    default:
      return []
  }
}

function fieldsOf(catalogue: Catalogue, record: string): readonly Word[] {
  return [...(catalogue.records.get(record) ?? [])].map(([name, type]) => ({
    name,
    kind: 'field',
    detail: shownType(type),
  }))
}

/** A type with what it may hold, for hints. */
function shownType(type: Type): Text {
  const of = type.kind === 'set' ? type.of : type
  const { ja, en } = typeText(type)
  if (of.kind !== 'enum') return { ja, en }
  const members = of.members.join(', ')
  return { ja: `${ja}：${members}`, en: `${en}: ${members}` }
}

function rulesOf(pack: Pack | undefined): readonly Rule[] {
  if (pack === undefined) return []
  return [...pack.grants, ...pack.vetoes, ...pack.caps, ...pack.notes, ...pack.answers]
}

function namesOf(
  message: string,
  catalogue: Catalogue,
  text: string,
  listed: readonly string[],
): readonly Word[] {
  if (message.startsWith('unknown check'))
    return catalogue.checkTypes.map((name) => ({ name, kind: 'check' }))
  if (message.startsWith('unknown record'))
    return [...catalogue.records.keys()].map((name) => ({ name, kind: 'name' }))
  if (message.startsWith('unknown framework')) return listed.map(asName)
  if (!message.startsWith('unknown name')) return []
  // Variables and definitions are the author's own words: they stand in the text.
  const variables = [...text.matchAll(/\.(?:exists|all|filter|count|exists_one)\((\w+),/g)]
  const slots = [...text.matchAll(/\bas (\w+)\s*$/gm)]
  const defined = [...text.matchAll(/^ {2}([A-Za-z_]\w*)(?:\(([\w, ]*)\))?:/gm)]
  const own = new Set([
    ...[...variables, ...slots, ...defined].flatMap(([, name]) => name ?? []),
    ...defined.flatMap(([, , parameters]) => parameters?.split(/,\s*/) ?? []),
  ])
  const roots = [...catalogue.roots].map(([name, type]) => ({
    name,
    kind: 'name' as const,
    detail: shownType(type),
  }))
  const others = [...own].map((name) => ({ name, kind: 'name' as const }))
  return [...roots, ...others, ...['now', 'policy'].map(asName), ...FUNCTIONS.map(asFunction)]
}

function asName(name: string): Word {
  return { name, kind: 'name' }
}

function asFunction(name: string): Word {
  return { name, kind: 'function' }
}

/** What the word at a place is, as the checker sees it; undefined for the author's own words. */
export function meaningAt(
  documents: Documents,
  place: Place,
  pack: Pack | undefined,
): Word | undefined {
  const name = (documents.get(place.path) ?? '').slice(place.from, place.to)
  return wantedAt(documents, place, pack).find((word) => word.name === name)
}
