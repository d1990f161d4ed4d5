import type { Config } from '../config.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { KEYS_PATH, type KeysReply } from '../policy/keys-order.ts'
import { giveOrder, OrderRefused } from './operator-order.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'

/**
 * `watashi policy key [rotate] [--json]`: on the running product of this machine, lists the keys that releases are signed with, and
 * makes the next one, which the next proposal hands over to. While one waits, no other is made.
 * @throws OrderRefused, InvalidInput, Unavailable
 */
export async function policyKey(
  { ports }: Pick<Config, 'ports'>,
  step: string | undefined,
  options: { readonly json?: boolean },
  io: Pick<PolicyIo, 'print'>,
): Promise<number> {
  if (step !== undefined && step !== 'rotate')
    throw new InvalidInput('key', '`rotate`, or nothing for a list')
  const body = step === undefined ? {} : { rotate: true }
  const { ok, answer } = await giveOrder<KeysReply>(ports.operator, KEYS_PATH, body)
  if (!ok) throw new OrderRefused(answer.error)
  const { keys = [] } = answer
  if (options.json === true) io.print(JSON.stringify({ keys }))
  else
    for (const { kid, state, file, held } of keys)
      io.print(`${kid} ${state} ${file}${held ? '' : ' (cannot sign here)'}`)
  return EXIT.holds
}
