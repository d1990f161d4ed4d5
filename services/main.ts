import { readConfig } from './config.ts'
import { startApplication } from './context.ts'
import { missingForStart } from './context/missing-for-start.ts'
import { ServiceError, Unavailable } from './kernel/errors.ts'
import { printReady } from './ready.ts'

/** Starts every role and runs until SIGINT, SIGTERM or a fault. */
async function main(): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

  const application = await startApplication(readConfig(undefined, missingForStart))
  try {
    printReady(application.ready, process.argv.includes('--json') ? 'json' : 'text')
    await Promise.race([application.failed, aborted(stop.signal)])
  } finally {
    await application.close()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

try {
  await main()
} catch (error) {
  // The exit codes of the command line: 2 for what the operator can mend, 3 for a fault of our own.
  const mendable = error instanceof ServiceError && !(error instanceof Unavailable)
  process.exitCode = mendable ? 2 : 3
  if (!(error instanceof ServiceError)) throw error
  console.error(`watashi: ${error.message}`)
}
