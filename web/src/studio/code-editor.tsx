import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete'
import { yaml } from '@codemirror/lang-yaml'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, setDiagnostics } from '@codemirror/lint'
import { unifiedMergeView } from '@codemirror/merge'
import {
  Compartment,
  EditorState,
  type Extension,
  type Text,
  type Transaction,
} from '@codemirror/state'
import { EditorView, hoverTooltip, type Tooltip } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { basicSetup } from 'codemirror'
import { useEffect, useRef, type RefObject } from 'react'
import { useTranslation } from 'react-i18next'
import type { Diagnostic } from '../../../services/policy/language/diagnostic.ts'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import type { Language } from '../text/language.ts'
import { editorPhrases } from './editor-phrases.ts'
import type { Word } from './wanted.ts'

/** A place in the text; counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface CodeEditorProps {
  readonly label: string
  readonly text: string
  readonly onChange: (text: string) => void
  /** Of this document alone. */
  readonly diagnostics: readonly Diagnostic[]
  /** Words that may stand between two offsets of the text. */
  readonly words: (from: number, to: number) => readonly Word[]
  readonly meaning: (from: number, to: number) => Word | undefined
  /** Set while the editor stands; moves the cursor there and takes the focus. */
  readonly goTo: RefObject<((position: Position) => void) | undefined>
}

/** Changed with the language of the page. */
const PHRASES = new Compartment()

/** What the editor asks for while it stands, also when the page changes its language. */
interface Shown extends CodeEditorProps {
  readonly language: Language
  readonly kindName: (kind: Word['kind']) => string
}

/** One document under an editor; another document needs another editor (`key`). */
export function CodeEditor(props: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const shown: Shown = { ...props, language, kindName: (kind) => t(`edit.kinds.${kind}`) }
  const latest = useRef(shown)
  latest.current = shown
  useEffect(() => {
    const { text, label, goTo, language } = latest.current
    const editor = open(host.current, text, [
      basicSetup,
      lintGutter(),
      PHRASES.of(editorPhrases(language)),
      TYPED_OVER,
      autocompletion({ override: [(context) => completions(context, latest.current)] }),
      hoverTooltip((shown, at) => hover(shown, at, latest.current)),
      EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) latest.current.onChange(update.state.doc.toString())
      }),
    ])
    view.current = editor
    goTo.current = (position) => {
      const at = offsetOf(editor.state.doc, position)
      editor.dispatch({ selection: { anchor: at }, scrollIntoView: true })
      editor.focus()
    }
    return () => {
      goTo.current = undefined
      editor?.destroy()
    }
  }, [])
  useEffect(() => {
    view.current?.dispatch({ effects: PHRASES.reconfigure(editorPhrases(language)) })
  }, [language])
  const { diagnostics } = props
  useEffect(() => {
    const editor = view.current
    if (editor !== undefined) editor.dispatch(marks(editor.state, diagnostics, language))
  }, [diagnostics, language])
  return <div ref={host} className="rounded-8 border border-solid-gray-420" />
}

/** What changed between two texts, to be read. */
export function Difference(props: {
  readonly label: string
  readonly before: string
  readonly after: string
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const host = useRef<HTMLDivElement>(null)
  const unchanged = t('changes.unchanged')
  const { label, before, after } = props
  useEffect(() => {
    const editor = open(host.current, after, [
      basicSetup,
      EditorState.readOnly.of(true),
      EditorState.phrases.of({ '$ unchanged lines': unchanged }),
      editorPhrases(language),
      EditorView.contentAttributes.of({
        'aria-label': label,
        'aria-readonly': 'true',
        tabindex: '0',
      }),
      unifiedMergeView({
        original: before,
        mergeControls: false,
        collapseUnchanged: { margin: 3, minSize: 8 },
      }),
    ])
    return () => {
      editor.destroy()
    }
  }, [label, before, after, unchanged, language])
  return <div ref={host} className="rounded-8 border border-solid-gray-420" />
}

/**
 * An editor in a shadow root: there its style sheets are constructed ones, which the content security policy lets through; in
 * the document itself they would be inline.
 */
function open(
  host: HTMLDivElement | null,
  text: string,
  extensions: readonly Extension[],
): EditorView {
  if (host === null) throw new TypeError('the editor has no place yet')
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  return new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        ...extensions,
        yaml(),
        EditorView.lineWrapping,
        LOOKS,
        syntaxHighlighting(COLOURS),
      ],
    }),
  })
}

const CODE_FONT =
  'ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "Noto Sans JP Variable", monospace'

const LOOKS = EditorView.theme({
  '&': { fontSize: '14px', color: 'var(--color-solid-gray-900)', borderRadius: '8px' },
  '&.cm-focused': {
    outline: '4px solid var(--color-black)',
    outlineOffset: '2px',
    boxShadow: '0 0 0 2px var(--color-yellow-300)',
  },
  '.cm-scroller': {
    fontFamily: CODE_FONT,
    lineHeight: '1.6',
    maxHeight: '70vh',
    overflow: 'auto',
  },
  '.cm-gutters': {
    backgroundColor: 'var(--color-solid-gray-50)',
    color: 'var(--color-solid-gray-700)',
  },
  '.cm-tooltip': { maxWidth: '32rem' },
  '.cm-hint': { padding: '4px 8px', whiteSpace: 'pre-wrap' },
  // Its own marks are in few fonts.
  '.cm-collapsedLines::before, .cm-collapsedLines::after': { content: '"…"' },
  '.cm-collapsedLines': {
    color: 'var(--color-solid-gray-900)',
    background: 'var(--color-solid-gray-100)',
  },
  // Of themselves these take fonts that may have no Japanese.
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: CODE_FONT },
  '.cm-button, .cm-textfield': { fontFamily: 'inherit' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    background: 'var(--color-key-900)',
    color: 'white',
  },
})

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--color-key-1000)' },
  { tag: tags.comment, color: 'var(--color-solid-gray-700)' },
  { tag: tags.string, color: 'var(--color-green-900)' },
  { tag: [tags.number, tags.bool, tags.keyword], color: 'var(--color-red-1000)' },
])

/**
 * Over a selection the browser would keep the look of what goes as an inline style, which the content security policy refuses
 * and reports. So what is typed over one is put in here, as the library does with what it reads from the page.
 */
const TYPED_OVER = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data } = event
    const { from, to, empty } = view.state.selection.main
    if (event.inputType !== 'insertText' || data === null || event.isComposing || empty)
      return false
    event.preventDefault()
    const insert = (): Transaction =>
      view.state.update(view.state.replaceSelection(data), {
        userEvent: 'input.type',
        scrollIntoView: true,
      })
    const handlers = view.state.facet(EditorView.inputHandler)
    if (!handlers.some((handle) => handle(view, from, to, data, insert))) view.dispatch(insert())
    return true
  },
})

const WORD = /\w*/
const KINDS: Readonly<Record<Word['kind'], string>> = {
  key: 'property',
  member: 'enum',
  level: 'enum',
  field: 'property',
  name: 'variable',
  function: 'function',
  rule: 'constant',
  check: 'type',
}

function completions(
  context: CompletionContext,
  { words, language }: Pick<Shown, 'words' | 'language'>,
): CompletionResult | null {
  const word = context.matchBefore(WORD)
  const from = word?.from ?? context.pos
  const dotted = context.state.sliceDoc(from - 1, from) === '.'
  if (!context.explicit && from === context.pos && !dotted) return null
  const options = words(from, context.pos).map(({ name, kind, detail }) => ({
    label: name,
    type: KINDS[kind],
    ...(detail && { detail: shortened(local(language, detail)) }),
  }))
  return options.length === 0 ? null : { from, options, validFor: /^\w*$/ }
}

const MOST_SHOWN = 60

function shortened(text: string): string {
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 1)}…` : text
}

function hover(
  view: EditorView,
  at: number,
  { meaning, language, kindName }: Pick<Shown, 'meaning' | 'language' | 'kindName'>,
): Tooltip | null {
  const word = view.state.wordAt(at)
  const found = word === null ? undefined : meaning(word.from, word.to)
  if (word === null || found === undefined) return null
  return {
    pos: word.from,
    end: word.to,
    create: () => {
      const dom = document.createElement('div')
      dom.className = 'cm-hint'
      const { name, kind, detail } = found
      dom.textContent = [name, kindName(kind), ...(detail ? [local(language, detail)] : [])].join(
        ' · ',
      )
      return { dom }
    },
  }
}

function marks(state: EditorState, diagnostics: readonly Diagnostic[], language: Language) {
  return setDiagnostics(
    state,
    diagnostics.map(({ place, message, help, code }) => {
      const from = offsetOf(state.doc, place)
      const to = state.wordAt(from)?.to ?? state.doc.lineAt(from).to
      const hint = help === undefined ? '' : `\n${local(language, help)}`
      return {
        from,
        to: Math.max(from, to),
        severity: 'error',
        message: `${local(language, message)} [${code}]${hint}`,
      }
    }),
  )
}

function offsetOf(text: Text, { line, column }: Position): number {
  const found = text.line(Math.min(Math.max(line, 1), text.lines))
  return Math.min(found.from + column - 1, found.to)
}
