import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import type { Action } from './asking.ts'
import { Button } from './button.tsx'
import { ErrorNotice } from './notice.tsx'

export interface SheetProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly role?: 'dialog' | 'alertdialog'
  readonly title: string
  readonly children: ReactNode
}

/** A window over the page; Escape closes it, and the focus goes back to where it was opened. */
export function Sheet({ open, onClose, role = 'dialog', title, children }: SheetProps) {
  function change(opened: boolean): void {
    if (!opened) onClose()
  }
  return (
    <ModalOverlay
      isOpen={open}
      onOpenChange={change}
      className="fixed inset-0 z-20 flex items-end justify-center overflow-y-auto bg-opacity-gray-600 sm:items-center sm:p-4"
    >
      <Modal className="max-h-dvh w-full max-w-xl overflow-y-auto rounded-t-16 bg-white p-4 sm:rounded-16 sm:p-8">
        <Dialog role={role} className="space-y-4 outline-none">
          <Heading slot="title" className="text-std-20B-150">
            {title}
          </Heading>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

export interface ConfirmProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly confirm: string
  readonly confirmDisabled?: boolean
  readonly busyText?: string
  readonly action: Action
  readonly onConfirm: () => void
  readonly children: ReactNode
}

/** Asks before something that cannot be undone. Escape and the second button leave all as it was. */
export function Confirm(props: ConfirmProps) {
  const { t } = useTranslation()
  function close(): void {
    if (!props.action.busy) props.onClose()
  }
  return (
    <Sheet role="alertdialog" open={props.open} onClose={close} title={props.title}>
      {props.children}
      {props.action.failure && <ErrorNotice failure={props.action.failure} />}
      <div className="flex flex-col gap-3 sm:flex-row">
        <Button
          kind="danger"
          onPress={props.onConfirm}
          busy={props.action.busy}
          disabled={props.confirmDisabled ?? false}
          {...(props.busyText === undefined ? {} : { busyText: props.busyText })}
        >
          {props.confirm}
        </Button>
        <Button kind="neutral" onPress={props.onClose} disabled={props.action.busy}>
          {t('common.cancel')}
        </Button>
      </div>
    </Sheet>
  )
}
