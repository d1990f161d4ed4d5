import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type AsyncRouteComponent,
  RouterProvider,
  useParams,
  useSearch,
} from '@tanstack/react-router'
import type { ComponentType, ReactNode } from 'react'
import type { KeyUse } from './api/authenticator.ts'
import { HomePage, type Done } from './pages/home.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import { NotLoadedPage } from './pages/not-loaded.tsx'
import { Layout } from './parts/layout.tsx'
import { Waiting } from './parts/notice.tsx'
import { SessionProvider } from './parts/session.tsx'

const root = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage })
const parent = (): typeof root => root

/** The card agent adds the ticket to the address; without one it is empty. */
function ticketOf(search: Record<string, unknown>): { ticket: string } {
  return { ticket: typeof search['ticket'] === 'string' ? search['ticket'] : '' }
}

/** Which certificate the person said to have, when something led here that knows. */
function keyOf(search: Record<string, unknown>): { key?: 'authentication' } {
  return search['key'] === 'authentication' ? { key: 'authentication' } : {}
}

function doneOf(search: Record<string, unknown>): { done?: Done } {
  const done = search['done']
  return done === 'erased' || done === 'logged-out' ? { done } : {}
}

// The router's type is made of the routes below: what reads it needs a type of its own.
function useTicket(from: '/enrol/return' | '/login/return' | '/reproof/return'): {
  readonly ticket: string
} {
  return useSearch({ from })
}

function useKeyUse(): { readonly keyUse: KeyUse } {
  return { keyUse: useSearch({ from: '/enrol' }).key ?? 'signature' }
}

function useInteractionId(): { readonly interactionId: string } {
  return useParams({ from: '/authorize/$interactionId' })
}

/** A page whose code is fetched when it is first gone to; `useProps` reads from the address what it is given. */
function page<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  useProps: () => Props,
): AsyncRouteComponent<object> {
  return lazyRouteComponent(async () => {
    const Page = await load()
    return { default: () => <Page {...useProps()} /> }
  })
}

const nothing = (): object => ({})

function Home(): ReactNode {
  return <HomePage done={useSearch({ from: '/' }).done} />
}

const home = createRoute({
  getParentRoute: parent,
  path: '/',
  validateSearch: doneOf,
  component: Home,
})
const enrol = createRoute({
  getParentRoute: parent,
  path: '/enrol',
  validateSearch: keyOf,
  component: page(async () => (await import('./pages/enrol.tsx')).EnrolPage, useKeyUse),
})
const enrolReturn = createRoute({
  getParentRoute: parent,
  path: '/enrol/return',
  validateSearch: ticketOf,
  component: page(
    async () => (await import('./pages/enrol-return.tsx')).EnrolReturnPage,
    () => useTicket('/enrol/return'),
  ),
})
const login = createRoute({
  getParentRoute: parent,
  path: '/login',
  component: page(async () => (await import('./pages/login.tsx')).LoginPage, nothing),
})
const loginReturn = createRoute({
  getParentRoute: parent,
  path: '/login/return',
  validateSearch: ticketOf,
  component: page(
    async () => (await import('./pages/login-return.tsx')).LoginReturnPage,
    () => useTicket('/login/return'),
  ),
})
const reproofReturn = createRoute({
  getParentRoute: parent,
  path: '/reproof/return',
  validateSearch: ticketOf,
  component: page(
    async () => (await import('./pages/reproof-return.tsx')).ReproofReturnPage,
    () => useTicket('/reproof/return'),
  ),
})
const authorize = createRoute({
  getParentRoute: parent,
  path: '/authorize/$interactionId',
  component: page(
    async () => (await import('./pages/authorize.tsx')).AuthorizePage,
    useInteractionId,
  ),
})
const wallet = createRoute({
  getParentRoute: parent,
  path: '/wallet',
  component: page(async () => (await import('./pages/wallet.tsx')).WalletPage, nothing),
})
const ledger = createRoute({
  getParentRoute: parent,
  path: '/ledger',
  component: page(async () => (await import('./pages/ledger.tsx')).LedgerPage, nothing),
})
const authenticators = createRoute({
  getParentRoute: parent,
  path: '/authenticators',
  component: page(
    async () => (await import('./pages/authenticators.tsx')).AuthenticatorsPage,
    nothing,
  ),
})
const studio = createRoute({
  getParentRoute: parent,
  path: '/studio',
  component: page(async () => (await import('./studio/studio.tsx')).StudioPage, nothing),
})
// What the code for a reception desk holds, opened by an ordinary camera.
const ticket = createRoute({
  getParentRoute: parent,
  path: '/t/$ticket',
  component: page(async () => (await import('./pages/ticket.tsx')).TicketPage, nothing),
})

const routeTree = root.addChildren([
  home,
  enrol,
  login,
  wallet,
  ledger,
  authenticators,
  studio,
  enrolReturn,
  loginReturn,
  reproofReturn,
  authorize,
  ticket,
])

const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
  defaultErrorComponent: NotLoadedPage,
  // The router would read a search value as JSON, so that a ticket of digits became a number.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search: Record<string, string>) => {
    const text = new URLSearchParams(search).toString()
    return text === '' ? '' : `?${text}`
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}

/** Fetches the page of the address; one that cannot be fetched says so itself when it is drawn. */
export function loadFirstPage(): Promise<void> {
  return router.load()
}

export function App() {
  return (
    <SessionProvider>
      <RouterProvider router={router} />
    </SessionProvider>
  )
}
