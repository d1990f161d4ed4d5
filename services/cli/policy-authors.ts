import type { Config } from '../config.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { AUTHORS_PATH } from '../policy/authors-order.ts'
import { giveOrder } from './operator-order.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

interface Authors {
  readonly authors: readonly { readonly code: string; readonly granted: boolean }[]
}

const STEPS: Readonly<Record<string, boolean>> = { add: true, remove: false }

/**
 * `watashi policy authors [add CODE | remove CODE] [--json]`: on the running product of this machine, lists who edits policies
 * or asked to, and grants or takes the role. The code stands on the page of whoever asked. Exit code 2 when the product refuses.
 */
export async function policyAuthors(
  { ports }: Pick<Config, 'ports'>,
  [step, code]: readonly [step: string | undefined, code: string | undefined],
  options: { readonly json?: boolean },
  io: Pick<PolicyIo, 'print' | 'complain'>,
): Promise<number> {
  const granted = step === undefined ? undefined : STEPS[step]
  if (step !== undefined && (granted === undefined || code === undefined))
    throw new InvalidInput('authors', '`add CODE` or `remove CODE`, or nothing for a list')
  const body = step === undefined ? {} : { code, granted }
  const { ok, answer } = await giveOrder<Authors>(ports.operator, AUTHORS_PATH, body)
  if (!ok) {
    const { code, message } = answer.error ?? { code: 'INTERNAL', message: 'no reason was given' }
    io.complain(`watashi: ${code}: ${message}`)
    return EXIT.badInput
  }
  const { authors = [] } = answer
  if (options.json === true) io.print(JSON.stringify({ authors }))
  else for (const one of authors) io.print(`${one.code} ${one.granted ? 'author' : 'asked'}`)
  return EXIT.holds
}
