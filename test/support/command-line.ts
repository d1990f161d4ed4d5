import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Instance } from './instance.ts'

/** `watashi …` beside a running instance, as its operator types it. */
export async function watashi(
  { dataDir, ready }: Pick<Instance, 'dataDir' | 'ready'>,
  ...words: string[]
): Promise<{ readonly code: number | null; readonly out: string }> {
  const OPERATOR_PORT = new URL(ready.operator).port
  const child = spawn(process.execPath, ['services/cli.ts', ...words], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, DATA_DIR: dataDir, OPERATOR_PORT },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out }
}
