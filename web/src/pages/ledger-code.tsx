import { encodeQR } from 'qr'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ledger, makeTicket, type Ledger, type LedgerEntry } from '../api/wallet.ts'
import { useAction, usePolled } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Sheet } from '../parts/dialog.tsx'
import { timesHandedOver } from '../parts/ledger-lines.ts'
import { ErrorNotice, Waiting } from '../parts/notice.tsx'
import { Text } from '../parts/page.tsx'
import { local, seconds } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

/** The server's limit. It is counted from the asking, not to `expiresAt`: the clock of a phone may be wrong. */
const LIFE_SECONDS = 60

interface Code {
  readonly url: string
  readonly askedAt: number
  /** How often the release had been handed over before. */
  readonly before: number
}

/** A code that hands a release over at a reception desk: made when the dialog opens, and anew as often as is wanted. */
export function CodeDialog(props: {
  readonly entry: LedgerEntry | undefined
  readonly onClose: () => void
}) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { entry, onClose } = props
  return (
    <Sheet
      open={entry !== undefined}
      onClose={onClose}
      title={t('ledger.ticketTitle', { rp: entry ? local(language, entry.rp.name) : '' })}
    >
      <Text>{t('ledger.ticketText')}</Text>
      {entry?.releaseId != null && <FreshCode releaseId={entry.releaseId} />}
      <Button kind="neutral" onPress={onClose}>
        {t('ledger.ticketClose')}
      </Button>
    </Sheet>
  )
}

function FreshCode({ releaseId }: { readonly releaseId: string }) {
  const { t } = useTranslation()
  const [code, setCode] = useState<Code>()
  const { busy, failure, run } = useAction()
  function make(): void {
    run(async () => {
      const askedAt = performance.now()
      const before = timesHandedOver(await ledger(), releaseId)
      const { url } = await makeTicket(releaseId)
      setCode({ url, askedAt, before })
    })
  }
  useEffect(make, [releaseId, run])
  return (
    <>
      {failure && <ErrorNotice failure={failure} />}
      {code === undefined && failure === undefined && <Waiting text={t('ledger.ticketMaking')} />}
      {code !== undefined && <TimedCode key={code.url} code={code} releaseId={releaseId} />}
      <Button kind="secondary" onPress={make} busy={busy} busyText={t('ledger.ticketMaking')}>
        {t('ledger.ticketAgain')}
      </Button>
    </>
  )
}

const WATCHED = { interval: 2_000, tries: LIFE_SECONDS / 2 } as const

function TimedCode({ code, releaseId }: { readonly code: Code; readonly releaseId: string }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const used = (now: Ledger) => timesHandedOver(now, releaseId) > code.before
  const { answer } = usePolled(ledger, used, WATCHED)
  const isUsed = answer.state === 'ready' && used(answer.value)
  const left = useSecondsLeft(code.askedAt, isUsed)
  const over = isUsed ? t('ledger.ticketUsed') : t('ledger.ticketOver')
  const words = (count: number) =>
    count === 0 ? over : t('ledger.ticketLeft', { seconds: seconds(language, count) })
  return (
    <div className="space-y-2 text-center">
      {left > 0 && (
        <img
          src={picture(code.url)}
          alt={t('ledger.ticketImage')}
          width={256}
          height={256}
          className="mx-auto block size-64 border border-solid-gray-420 bg-white"
        />
      )}
      {/* Each second is for the eye; ears are told now and then. */}
      <p aria-hidden="true" className="text-std-18B-160">
        {words(left)}
      </p>
      <p role="status" className="sr-only">
        {words(spoken(left))}
      </p>
    </div>
  )
}

/** None are left to a code that was used. */
function useSecondsLeft(askedAt: number, used: boolean): number {
  const [now, setNow] = useState(() => performance.now())
  const left = used ? 0 : Math.max(0, Math.ceil(LIFE_SECONDS - (now - askedAt) / 1000))
  const over = left === 0
  useEffect(() => {
    if (over) return undefined
    const timer = setInterval(() => {
      setNow(performance.now())
    }, 250)
    return () => {
      clearInterval(timer)
    }
  }, [over])
  return left
}

// The smallest of these that is not yet passed.
function spoken(left: number): number {
  return [0, 10, 30].find((mark) => left <= mark) ?? LIFE_SECONDS
}

function picture(url: string): string {
  return `data:image/svg+xml,${encodeURIComponent(encodeQR(url, 'svg', { ecc: 'medium', border: 4 }))}`
}
