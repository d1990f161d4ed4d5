import { errorCode, InvalidInput, ServiceError } from '../../kernel/errors.ts'
import { EXIT } from '../policy-io.ts'
import { answerCase, type Answer } from './case.ts'
import { linesOf, MAX_LINE } from './line-reader.ts'
import type { PkiIo } from './pki-io.ts'

interface Outcome {
  readonly id: unknown
  readonly error?: { readonly code: string; readonly message: string }
  readonly [more: string]: unknown
}

/**
 * Answers every case of a file, one JSON object a line in and one a line out: `{id, indication, subIndication, status,
 * checks, …}`, or `{id, error}` for a line that cannot be read; the run goes on. Exit code 0 when every case holds, 1 when
 * one does not, 2 when a line was bad, 3 when one met a fault of ours.
 */
export async function runCases(path: string, io: PkiIo): Promise<number> {
  let code: number = EXIT.holds
  for await (const { line, text } of linesOf(io.readChunks(path))) {
    const outcome = outcomeOf(text, line, io)
    code = Math.max(code, codeOf(outcome))
    io.print(JSON.stringify(outcome))
  }
  return code
}

function outcomeOf(text: string | null, line: number, io: PkiIo): Outcome {
  let id: unknown = null
  try {
    const fields = readObject(text, line)
    id = readId(fields['id'])
    const { environment, clock } = io
    const answer: Answer = answerCase(fields, { environment, now: clock.now() })
    return { id, ...answer }
  } catch (error) {
    // A fault of ours at one case must not take the answers of the others away.
    const message = error instanceof ServiceError ? error.message : 'internal fault'
    return { id, error: { code: errorCode(error), message } }
  }
}

function readObject(text: string | null, line: number): Readonly<Record<string, unknown>> {
  const path = `line ${line}`
  if (text === null) throw new InvalidInput(path, `at most ${MAX_LINE} bytes`)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>> // parsed JSON that is an object
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new InvalidInput(path, 'one JSON object')
}

function readId(id: unknown): string | number {
  if (typeof id === 'string' || typeof id === 'number') return id
  throw new InvalidInput('id', 'a text or a number')
}

function codeOf({ error, indication }: Outcome): number {
  if (error === undefined) return indication === 'PASSED' ? EXIT.holds : EXIT.doesNotHold
  return error.code === 'INTERNAL' ? EXIT.internalFault : EXIT.badInput
}
