import type { Config } from '../config.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { ExportQuery } from '../policy/api.ts'
import { EXPORT_PATH } from '../policy/policy-orders.ts'
import { orderLines } from './operator-order.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

/** Milliseconds in which a whole log is written. */
const PATIENCE = 6 * 60 * 60_000

/** Everything that is given has to fit. */
export interface ExportOptions extends Omit<ExportQuery, 'from' | 'until' | 'questionId'> {
  /** Id of an answer. */
  readonly answer?: string
  readonly from?: string
  /** The first instant that is not asked for. */
  readonly to?: string
}

/**
 * `watashi policy decisions export [--from T] [--to T] [--axis A] …`: the decision log of the running product of this machine, oldest
 * first, one JSON object a line. Decisions of one answer have the same `questionId`.
 * @throws OrderRefused, InvalidInput; Unavailable also when it breaks off in the middle
 */
export async function exportDecisions(
  { ports }: Pick<Config, 'ports'>,
  { from, to, answer, ...rest }: ExportOptions,
  io: Pick<PolicyIo, 'print'>,
): Promise<number> {
  const body = {
    ...rest,
    ...(answer === undefined ? {} : { questionId: answer }),
    ...(from === undefined ? {} : { from: instant('--from', from) }),
    ...(to === undefined ? {} : { until: instant('--to', to) }),
  }
  for await (const line of orderLines(ports.operator, EXPORT_PATH, body, PATIENCE)) io.print(line)
  return EXIT.holds
}

function instant(option: string, text: string): string {
  const at = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(at.getTime()))
    throw new InvalidInput(option, 'a time, ISO 8601; a day begins in UTC')
  return at.toISOString()
}
