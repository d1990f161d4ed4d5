import type { Static, TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { InvalidInput } from '../kernel/errors.ts'
import {
  exportQuery,
  impactOrder,
  MAX_DRAFT,
  replayOrder,
  type DecisionView,
  type ImpactReply,
  type OperatorReplayReply,
  type PolicyDocument,
} from './api.ts'
import { toDecisionView, toReplayReply, toSearch } from './decisions-http.ts'
import { toImpactReply } from './impact-http.ts'
import type { Policy } from './policy.ts'
import { changesOfFolders } from './release/draft.ts'

/** Where the operator's face takes what is asked about a draft, and for the decision log. */
export const IMPACT_PATH = '/policy/impact'
export const REPLAY_PATH = '/policy/replay'
export const EXPORT_PATH = '/policy/decisions/export'

/** Drafts, and the ids of as many decisions as are replayed at once. */
export const POLICY_BODY_LIMITS = {
  [IMPACT_PATH]: MAX_DRAFT,
  [REPLAY_PATH]: 2 * MAX_DRAFT,
} as const

type Asked = Pick<Policy, 'impact' | 'replayThese' | 'releases' | 'decisionLog'>

/** Whom a draft raises and lowers. @throws InvalidInput, PolicyRejected */
export async function orderImpact(policy: Asked, unverifiedBody: unknown): Promise<ImpactReply> {
  const { documents } = read(impactOrder, unverifiedBody)
  return toImpactReply(await policy.impact(changesOf(policy, documents)))
}

/** What a draft would have decided of decisions that were exported. @throws InvalidInput, PolicyRejected */
export async function orderReplay(
  policy: Asked,
  unverifiedBody: unknown,
): Promise<OperatorReplayReply> {
  const { documents, decisions } = read(replayOrder, unverifiedBody)
  const ids = [...new Set(decisions)]
  const { impact, notFound } = await policy.replayThese(changesOf(policy, documents), ids)
  return { ...toReplayReply(impact), notFound }
}

/** Decisions that fit, oldest first, read as they are taken. @throws InvalidInput */
export function orderExport(policy: Asked, unverifiedBody: unknown): AsyncIterable<DecisionView> {
  const asked = read(exportQuery, unverifiedBody)
  return viewsOf(policy.decisionLog.all(toSearch(asked)))
}

async function* viewsOf(
  decisions: ReturnType<Policy['decisionLog']['all']>,
): AsyncGenerator<DecisionView> {
  for await (const decision of decisions) yield toDecisionView(decision)
}

function changesOf({ releases }: Asked, documents: readonly PolicyDocument[]) {
  return changesOfFolders(releases.current().documents, documents)
}

function read<T extends TSchema>(schema: T, unverifiedBody: unknown): Static<T> {
  if (Value.Check(schema, unverifiedBody)) return unverifiedBody
  const at = Value.Errors(schema, unverifiedBody)[0]?.instancePath ?? ''
  throw new InvalidInput(`body${at}`, 'an order in the documented form')
}
