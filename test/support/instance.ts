import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Ready } from '../../services/ready.ts'

const root = join(import.meta.dirname, '../..')

/** A running product: the real process with the real faces, on free ports and a data folder of its own. */
export interface Instance {
  readonly ready: Ready
  readonly dataDir: string
  readonly process: ChildProcess
  /** Everything written to standard output and error so far. */
  output(): string
  /** Like pulling the plug; the folder stays for the next start. */
  kill(): Promise<void>
  /** As SIGTERM would; resolves to the exit code. */
  stop(): Promise<number | null>
  [Symbol.asyncDispose](): Promise<void>
}

export interface InstanceOptions {
  readonly env?: Readonly<Record<string, string>>
  /** A folder that an earlier instance left; a fresh one when absent. */
  readonly dataDir?: string
}

/** Starts the product as `npm start` does, and resolves when it says that it is ready. */
export async function startInstance(options: InstanceOptions = {}): Promise<Instance> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'watashi-instance-'))
  const child = spawn(process.execPath, ['services/main.ts', '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...FREE_PORTS, DATA_DIR: dataDir, LOG_LEVEL: 'debug', ...options.env },
  })
  const written: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => written.push(line))
  child.stderr.on('data', (chunk: Buffer) => written.push(chunk.toString('utf8')))
  const ready = await readyLine(child, lines, written)
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!ended()) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    }
    return child.exitCode
  }
  return {
    ready,
    dataDir,
    process: child,
    output: () => written.join('\n'),
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    async [Symbol.asyncDispose]() {
      await end('SIGTERM')
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

const FREE_PORTS = {
  HTTP_PORT: '0',
  GRPC_PORT: '0',
  GRPC_BEARER_PORT: '0',
  AGENT_PORT: '0',
  SIMULATOR_PORT: '0',
  SAMPLE_RP_PORT: '0',
  OPERATOR_PORT: '0',
}

function readyLine(
  child: ChildProcess,
  lines: ReturnType<typeof createInterface>,
  written: readonly string[],
): Promise<Ready> {
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.startsWith('{"ready":')) resolve((JSON.parse(line) as { ready: Ready }).ready)
    })
    child.once('error', reject)
    child.once('exit', (code) =>
      reject(new Error(`ended with ${code} before it was ready:\n${written.join('\n')}`)),
    )
  })
}
