import {
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
  useParams,
  useSearch,
} from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { AuthenticatorsPage } from './pages/authenticators.tsx'
import { AuthorizePage } from './pages/authorize.tsx'
import { EnrolReturnPage } from './pages/enrol-return.tsx'
import { EnrolPage } from './pages/enrol.tsx'
import { HomePage, type Done } from './pages/home.tsx'
import { LedgerPage } from './pages/ledger.tsx'
import { LoginReturnPage } from './pages/login-return.tsx'
import { LoginPage } from './pages/login.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import { ReproofReturnPage } from './pages/reproof-return.tsx'
import { WalletPage } from './pages/wallet.tsx'
import { Layout } from './parts/layout.tsx'
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

function Home(): ReactNode {
  return <HomePage done={useSearch({ from: '/' }).done} />
}

function EnrolReturn(): ReactNode {
  return <EnrolReturnPage ticket={useSearch({ from: '/enrol/return' }).ticket} />
}

function LoginReturn(): ReactNode {
  return <LoginReturnPage ticket={useSearch({ from: '/login/return' }).ticket} />
}

function ReproofReturn(): ReactNode {
  return <ReproofReturnPage ticket={useSearch({ from: '/reproof/return' }).ticket} />
}

function Enrol(): ReactNode {
  return <EnrolPage keyUse={useSearch({ from: '/enrol' }).key ?? 'signature'} />
}

function Authorize(): ReactNode {
  return (
    <AuthorizePage interactionId={useParams({ from: '/authorize/$interactionId' }).interactionId} />
  )
}

const home = createRoute({
  getParentRoute: parent,
  path: '/',
  validateSearch: doneOf,
  component: Home,
})
const enrolReturn = createRoute({
  getParentRoute: parent,
  path: '/enrol/return',
  validateSearch: ticketOf,
  component: EnrolReturn,
})
const loginReturn = createRoute({
  getParentRoute: parent,
  path: '/login/return',
  validateSearch: ticketOf,
  component: LoginReturn,
})
const reproofReturn = createRoute({
  getParentRoute: parent,
  path: '/reproof/return',
  validateSearch: ticketOf,
  component: ReproofReturn,
})
const authorize = createRoute({
  getParentRoute: parent,
  path: '/authorize/$interactionId',
  component: Authorize,
})

const enrol = createRoute({
  getParentRoute: parent,
  path: '/enrol',
  validateSearch: keyOf,
  component: Enrol,
})
const login = createRoute({ getParentRoute: parent, path: '/login', component: LoginPage })
const wallet = createRoute({ getParentRoute: parent, path: '/wallet', component: WalletPage })
const ledger = createRoute({ getParentRoute: parent, path: '/ledger', component: LedgerPage })
const authenticators = createRoute({
  getParentRoute: parent,
  path: '/authenticators',
  component: AuthenticatorsPage,
})

const routeTree = root.addChildren([
  home,
  enrol,
  login,
  wallet,
  ledger,
  authenticators,
  enrolReturn,
  loginReturn,
  reproofReturn,
  authorize,
])

const router = createRouter({
  routeTree,
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

export function App() {
  return (
    <SessionProvider>
      <RouterProvider router={router} />
    </SessionProvider>
  )
}
