import { readConfig } from './config.ts'
import { startApplication } from './context.ts'
import { ServiceError } from './kernel/errors.ts'
import { printReady } from './ready.ts'

/** Starts every role and runs until SIGINT, SIGTERM or a fault. */
async function main(): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())

  const application = await startApplication(readConfig())
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
  process.exitCode = 1
  if (error instanceof ServiceError) console.error(`watashi: ${error.message}`)
  else throw error
}
