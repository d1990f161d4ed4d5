import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Unavailable } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'

const root = join(import.meta.dirname, '../..')

export interface Child {
  /** Where the child is to be found, as it said on its ready line. */
  readonly origin: string
  /** Rejects when the child ends without being told to. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

export interface ChildProgram {
  readonly name: string
  /** Path from the repository's root. */
  readonly script: string
  readonly args: readonly string[]
  /** All that it is given of an environment, beside what Node itself needs. */
  readonly env: Readonly<Record<string, string>>
}

/**
 * Starts a program of ours as a process of its own and resolves when it writes `READY <name> <origin>`. Its end of the IPC
 * channel tells it when this process ends, however that comes about.
 */
export async function startChild(program: ChildProgram, log: Log): Promise<Child> {
  const child = spawn(process.execPath, [join(root, program.script), ...program.args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...inherited(), ...program.env },
  })
  const stopping = new AbortController()
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (status) => {
      if (stopping.signal.aborted) return
      const service = program.name
      log.error('CHILD_EXITED', { service, ...(status === null ? {} : { status }) })
      reject(new Unavailable(`${program.name} ended`))
    })
  })
  failed.catch(() => undefined)
  return {
    origin: await Promise.race([readyLine(child), failed]),
    failed,
    async stop() {
      stopping.abort()
      if (child.exitCode !== null || child.signalCode !== null) return
      const exit = once(child, 'exit')
      child.kill('SIGTERM')
      await exit
    },
  }
}

function inherited(): Record<string, string> {
  const { PATH, HOME, TMPDIR, TZ, LANG } = process.env
  const kept = Object.entries({ PATH, HOME, TMPDIR, TZ, LANG })
  return Object.fromEntries(
    kept.filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function readyLine(child: ChildProcess): Promise<string> {
  const { stdout } = child
  if (stdout === null) throw new TypeError('the child was started without a pipe')
  return new Promise((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const origin = /^READY \S+ (\S+)$/.exec(line)?.[1]
      if (origin === undefined) process.stderr.write(`${line}\n`)
      else resolve(origin)
    })
  })
}
