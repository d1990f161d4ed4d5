import { existsSync } from 'node:fs'
import type { Config } from '../config.ts'
import { storageOf } from '../context/event-core.ts'
import { openDatabase } from '../database/open.ts'
import { InvalidInput, NotFound } from '../kernel/errors.ts'
import { costReport, type CostLine } from '../proofing/cost-report.ts'
import { ProofingStore } from '../proofing/store.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

/**
 * `watashi report cost --month YYYY-MM [--json]`: how many revocation checks were made in a month, by relying party, use and
 * kind of certificate, and how many were saved because no card was needed. Counts alone. Safe while the product runs.
 */
export async function reportCost(
  config: Config,
  options: { readonly month: string; readonly json?: boolean },
  io: Pick<PolicyIo, 'print'>,
): Promise<number> {
  const { month } = options
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw new InvalidInput('--month', 'YYYY-MM')
  const { lines, made, saved } = await readReport(config, month)
  if (options.json === true) {
    for (const line of lines) io.print(JSON.stringify({ month, ...line }))
    io.print(JSON.stringify({ month, made, saved }))
    return EXIT.holds
  }
  for (const { relying_party: rp, use, certificate, made: is, count } of lines) {
    const who = rp === '' ? '(none)' : rp
    io.print(
      `${month}  ${who.padEnd(20)} ${use.padEnd(17)} ${certificate.padEnd(15)} ${is ? '' : '-'}${count}`,
    )
  }
  io.print(`${month}  checks made: ${made}; saved by logins without the card: ${saved}`)
  return EXIT.holds
}

async function readReport(
  config: Config,
  month: string,
): Promise<{ lines: readonly CostLine[]; made: number; saved: number }> {
  const storage = storageOf(config)
  if (storage.kind === 'sqlite' && !existsSync(storage.file)) {
    throw new NotFound(`there is no database yet in \`DATA_DIR\` ${config.dataDir}`)
  }
  const database = openDatabase(storage)
  try {
    const store = new ProofingStore(database)
    return costReport(await database.read((tx) => store.checksIn(tx, month)))
  } finally {
    await database.close()
  }
}
