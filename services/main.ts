import { outliveReader } from './cli/closed-output.ts'
import { readConfig } from './config.ts'
import { startApplication } from './context.ts'
import { missingForStart } from './context/missing-for-start.ts'
import { ServiceError, Unavailable } from './kernel/errors.ts'
import { printReady, printStopping } from './ready.ts'

/** Starts every role and runs until SIGINT, SIGTERM or a fault. */
async function main(): Promise<void> {
  outliveReader(process.stdout)
  const stop = new AbortController()
  // Ctrl-C reaches the whole group, and the launcher passes it on: the second one must not cut the stop short.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())

  const application = await startApplication(readConfig(undefined, missingForStart))
  const form = process.argv.includes('--json') ? 'json' : 'text'
  try {
    printReady(application.ready, form)
    await Promise.race([application.failed, aborted(stop.signal)])
    printStopping(form)
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
