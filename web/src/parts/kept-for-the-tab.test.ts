import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { visitCard, visitOf } from './card-visit.ts'
import { noteTaken, wasTaken } from './taken-steps.ts'

const TICKET = 'a-ticket-of-the-card-agent-0000'
const AGENT = `http://card.localhost:8090/?ticket=${TICKET}`
let left: string | undefined

beforeEach(() => {
  left = undefined
  vi.stubGlobal('location', { assign: (url: string) => void (left = url) })
})
afterEach(() => {
  vi.unstubAllGlobals()
})

function withStorage(): void {
  const kept = new Map<string, string>()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  })
}

function withoutStorage(): void {
  const refuse = () => {
    throw new TypeError('the browser keeps nothing')
  }
  vi.stubGlobal('sessionStorage', { getItem: refuse, setItem: refuse })
}

test('the way back to the card is known for the ticket of this tab and for no other', () => {
  withStorage()
  expect(visitOf(TICKET)).toBeUndefined()
  visitCard({ agentUrl: AGENT })
  expect(left).toBe(AGENT)
  expect(visitOf(TICKET)).toBe(AGENT)
  expect(visitOf('another-ticket-of-the-card-agent')).toBeUndefined()
  expect(visitOf('')).toBeUndefined()
})

test('a step counts as taken for its own request alone, until another one was taken', () => {
  withStorage()
  expect(wasTaken('/authorize/a', 'reproof')).toBe(false)
  noteTaken('/authorize/a', 'reproof')
  expect(wasTaken('/authorize/a', 'reproof')).toBe(true)
  expect(wasTaken('/authorize/b', 'reproof')).toBe(false)
  expect(wasTaken('/authorize/a', 'log_in')).toBe(false)
  noteTaken('/authorize/a', 'log_in')
  expect(wasTaken('/authorize/a', 'reproof')).toBe(false)
})

test('a browser that keeps nothing still leads to the card', () => {
  withoutStorage()
  visitCard({ agentUrl: AGENT })
  expect(left).toBe(AGENT)
  expect(visitOf(TICKET)).toBeUndefined()
  noteTaken('/authorize/a', 'reproof')
  expect(wasTaken('/authorize/a', 'reproof')).toBe(false)
})
