import { parseArgs } from 'node:util'
import { errorCode, InvalidInput, ServiceError } from '../kernel/errors.ts'
import {
  isBroken,
  questionOf,
  readLines,
  type BrokenLine,
  type CaseLine,
} from '../policy/case-file.ts'
import type { FactsValidator } from '../kernel/facts-check.ts'
import { levelOf, scoreToJson, type Frameworks } from '../policy/frameworks.ts'
import { EXIT, packLoader, type PolicyIo } from './policy-io.ts'

/**
 * `watashi policy score FILE.jsonl [--json] [--policies DIR]`: scores each row and prints it. With `--json` one object a line:
 * `{id, value, missing, valid_until, caps}`, or `{id, error}` for a row that cannot be answered.
 * Exit code 0, or 2 when a row or the call was bad.
 */
export function policyScore(args: readonly string[], io: PolicyIo): number {
  let code: number = EXIT.holds
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean' }, policies: { type: 'string' } },
      allowPositionals: true,
    })
    const [file] = positionals
    if (file === undefined || positionals.length > 1)
      throw new InvalidInput('FILE', 'one case file, *.jsonl')
    const { frameworks, validator } = packLoader(io, values.policies)(file)
    for (const line of readLines(readText(file, io))) {
      const output = scoreLine(line, frameworks, validator, io)
      if ('error' in output) code = EXIT.badInput
      io.print(values.json === true ? JSON.stringify(output) : describe(output))
    }
    return code
  } catch (error) {
    return refuse(error, io)
  }
}

function scoreLine(
  line: CaseLine | BrokenLine,
  frameworks: Frameworks,
  validator: FactsValidator,
  io: PolicyIo,
) {
  try {
    if (isBroken(line)) throw line.error
    const { id, framework, axis, at, facts } = questionOf(line, validator)
    const when = at === undefined ? io.clock.now() : frameworks.readAt(framework, at)
    return { id, ...scoreToJson(frameworks.score({ framework, axis, facts, at: when })) }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    return { id: line.id, error: { code: error.code, message: error.message } }
  }
}

function describe(output: { readonly id: string | null; readonly [key: string]: unknown }): string {
  const { error, value } = output
  if (error !== undefined) return `${output.id ?? '?'}: ${(error as { message: string }).message}` // made by scoreLine
  const until = typeof output['valid_until'] === 'string' ? ` until ${output['valid_until']}` : ''
  return `${output.id ?? '?'}: ${levelOf(value as string)}${until}` // made by scoreLine
}

/** Text of a file of the call. Throws `InvalidInput` when it cannot be read. */
export function readText(path: string, io: Pick<PolicyIo, 'read'>): string {
  try {
    return io.read(path)
  } catch (error) {
    throw new InvalidInput(path, 'a file that can be read', { cause: error })
  }
}

/** Reports what stopped a command; the exit code says whose fault it was. */
export function refuse(error: unknown, io: PolicyIo): number {
  if (error instanceof ServiceError) {
    io.complain(error.message)
    return EXIT.badInput
  }
  if (
    error instanceof TypeError &&
    'code' in error &&
    String(error.code).startsWith('ERR_PARSE_ARGS')
  ) {
    io.complain(error.message)
    return EXIT.badInput
  }
  io.complain(`internal fault (${errorCode(error)})`)
  return EXIT.internalFault
}
