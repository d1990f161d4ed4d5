import { useCallback, useEffect, useRef, useState } from 'react'
import { failureOf, type Failure } from './failure.ts'

type Answer<Value> =
  | { readonly state: 'waiting' }
  | { readonly state: 'ready'; readonly value: Value }
  | { readonly state: 'failed'; readonly failure: Failure }

export interface Asked<Value> {
  readonly answer: Answer<Value>
  /** Asks again and keeps showing the old answer meanwhile. */
  readonly again: () => void
  /** Shows a newer answer that came by another way. */
  readonly replace: (value: Value) => void
}

/** Asks the API when the page opens and when `key` changes; an answer that comes after the page was left is dropped. */
export function useAnswer<Value>(ask: () => Promise<Value>, key = ''): Asked<Value> {
  const [answer, setAnswer] = useState<Answer<Value>>({ state: 'waiting' })
  const [round, setRound] = useState(0)
  const latest = useRef(ask)
  latest.current = ask
  useEffect(() => {
    let left = false
    latest.current().then(
      (value) => {
        if (!left) setAnswer({ state: 'ready', value })
      },
      (error: unknown) => {
        if (!left) setAnswer({ state: 'failed', failure: failureOf(error) })
      },
    )
    return () => {
      left = true
    }
  }, [key, round])
  const again = useCallback(() => {
    setRound((n) => n + 1)
  }, [])
  const replace = useCallback((value: Value) => {
    setAnswer({ state: 'ready', value })
  }, [])
  return { answer, again, replace }
}

/** Asks every `interval` milliseconds until the answer is `enough`, at most `tries` times; then `again` starts over. `rounds` have been. */
export function usePolled<Value>(
  ask: () => Promise<Value>,
  enough: (value: Value) => boolean,
  { interval, tries }: { readonly interval: number; readonly tries: number },
): Asked<Value> & { readonly exhausted: boolean; readonly rounds: number } {
  const asked = useAnswer(ask)
  const [done, setDone] = useState(0)
  const { answer, again } = asked
  const wanting = answer.state === 'ready' && !enough(answer.value)
  useEffect(() => {
    if (!wanting || done >= tries) return undefined
    const timer = setTimeout(() => {
      setDone((n) => n + 1)
      again()
    }, interval)
    return () => {
      clearTimeout(timer)
    }
  }, [wanting, done, tries, interval, again])
  const restart = useCallback(() => {
    setDone(0)
    again()
  }, [again])
  return { ...asked, again: restart, exhausted: wanting && done >= tries, rounds: done }
}

export interface Latest<About, Value> {
  /** Of what was asked about last, or of something before it until that answer comes. */
  readonly found: { readonly about: About; readonly value: Value } | undefined
  readonly failure: Failure | undefined
}

/**
 * Asks about what changes all the time, once it has stood still for `pause` milliseconds: a later question takes back the one
 * before it. `about` must keep its identity while it is the same; nothing is asked about `undefined`.
 */
export function useLatest<About, Value>(
  about: About | undefined,
  ask: (about: About, left: AbortSignal) => Promise<Value>,
  pause: number,
): Latest<About, Value> {
  const [found, setFound] = useState<Latest<About, Value>['found']>()
  const [failure, setFailure] = useState<Failure>()
  const latest = useRef(ask)
  latest.current = ask
  useEffect(() => {
    setFailure(undefined)
    if (about === undefined) return undefined
    const leaving = new AbortController()
    const timer = setTimeout(() => {
      latest.current(about, leaving.signal).then(
        (value) => {
          if (!leaving.signal.aborted) setFound({ about, value })
        },
        (error: unknown) => {
          if (!leaving.signal.aborted) setFailure(failureOf(error))
        },
      )
    }, pause)
    return () => {
      clearTimeout(timer)
      leaving.abort()
    }
  }, [about, pause])
  return { found, failure }
}

export interface Action {
  readonly busy: boolean
  readonly failure: Failure | undefined
  /** Starts the work unless one is under way. */
  readonly run: (work: () => Promise<void>) => void
  readonly forget: () => void
}

/** One thing at a time that a person starts with a button. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure>()
  const running = useRef(false)
  const run = useCallback((work: () => Promise<void>) => {
    if (running.current) return
    running.current = true
    setBusy(true)
    setFailure(undefined)
    work()
      .catch((error: unknown) => {
        setFailure(failureOf(error))
      })
      .finally(() => {
        running.current = false
        setBusy(false)
      })
  }, [])
  const forget = useCallback(() => {
    setFailure(undefined)
  }, [])
  return { busy, failure, run, forget }
}
