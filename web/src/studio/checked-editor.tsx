import { useEffect, useMemo, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Diagnostic } from '../../../services/policy/language/diagnostic.ts'
import type { Pack } from '../../../services/policy/language/pack.ts'
import { Small } from '../parts/page.tsx'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { CodeEditor, type Position } from './code-editor.tsx'
import type { Draft } from './draft.ts'
import { meaningAt, wantedAt } from './wanted.ts'
import {
  folderOf,
  isChecked,
  Workbench,
  yamlFaults,
  type Checked,
  type Documents,
} from './workbench.ts'

export interface CheckedNow extends Checked {
  /** The rules as they last had no fault. */
  readonly lastPack: Pack | undefined
  readonly milliseconds: number
}

/** The framework of a document as it is checked at every key. */
export function useChecked(documents: Documents, path: string): CheckedNow {
  const workbench = useRef(new Workbench())
  const last = useRef(new Map<string, Pack>())
  const folder = folderOf(path)
  return useMemo(() => {
    const started = performance.now()
    const result = workbench.current.check(documents, folder)
    const diagnostics = isChecked(path)
      ? result.diagnostics
      : [...result.diagnostics, ...yamlFaults(path, documents.get(path) ?? '')]
    if (result.pack !== undefined) last.current.set(folder, result.pack)
    return {
      ...result,
      diagnostics,
      lastPack: last.current.get(folder),
      milliseconds: Math.round(performance.now() - started),
    }
  }, [documents, folder, path])
}

/** A document under the editor, and below it what is wrong in its framework. */
export function Editor(props: {
  readonly draft: Draft
  readonly path: string
  readonly checked: CheckedNow
  /** Where to move; another object is another step. */
  readonly target: Position | undefined
}) {
  const { t } = useTranslation('studio')
  const { draft, path, checked, target } = props
  const { documents } = draft
  const goTo = useRef<(position: Position) => void>(undefined)
  useEffect(() => {
    if (target !== undefined) goTo.current?.(target)
  }, [target])
  const own = useMemo(
    () => checked.diagnostics.filter(({ place }) => place.file === path),
    [checked.diagnostics, path],
  )
  return (
    <div className="space-y-3">
      <CodeEditor
        label={t('edit.editor', { path })}
        text={documents.get(path) ?? ''}
        onChange={(text) => {
          draft.edit(path, text)
        }}
        diagnostics={own}
        words={(from, to) => wantedAt(documents, { path, from, to }, checked.lastPack)}
        meaning={(from, to) => meaningAt(documents, { path, from, to }, checked.lastPack)}
        goTo={goTo}
      />
      <Small>
        {t('edit.keys')} {t('edit.kept')}
      </Small>
      <Faults
        path={path}
        diagnostics={checked.diagnostics}
        milliseconds={checked.milliseconds}
        onGoTo={(position) => goTo.current?.(position)}
      />
    </div>
  )
}

const MOST_FAULTS = 20

function Faults(props: {
  readonly path: string
  readonly diagnostics: readonly Diagnostic[]
  readonly milliseconds: number
  readonly onGoTo: (position: Position) => void
}) {
  const { t } = useTranslation('studio')
  const { diagnostics, milliseconds: ms } = props
  return (
    <div className="space-y-2">
      <p
        role="status"
        className={`rounded-8 border-2 p-3 text-std-16N-170 ${diagnostics.length === 0 ? 'border-success-2 bg-green-50' : 'border-error-2 bg-red-50'}`}
      >
        {diagnostics.length === 0
          ? t('edit.noFaults', { ms })
          : t('edit.faults', { count: diagnostics.length, ms })}
      </p>
      {diagnostics.length > 0 && (
        <ul aria-label={t('edit.faultsTitle')} className="space-y-2">
          {diagnostics.slice(0, MOST_FAULTS).map((fault) => (
            <li
              key={`${fault.place.file} ${fault.place.line} ${fault.place.column} ${fault.code}`}
              className="text-dns-16N-130 leading-160 wrap-anywhere"
            >
              <FaultView
                fault={fault}
                own={fault.place.file === props.path}
                onGoTo={props.onGoTo}
              />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** Where a fault is, of what kind, what is wrong and what may be meant. */
function FaultView(props: {
  readonly fault: Diagnostic
  /** Whether it is in the document that is open. */
  readonly own: boolean
  readonly onGoTo: (position: Position) => void
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { place, code, message, help } = props.fault
  return (
    <>
      {props.own ? (
        <button
          type="button"
          className="min-h-11 cursor-pointer text-left link"
          onClick={() => {
            props.onGoTo(place)
          }}
        >
          {t('edit.goTo', { line: place.line, column: place.column })}
        </button>
      ) : (
        <span>{t('edit.inOther', { path: place.file, line: place.line })}</span>
      )}{' '}
      <strong className="font-700">{t(`faults.codes.${code}`)}</strong>
      <span className="block">
        {local(language, message)} [{code}]
      </span>
      {help !== undefined && <span className="block">{local(language, help)}</span>}
    </>
  )
}
