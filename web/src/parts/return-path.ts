const KEPT_AS = 'watashi.next'

/** Pages that a person may be brought to after logging in or enrolling. */
const DESTINATIONS = ['/wallet', '/ledger', '/authenticators', '/studio'] as const

/** A path of ours from what was kept or asked for; anything else, such as another site's address, is undefined. */
export function ownPath(path: string | null): string | undefined {
  if (path === null) return undefined
  if (DESTINATIONS.some((known) => known === path)) return path
  const id = path.startsWith('/authorize/') ? path.slice('/authorize/'.length) : ''
  return /^[\w-]{1,200}$/u.test(id) ? path : undefined
}

/** Remembers, for this tab, where to go on after a visit to the card agent. */
export function keepNext(path: string): void {
  try {
    sessionStorage.setItem(KEPT_AS, path)
  } catch {
    return // without storage the person ends at the wallet
  }
}

export function keptNext(): string | undefined {
  try {
    return ownPath(sessionStorage.getItem(KEPT_AS))
  } catch {
    return undefined
  }
}

export function forgetNext(): void {
  try {
    sessionStorage.removeItem(KEPT_AS)
  } catch {
    return
  }
}

/** Leaves our pages; only for web addresses, never for one that would run as a script. */
export function leaveFor(url: string): void {
  const { protocol } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError('not a web address')
  location.assign(url)
}
