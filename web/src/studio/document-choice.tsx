import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Disclosure, DisclosurePanel, Heading, Button as AriaButton } from 'react-aria-components'
import { Button, buttonLook } from '../parts/button.tsx'
import type { Draft } from './draft.ts'
import { Field, Select } from './fields.tsx'
import { namedFolder, type NamedFolder } from './named-documents.ts'
import { beginningOf, isNewPath } from './new-document.ts'
import { folderOf } from './workbench.ts'

/** The document that an author most likely wants to see. */
export function firstOf({ documents, changes }: Draft): string {
  const changed = changes.find(({ text }) => text !== null)?.path
  const paths = [...documents.keys()]
  return changed ?? paths.find((path) => path.endsWith('/framework.yaml')) ?? paths[0] ?? ''
}

/** One of the documents, by framework. */
export function DocumentChoice(props: {
  readonly draft: Draft
  readonly path: string
  readonly onChoose: (path: string) => void
}) {
  const { t } = useTranslation('studio')
  const { draft } = props
  const changed = new Set(draft.changes.map(({ path }) => path))
  const paths = [...new Set([...draft.base.keys(), ...draft.documents.keys()])].sort()
  const folders = [...new Set(paths.map(folderOf))]
  const nameOf = (folder: NamedFolder | undefined) => folder && t(`edit.named.${folder}`)
  return (
    <Select
      label={t('edit.document')}
      value={props.path}
      onChange={props.onChoose}
      groups={folders.map((folder) => ({
        name: folder === '' ? t('edit.facts') : (nameOf(namedFolder(folder)) ?? folder),
        options: paths
          .filter((path) => folderOf(path) === folder)
          .map((path) => ({
            value: path,
            name: changed.has(path) ? `${t('edit.changed')} ${path}` : path,
          })),
      }))}
    />
  )
}

/** What can be done with a document as a whole, and the way to a new one. */
export function DocumentActions(props: {
  readonly draft: Draft
  readonly path: string
  readonly onChoose: (path: string) => void
}) {
  const { t } = useTranslation('studio')
  const { draft, path } = props
  const [added, setAdded] = useState('')
  const [tried, setTried] = useState(false)
  const [adding, setAdding] = useState(false)
  const opener = useRef<HTMLButtonElement>(null)
  const known = draft.base.has(added) || draft.documents.has(added)
  const good = isNewPath(added) && !known
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
      <Disclosure isExpanded={adding} onExpandedChange={setAdding} className="space-y-3">
        <Heading level={2}>
          <AriaButton ref={opener} slot="trigger" className={buttonLook('secondary', true)}>
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
              draft.edit(added, beginningOf(added, today()))
              props.onChoose(added)
              setAdded('')
              setAdding(false)
              // What was pressed goes away with its form.
              opener.current?.focus()
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

/** As authors write days. */
function today(): string {
  return new Date().toISOString().slice(0, 'YYYY-MM-DD'.length)
}
