import type { Json } from '../../kernel/canonical-json.ts'
import type { ServiceError } from '../../kernel/errors.ts'
import { formatDiagnostic, PolicyRejected } from '../language/diagnostic.ts'
import type { Text } from '../language/text.ts'

/** A test that stands between documents and their being in force. */
export interface FailedTest {
  /** `file:line` and name, or the file where it cannot be read. */
  readonly label: string
  readonly axis: string
  readonly miss: Text
}

export function unexpected(expected: Json, got: Json): Text {
  const [want, have] = [expected, got].map((value) => JSON.stringify(value))
  return { ja: `${want} のはずが ${have} です`, en: `expected ${want}, got ${have}` }
}

/** A test, or a file of them, that could not be run. */
export function notRun(error: ServiceError): Text {
  if (!(error instanceof PolicyRejected))
    return { ja: `実行できません：${error.message}`, en: error.message }
  const told = (language: keyof Text) =>
    error.diagnostics.map((fault) => formatDiagnostic(fault, language)).join('\n')
  return { ja: told('ja'), en: told('en') }
}
