import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Disclosure, DisclosurePanel, Heading, Button as AriaButton } from 'react-aria-components'
import type { Diagnostic } from '../../../services/policy/language/diagnostic.ts'
import type { Pack } from '../../../services/policy/language/pack.ts'
import type { SamplePerson } from '../api/policy.ts'
import { Button, buttonLook } from '../parts/button.tsx'
import { Warning } from '../parts/notice.tsx'
import { Small, Text } from '../parts/page.tsx'
import { CodeEditor, type Position } from './code-editor.tsx'
import type { Draft } from './draft.ts'
import { Field, Select } from './fields.tsx'
import { SamplesPanel } from './samples-panel.tsx'
import { optionsOf, SampleScorer } from './sample-scores.ts'
import { meaningAt, wantedAt } from './wanted.ts'
import {
  folderOf,
  isPolicy,
  Workbench,
  yamlFaults,
  type Checked,
  type Documents,
} from './workbench.ts'

/** The pack that says with which options the product uses the others. */
const PRODUCT = 'watashi-default'

/** A document under the editor, what is wrong with it, and beside it what the sample people get. */
export function EditPanel(props: {
  readonly draft: Draft
  readonly people: readonly SamplePerson[]
}) {
  const { t } = useTranslation('studio')
  const { draft, people } = props
  const [path, setPath] = useState(() => firstOf(draft))
  const checked = useChecked(draft.documents, path)
  const removed = !draft.documents.has(path)
  return (
    <div className="grid gap-6 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="space-y-4">
        {draft.stale && (
          <Warning>
            <p>{t('edit.stale')}</p>
          </Warning>
        )}
        <DocumentChoice draft={draft} path={path} onChoose={setPath} />
        {removed ? (
          <Text>{t('edit.removed')}</Text>
        ) : (
          <Editor key={`${path} ${draft.restored}`} draft={draft} path={path} checked={checked} />
        )}
        <DocumentActions draft={draft} path={path} onChoose={setPath} />
      </div>
      <SamplesPanel
        pack={checked.lastPack}
        faulty={checked.pack === undefined}
        scores={useScores(checked.lastPack, people, draft.documents)}
        before={useScoresInForce(draft.base, path, people)}
      />
    </div>
  )
}

function firstOf({ documents, changes }: Draft): string {
  const changed = changes.find(({ text }) => text !== null)?.path
  return changed ?? [...documents.keys()].find((path) => path.includes('/')) ?? ''
}

interface CheckedNow extends Checked {
  /** The rules as they last had no fault. */
  readonly lastPack: Pack | undefined
  readonly milliseconds: number
}

function useChecked(documents: Documents, path: string): CheckedNow {
  const workbench = useRef(new Workbench())
  const last = useRef(new Map<string, Pack>())
  const folder = folderOf(path)
  return useMemo(() => {
    const started = performance.now()
    const result = workbench.current.check(documents, folder)
    const diagnostics =
      isPolicy(path.slice(folder.length + 1)) || folder === ''
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

function useScores(pack: Pack | undefined, people: readonly SamplePerson[], documents: Documents) {
  const product = useRef(new Workbench())
  const [at] = useState(() => Math.floor(Date.now() / 1000))
  return useMemo(() => {
    if (pack === undefined) return undefined
    const uses = product.current.check(documents, PRODUCT).pack
    const scorer = new SampleScorer(pack, optionsOf(pack.framework, [uses]), at)
    return { scorer, people: scorer.all(people) }
  }, [pack, people, documents, at])
}

/** The same under the policy in force, to be compared with. */
function useScoresInForce(base: Documents, path: string, people: readonly SamplePerson[]) {
  const workbench = useRef(new Workbench())
  const { pack } = useMemo(() => workbench.current.check(base, folderOf(path)), [base, path])
  return useScores(pack, people, base)?.people
}

function DocumentChoice(props: {
  readonly draft: Draft
  readonly path: string
  readonly onChoose: (path: string) => void
}) {
  const { t } = useTranslation('studio')
  const { draft } = props
  const changed = new Set(draft.changes.map(({ path }) => path))
  const paths = [...new Set([...draft.base.keys(), ...draft.documents.keys()])].sort()
  const folders = [...new Set(paths.map(folderOf))]
  return (
    <Select
      label={t('edit.document')}
      value={props.path}
      onChange={props.onChoose}
      groups={folders.map((folder) => ({
        name: folder === '' ? t('edit.facts') : folder,
        options: paths
          .filter((path) => folderOf(path) === folder)
          .map((path) => ({
            value: path,
            name: changed.has(path) ? `${path} (${t('edit.changed')})` : path,
          })),
      }))}
    />
  )
}

function Editor(props: {
  readonly draft: Draft
  readonly path: string
  readonly checked: CheckedNow
}) {
  const { t } = useTranslation('studio')
  const { draft, path, checked } = props
  const { documents } = draft
  const goTo = useRef<(position: Position) => void>(undefined)
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
          {diagnostics.slice(0, MOST_FAULTS).map(({ place, message, help, code }) => (
            <li
              key={`${place.file} ${place.line} ${place.column} ${code}`}
              className="space-y-1 text-dns-16N-130 leading-160"
            >
              {place.file === props.path ? (
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
              <span lang="en">
                {message} [{code}]{help !== undefined && ` (${help})`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** What a new document begins with. */
function beginning(path: string): string {
  const own = `language: 1\nframework: ${folderOf(path)}\n`
  return path.endsWith('/framework.yaml') ? `${own}version: 0.1.0\nstatus: draft\n` : own
}

const NEW_PATH = /^[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*\.yaml$/u

function DocumentActions(props: {
  readonly draft: Draft
  readonly path: string
  readonly onChoose: (path: string) => void
}) {
  const { t } = useTranslation('studio')
  const { draft, path } = props
  const [added, setAdded] = useState('')
  const [tried, setTried] = useState(false)
  const known = draft.base.has(added) || draft.documents.has(added)
  const good = NEW_PATH.test(added) && !known
  const changed = draft.changes.some((change) => change.path === path)
  useEffect(() => {
    setTried(false)
  }, [added])
  return (
    <div className="space-y-4">
      <div className="flex flex-wrap gap-3">
        {changed && draft.base.has(path) && (
          <Button
            kind="secondary"
            small
            onPress={() => {
              draft.restore(path)
            }}
          >
            {t('edit.restore')}
          </Button>
        )}
        {path.includes('/') && draft.documents.has(path) && (
          <Button
            kind="danger"
            small
            onPress={() => {
              draft.edit(path, null)
              if (!draft.base.has(path)) props.onChoose(firstOf({ ...draft, changes: [] }))
            }}
          >
            {t('edit.remove')}
          </Button>
        )}
      </div>
      <Disclosure className="space-y-3">
        <Heading level={2}>
          <AriaButton slot="trigger" className={buttonLook('secondary', true)}>
            {t('edit.new')}
          </AriaButton>
        </Heading>
        <DisclosurePanel>
          <form
            className="space-y-3"
            onSubmit={(event) => {
              event.preventDefault()
              setTried(true)
              if (!good) return
              draft.edit(added, beginning(added))
              props.onChoose(added)
              setAdded('')
            }}
          >
            <Field
              label={t('edit.newPath')}
              value={added}
              onChange={setAdded}
              fault={tried && !good ? t('edit.newBad') : undefined}
            />
            <button type="submit" className={buttonLook('primary', true)}>
              {t('edit.add')}
            </button>
          </form>
        </DisclosurePanel>
      </Disclosure>
    </div>
  )
}
