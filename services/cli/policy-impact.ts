import type { Config } from '../config.ts'
import { InvalidInput } from '../kernel/errors.ts'
import {
  MAX_DECISIONS_ASKED,
  type ImpactReply,
  type OperatorReplayReply,
  type PolicyDocument,
} from '../policy/api.ts'
import { IMPACT_PATH, REPLAY_PATH } from '../policy/policy-orders.ts'
import { readDraft } from '../policy/policy-store.ts'
import { giveOrder, OrderRefused } from './operator-order.ts'
import { EXIT, type PolicyIo } from './policy-io.ts'
import { readText } from './policy-score.ts'

/** Milliseconds in which everybody, or a whole log, is counted. */
const PATIENCE = 30 * 60_000

/**
 * `watashi policy impact DRAFT [--log FILE] [--json]`: on the running product of this machine, how many persons a draft raises and
 * lowers against what is in force; with `--log`, what it would have decided of the decisions in an export. Changes nothing.
 * @throws OrderRefused, InvalidInput, Unavailable
 */
export async function policyImpact(
  { ports }: Pick<Config, 'ports'>,
  draft: string,
  options: { readonly log?: string; readonly json?: boolean },
  io: Pick<PolicyIo, 'print' | 'read'>,
): Promise<number> {
  const documents = readDraft(draft)
  const lines =
    options.log === undefined
      ? impactLines(await ask(ports.operator, IMPACT_PATH, { documents }), options)
      : replayLines(
          await ask(ports.operator, REPLAY_PATH, {
            documents,
            decisions: decisionsIn(options.log, readText(options.log, io)),
          }),
          options,
        )
  for (const line of lines) io.print(line)
  return EXIT.holds
}

async function ask<T>(port: number, path: string, body: Question): Promise<T> {
  const { ok, answer } = await giveOrder<T>(port, path, body, PATIENCE)
  if (!ok) throw new OrderRefused(answer.error)
  return answer as T // an answer without an error is whole
}

interface Question {
  readonly documents: readonly PolicyDocument[]
  readonly decisions?: readonly string[]
}

/** Ids of the decisions of an export: one JSON object a line. @throws InvalidInput naming the line */
function decisionsIn(file: string, text: string): readonly string[] {
  const lines = text.split('\n').map((line, i) => ({ line, place: `${file}:${i + 1}` }))
  const ids = lines.filter(({ line }) => line.trim() !== '').map(idOf)
  if (ids.length === 0 || ids.length > MAX_DECISIONS_ASKED)
    throw new InvalidInput(file, `between 1 and ${MAX_DECISIONS_ASKED} decisions`)
  return [...new Set(ids)]
}

function idOf({ line, place }: { readonly line: string; readonly place: string }): string {
  const { id } = Object(parse(line)) as Record<string, unknown>
  if (typeof id !== 'string' || id === '')
    throw new InvalidInput(place, 'a decision as `policy decisions export` writes it')
  return id
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function impactLines(impact: ImpactReply, { json }: { readonly json?: boolean }): string[] {
  if (json === true) return [JSON.stringify(impact)]
  return [`${impact.subjects} persons`, ...impact.axes.flatMap(axisLines)]
}

function replayLines(
  { notFound, ...replay }: OperatorReplayReply,
  { json }: { readonly json?: boolean },
): string[] {
  if (json === true) return [JSON.stringify({ ...replay, notFound })]
  const { decisions, changed, newlySatisfied, noLongerSatisfied } = replay
  return [
    `${decisions} decisions, ${changed} would be another one`,
    `answers: ${newlySatisfied} newly enough, ${noLongerSatisfied} no longer enough`,
    `not replayed: ${replay.notReplayable} without the facts of then, ${replay.notAnswered} on axes that the draft has not, ${notFound} not in the log`,
    ...replay.axes.flatMap(axisLines),
  ]
}

/** Who moves, as `from -> to`; who stays is counted together. */
function axisLines({ framework, axis, levels, matrix, raised, lowered }: Moves): string[] {
  const moves = levels.flatMap((from, i) =>
    levels.flatMap((to, j) => {
      const count = matrix[i]?.[j] ?? 0
      return from === to || count === 0 ? [] : [`  ${from} -> ${to}: ${count}`]
    }),
  )
  const stay = levels.reduce((sum, _, i) => sum + (matrix[i]?.[i] ?? 0), 0)
  return [`${framework} ${axis}: ${raised} raised, ${lowered} lowered, ${stay} unchanged`, ...moves]
}

type Moves = Pick<
  ImpactReply['axes'][number],
  'framework' | 'axis' | 'levels' | 'matrix' | 'raised' | 'lowered'
>
