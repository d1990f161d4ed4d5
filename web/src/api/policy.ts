import type {
  AnalysisBody,
  AuthorReply,
  CurrentReply,
  DecisionsQuery,
  DecisionsReply,
  DecisionView,
  DifferenceReply,
  DocumentChange,
  ExampleView,
  ExplanationReply,
  ExportQuery,
  FindingsReply,
  GateReport,
  ImpactReply,
  LiveImpactReply,
  Intent,
  ProposalView,
  ProposeBody,
  ReleaseReply,
  ReleasesReply,
  ReleaseView,
  ReplayReply,
  SamplesReply,
} from '../../../services/policy/api.ts'
import { call, segment } from './client.ts'

export type Author = AuthorReply
export type Current = CurrentReply
export type Impact = ImpactReply
export type ImpactAxis = ImpactReply['axes'][number]
export type Proposal = ProposalView
export type Release = ReleaseView
export type SamplePerson = SamplesReply['people'][number]
export type Decision = DecisionView
export type Decisions = DecisionsReply
export type DecisionRange = ExportQuery
export type LogImpact = ReplayReply
export type Explanation = ExplanationReply
export type AxisFindings = FindingsReply
export type Finding = FindingsReply['findings'][number]
export type AxisDifference = DifferenceReply
export type ExamplePerson = ExampleView
export type { DocumentChange, GateReport }

const BASE = '/api/policy'
/** Milliseconds for what proves, tests or counts: as long as the server may work at it. */
const LONG = 120_000

export function author(): Promise<Author> {
  return call('GET', `${BASE}/author`)
}

/** Asks for the role; the operator grants it by the code of the answer. */
export function askForRole(): Promise<Author> {
  return call('POST', `${BASE}/author`, {})
}

export function current(): Promise<Current> {
  return call('GET', `${BASE}/current`)
}

export async function samples(): Promise<readonly SamplePerson[]> {
  const { people } = await call<SamplesReply>('GET', `${BASE}/samples`)
  return people
}

export function check(
  changes: readonly DocumentChange[],
  intent: Intent = 'any',
): Promise<GateReport> {
  return call('POST', `${BASE}/check`, { changes, intent }, { patience: LONG })
}

export function impact(changes: readonly DocumentChange[]): Promise<Impact> {
  return call('POST', `${BASE}/impact`, { changes }, { patience: LONG })
}

/** The same out of what the server holds, as fast as an author types. */
export function liveImpact(
  changes: readonly DocumentChange[],
  left: AbortSignal,
): Promise<LiveImpactReply> {
  return call('POST', `${BASE}/impact/live`, { changes }, { left })
}

/** What the analysis finds on one axis of a draft. */
export function findings(about: AnalysisBody, left: AbortSignal): Promise<AxisFindings> {
  return call('POST', `${BASE}/analysis/findings`, about, { left, patience: LONG })
}

/** How one axis of a draft stands to the same axis in force. */
export function difference(about: AnalysisBody, left: AbortSignal): Promise<AxisDifference> {
  return call('POST', `${BASE}/analysis/difference`, about, { left, patience: LONG })
}

export async function proposals(): Promise<readonly Proposal[]> {
  const answer = await call<{ readonly proposals: Proposal[] }>('GET', `${BASE}/proposals`)
  return answer.proposals
}

export function propose(body: ProposeBody): Promise<{ readonly proposal: Proposal }> {
  return call('POST', `${BASE}/proposals`, body, { patience: LONG })
}

/** `contentDigest` is that of what was looked at: the approval of anything else is refused. */
export function approve(id: string, contentDigest: string): Promise<{ readonly release: Release }> {
  return call(
    'POST',
    `${BASE}/proposals/${segment(id)}/approve`,
    { contentDigest },
    { patience: LONG },
  )
}

export function refuseProposal(id: string, reason: string): Promise<object> {
  return call('POST', `${BASE}/proposals/${segment(id)}/refuse`, { reason })
}

export function withdraw(id: string): Promise<object> {
  return call('POST', `${BASE}/proposals/${segment(id)}/withdraw`, {})
}

/** Newest first. */
export async function releases(): Promise<readonly Release[]> {
  const answer = await call<ReleasesReply>('GET', `${BASE}/releases`)
  return [...answer.releases].sort((a, b) => b.sequence - a.sequence)
}

/** The documents of one release, by path. */
export async function releaseDocuments(sequence: number): Promise<ReadonlyMap<string, string>> {
  const { documents } = await call<ReleaseReply>('GET', `${BASE}/releases/${sequence}`)
  return new Map(documents.map(({ path, text }) => [path, text]))
}

/** Proposes what an earlier release said; a second person approves it like anything else. */
export function rollBack(sequence: number, note: string): Promise<{ readonly proposal: Proposal }> {
  return call('POST', `${BASE}/rollback`, { sequence, note }, { patience: LONG })
}

export function decisions(query: DecisionsQuery): Promise<Decisions> {
  return call('GET', `${BASE}/decisions${queryText(query)}`)
}

/** Where the browser fetches all decisions of a range, one a line. */
export function exportAddress(range: DecisionRange): string {
  return `${BASE}/decisions/export${queryText(range)}`
}

/** What a draft would have decided of a part of the log. */
export function replayLog(
  changes: readonly DocumentChange[],
  range: DecisionRange,
): Promise<LogImpact> {
  return call('POST', `${BASE}/decisions/replay`, { changes, ...range }, { patience: LONG })
}

function queryText(query: DecisionsQuery): string {
  const text = new URLSearchParams(query).toString()
  return text === '' ? '' : `?${text}`
}

export function explainDecision(id: string): Promise<Explanation> {
  return call('GET', `${BASE}/decisions/${segment(id)}`)
}
