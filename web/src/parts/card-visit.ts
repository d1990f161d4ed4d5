import type { TapOpened } from '../api/authenticator.ts'
import { leaveFor } from './return-path.ts'

const KEPT_AS = 'watashi.card'

/** Sends the browser to the card agent and remembers the way there, for who comes back without having used the card. */
export function visitCard({ agentUrl }: Pick<TapOpened, 'agentUrl'>): void {
  try {
    sessionStorage.setItem(KEPT_AS, agentUrl)
  } catch {
    // without storage there is no way back to the agent, only a new start
  }
  leaveFor(agentUrl)
}

/** Where the card agent waits for this ticket, if this tab was sent there. */
export function visitOf(ticket: string): string | undefined {
  try {
    const kept = sessionStorage.getItem(KEPT_AS)
    return kept !== null && ticket !== '' && kept.includes(ticket) ? kept : undefined
  } catch {
    return undefined
  }
}
