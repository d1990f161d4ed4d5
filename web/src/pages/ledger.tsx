import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ledger, revokeRelease, type Ledger, type LedgerEntry } from '../api/wallet.ts'
import { Answered } from '../parts/answered.tsx'
import { useAction, useAnswer } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { canShowCode, takenBack } from '../parts/ledger-lines.ts'
import { Announcement } from '../parts/notice.tsx'
import { Page, Text } from '../parts/page.tsx'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { CodeDialog } from './ledger-code.tsx'
import { LedgerCard } from './ledger-entry.tsx'

/** What each service was given, newest first as the server lists it, and the way to take it back. */
export function LedgerPage() {
  const { t } = useTranslation()
  const asked = useAnswer(ledger)
  return (
    <Page title={t('ledger.title')}>
      <Text>{t('ledger.text')}</Text>
      <Answered asked={asked} path="/ledger">
        {(value) => <Entries ledger={value} again={asked.again} />}
      </Answered>
    </Page>
  )
}

function Entries({ ledger, again }: { readonly ledger: Ledger; readonly again: () => void }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const [asking, setAsking] = useState<LedgerEntry>()
  const [revoked, setRevoked] = useState<string>()
  const [showing, setShowing] = useState<LedgerEntry>()
  const ended = takenBack(ledger.entries)
  const said = useRef<HTMLDivElement>(null)
  const justRevoked = useRef(false)
  useEffect(() => {
    // The button that opened the dialog is not in the new list, and the focus would be nowhere.
    if (justRevoked.current) said.current?.focus()
    justRevoked.current = false
  }, [ledger])
  return (
    <>
      <Integrity intact={ledger.intact} />
      <Announcement
        box={said}
        text={revoked === undefined ? undefined : t('ledger.revoked', { rp: revoked })}
      />
      {ledger.entries.length === 0 && <Text>{t('ledger.empty')}</Text>}
      <ul className="space-y-4">
        {ledger.entries.map((entry) => (
          <li key={entry.entryId}>
            <LedgerCard entry={entry} takenBackAt={ended.get(entry.releaseId ?? '')}>
              <EntryActions entry={entry} onShow={setShowing} onRevoke={setAsking} />
            </LedgerCard>
          </li>
        ))}
      </ul>
      <CodeDialog
        entry={showing}
        onClose={() => {
          setShowing(undefined)
          // It may have been read meanwhile, which is a line of its own.
          again()
        }}
      />
      <RevokeDialog
        entry={asking}
        onClose={() => {
          setAsking(undefined)
        }}
        onRevoked={(entry) => {
          setRevoked(local(language, entry.rp.name))
          setAsking(undefined)
          justRevoked.current = true
          again()
        }}
      />
    </>
  )
}

function EntryActions(props: {
  readonly entry: LedgerEntry
  readonly onShow: (entry: LedgerEntry) => void
  readonly onRevoke: (entry: LedgerEntry) => void
}) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { entry, onShow, onRevoke } = props
  const rp = local(language, entry.rp.name)
  if (!entry.canRevoke) return null
  return (
    <div className="flex flex-wrap gap-3">
      {canShowCode(entry, Date.now()) && (
        <Button
          kind="secondary"
          small
          label={t('ledger.ticketOf', { rp })}
          onPress={() => {
            onShow(entry)
          }}
        >
          {t('ledger.ticket')}
        </Button>
      )}
      <Button
        kind="danger"
        small
        label={t('ledger.revokeOf', { rp })}
        onPress={() => {
          onRevoke(entry)
        }}
      >
        {t('ledger.revoke')}
      </Button>
    </div>
  )
}

function Integrity({ intact }: { readonly intact: boolean }) {
  const { t } = useTranslation()
  return (
    <p
      {...(intact ? {} : { role: 'alert' })}
      className={`rounded-8 border-2 p-3 text-std-16N-170 ${intact ? 'border-success-2 bg-green-50' : 'border-error-2 bg-red-50'}`}
    >
      {intact ? t('ledger.intact') : t('ledger.broken')}
    </p>
  )
}

function RevokeDialog(props: {
  readonly entry: LedgerEntry | undefined
  readonly onClose: () => void
  readonly onRevoked: (entry: LedgerEntry) => void
}) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const revoking = useAction()
  const { entry, onClose, onRevoked } = props
  function revoke(): void {
    const releaseId = entry?.releaseId
    if (entry === undefined || releaseId == null) return
    revoking.run(async () => {
      await revokeRelease(releaseId)
      onRevoked(entry)
    })
  }
  const contact = entry?.deletionContact ?? ''
  return (
    <Confirm
      open={entry !== undefined}
      onClose={() => {
        revoking.forget()
        onClose()
      }}
      title={t('ledger.revokeTitle', { rp: entry ? local(language, entry.rp.name) : '' })}
      confirm={t('ledger.revokeConfirm')}
      action={revoking}
      onConfirm={revoke}
    >
      <ul className="ml-5 list-disc space-y-2 text-std-16N-170">
        <li>{t('ledger.revoke1')}</li>
        <li>{t('ledger.revoke2')}</li>
        <li>
          {contact === '' ? t('ledger.revokeNoContact') : t('ledger.revokeContact', { contact })}
        </li>
      </ul>
    </Confirm>
  )
}
