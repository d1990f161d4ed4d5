import { createContext, useContext, useMemo, type ReactNode } from 'react'
import { currentSession, type Session } from '../api/authenticator.ts'
import { useAnswer } from './asking.ts'

interface SessionState {
  /** undefined while it is not known yet, or cannot be asked. */
  readonly session: Session | null | undefined
  /** To be called after whatever may have started or ended the session. */
  readonly refresh: () => void
  /** To be called once the session is known to be over. */
  readonly ended: () => void
}

const SessionContext = createContext<SessionState>({
  session: undefined,
  refresh: () => undefined,
  ended: () => undefined,
})

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const { answer, again, replace } = useAnswer(currentSession)
  const session = answer.state === 'ready' ? answer.value : undefined
  const state = useMemo(
    () => ({
      session,
      refresh: again,
      ended: () => {
        replace(null)
      },
    }),
    [session, again, replace],
  )
  return <SessionContext value={state}>{children}</SessionContext>
}

export function useSession(): SessionState {
  return useContext(SessionContext)
}
