import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { LedgerEntry } from '../api/wallet.ts'
import { Badge, Card, Facts, type Tone } from '../parts/page.tsx'
import { PersonaName } from '../parts/persona-name.tsx'
import { dateTime, local, retention } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { errorWords, legalBasis, levelWords } from '../text/words.ts'

const TONES = {
  released: 'good',
  signed: 'good',
  refused: 'plain',
  failed: 'bad',
  revoked: 'warn',
  expired: 'plain',
  erased: 'plain',
} as const satisfies Record<LedgerEntry['status'], Tone>

/** One line of the ledger in the order in which people ask: who, when, what for, what, as whom. */
export function LedgerCard(props: {
  readonly entry: LedgerEntry
  /** When the release of this line was taken back, if it was. */
  readonly takenBackAt: string | undefined
  readonly children: ReactNode
}) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { entry } = props
  const takenBackAt = entry.status === 'released' ? props.takenBackAt : undefined
  return (
    <Card
      rank="h2"
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span>{local(language, entry.rp.name)}</span>
          <Badge tone={TONES[entry.status]}>{t(`ledger.status.${entry.status}`)}</Badge>
          {takenBackAt !== undefined && <Badge tone="warn">{t('ledger.takenBack')}</Badge>}
        </span>
      }
    >
      <p className="text-dns-14N-130 leading-160 text-solid-gray-700">
        {t('authorize.controller', { controller: local(language, entry.rp.controller) })}
      </p>
      <EntryFacts entry={entry} takenBackAt={takenBackAt} />
      {props.children}
    </Card>
  )
}

function EntryFacts({
  entry,
  takenBackAt,
}: {
  readonly entry: LedgerEntry
  readonly takenBackAt: string | undefined
}) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { purpose, persona, reason, deletionContact } = entry
  const given = entry.status !== 'refused' && entry.status !== 'failed'
  const claims = entry.claims.map(({ label }) => local(language, label))
  const rows: (readonly [string, ReactNode])[] = [
    [t('ledger.when'), dateTime(language, entry.at)],
    [t('ledger.why'), local(language, purpose.title)],
    [
      given ? t('ledger.claims') : t('ledger.claimsAsked'),
      claims.length === 0 ? t('ledger.noClaims') : claims.join(language === 'ja' ? '、' : ', '),
    ],
  ]
  if (takenBackAt !== undefined)
    rows.splice(1, 0, [t('ledger.takenBackAt'), dateTime(language, takenBackAt)])
  if (persona !== null)
    rows.push([t('ledger.persona'), <PersonaName key="persona" persona={persona} />])
  if (given && entry.levels.length > 0)
    rows.push([
      t('ledger.levels'),
      entry.levels.map((level) => (
        <span key={`${level.framework} ${level.axis}`} className="block">
          {levelWords(language, level).level}
        </span>
      )),
    ])
  // A signature is given for no registered purpose.
  const registered = purpose.legalBasis !== ''
  if (registered) rows.push([t('ledger.legalBasis'), legalBasis(language, purpose.legalBasis)])
  if (given && registered)
    rows.push([
      t('ledger.retention'),
      purpose.retentionDays === 0
        ? t('authorize.noRetention')
        : t('authorize.retentionDays', { days: retention(language, purpose.retentionDays) }),
    ])
  if (reason !== null) {
    const words = errorWords(language, [reason])
    rows.push([t('ledger.reason'), words.unknown ? reason : words.what])
  }
  if (given && deletionContact !== '') rows.push([t('ledger.contact'), deletionContact])
  return <Facts rows={rows} />
}
