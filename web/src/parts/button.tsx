import type { ReactNode } from 'react'
import { Button as AriaButton } from 'react-aria-components'

export type ButtonKind = 'primary' | 'secondary' | 'danger' | 'neutral'

const COLOURS = {
  primary: 'border-key-900 bg-key-900 text-white hover:border-key-1000 hover:bg-key-1000',
  secondary: 'border-key-900 bg-white text-key-900 hover:bg-key-50',
  neutral: 'border-solid-gray-700 bg-solid-gray-700 text-white hover:bg-solid-gray-900',
  danger: 'border-error-2 bg-white text-error-2 hover:bg-red-50',
} as const satisfies Record<ButtonKind, string>

/** Looks of a button, for links that stand where a button would. */
export function buttonLook(kind: ButtonKind, small = false): string {
  const size = small
    ? 'min-h-11 px-4 py-2 text-oln-16B-100'
    : 'min-h-14 w-full px-4 py-3 text-oln-16B-100 sm:w-auto sm:min-w-48'
  return `inline-flex cursor-pointer items-center justify-center rounded-8 border-2 text-center leading-140 underline-offset-3 hover:underline aria-disabled:cursor-not-allowed ${size} ${COLOURS[kind]}`
}

export interface ButtonProps {
  readonly kind?: ButtonKind
  readonly small?: boolean
  readonly onPress: () => void
  /** While busy the button keeps its place and focus and shows `busyText`. */
  readonly busy?: boolean
  readonly busyText?: string
  readonly disabled?: boolean
  readonly label?: string
  readonly children: ReactNode
}

export function Button(props: ButtonProps) {
  const { kind = 'primary', small = false, busy = false, disabled = false } = props
  const busyText = busy ? props.busyText : undefined
  return (
    <div>
      <AriaButton
        className={`${buttonLook(kind, small)} disabled:border-solid-gray-300 disabled:bg-solid-gray-300 disabled:text-solid-gray-700 disabled:no-underline`}
        onPress={() => {
          if (!busy) props.onPress()
        }}
        isDisabled={disabled}
        // A truly disabled button would lose the focus while the work is under way.
        aria-disabled={busy}
        {...(props.label === undefined ? {} : { 'aria-label': props.label })}
      >
        {busyText ?? props.children}
      </AriaButton>
      <span role="status" className="sr-only">
        {busyText}
      </span>
    </div>
  )
}
