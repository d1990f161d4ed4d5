import type { ServerResponse } from 'node:http'
import { Unavailable } from '../kernel/errors.ts'

/** Aborted when the connection ends before its answer: nobody waits for it any longer. */
export function hungUp(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.on('close', () => {
    if (!response.writableEnded) controller.abort(new Unavailable('nobody waits for the answer'))
  })
  return controller.signal
}
