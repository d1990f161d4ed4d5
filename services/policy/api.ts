import { Type, type Static } from 'typebox'

// What the pages of policy authors send and get, `/api/policy/…`.

const closed = { additionalProperties: false }
const digest = Type.String({ pattern: '^[0-9a-f]{64}$' })
const note = Type.String({ minLength: 1, maxLength: 1000 })
const text = Type.Object({ ja: Type.String(), en: Type.String() })
/** `facts.yaml`, or a document of a framework such as `nist-63-4/identity.rules.yaml`. */
export const DOCUMENT_PATH = /^(facts\.yaml|[a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9.-]*\.yaml)$/
const path = Type.String({ pattern: DOCUMENT_PATH.source })

export const MAX_DOCUMENT_CHARACTERS = 256 * 1024

export const policyDocument = Type.Object(
  { path, text: Type.String({ maxLength: MAX_DOCUMENT_CHARACTERS }) },
  closed,
)
export type PolicyDocument = Static<typeof policyDocument>

/** Documents that differ from those in force; a text that is null takes a document away. */
export const documentChange = Type.Object(
  { path, text: Type.Union([Type.String({ maxLength: MAX_DOCUMENT_CHARACTERS }), Type.Null()]) },
  closed,
)
export type DocumentChange = Static<typeof documentChange>

/** A draft as a folder has it: each of its folders takes the place of the one of that name in force. */
const draftDocuments = Type.Array(policyDocument, { minItems: 1, maxItems: 500 })
const changes = Type.Array(documentChange, { minItems: 1, maxItems: 200 })

export const emptyBody = Type.Object({}, closed)
export const authorReply = Type.Object({
  role: Type.Union([Type.Literal('author'), Type.Literal('asked'), Type.Literal('none')]),
  /** By which the operator grants the role, while it is asked for. */
  code: Type.Union([Type.String(), Type.Null()]),
  /** Whether this login is strong enough to propose and to approve. */
  strongLogin: Type.Boolean(),
})
export type AuthorReply = Static<typeof authorReply>

const frameworkVersion = Type.Object({ framework: Type.String(), version: Type.String() })

/** What a proposal says of itself. `raises_nobody` is proved before it is published, or it is not. */
export const intent = Type.Union([Type.Literal('any'), Type.Literal('raises_nobody')])
export type Intent = Static<typeof intent>

/** Id of the key that signs every release after this one (RFC 7638 thumbprint); null while the key stays the same. */
const successor = Type.Union([Type.String({ maxLength: 100 }), Type.Null()])

const release = Type.Object({
  sequence: Type.Integer(),
  digest,
  /** Digest of the release before; null for the first. */
  previous: Type.Union([digest, Type.Null()]),
  /** By which decisions name what they were made with. */
  policyDigest: digest,
  publishedAt: Type.String(),
  author: Type.String(),
  approver: Type.String(),
  note: Type.String(),
  /** `raises_nobody` was proved of it before it was published. */
  intent,
  rolledBackTo: Type.Union([Type.Integer(), Type.Null()]),
  successor,
  versions: Type.Array(frameworkVersion),
  inForce: Type.Boolean(),
})
export type ReleaseView = Static<typeof release>

export const currentReply = Type.Object({
  /** Sequence of the release in force; 0 while the installed packs are. */
  sequence: Type.Integer(),
  policyDigest: digest,
  documents: Type.Array(policyDocument),
})
export type CurrentReply = Static<typeof currentReply>

export const releasesReply = Type.Object({ releases: Type.Array(release) })
export type ReleasesReply = Static<typeof releasesReply>
/** Part of a path, and so a text. */
export const releaseParams = Type.Object({
  sequence: Type.String({ pattern: '^[1-9][0-9]{0,8}$' }),
})
export const releaseReply = Type.Object({ release, documents: Type.Array(policyDocument) })
export type ReleaseReply = Static<typeof releaseReply>

const diagnostic = Type.Object({
  path: Type.String(),
  line: Type.Integer(),
  column: Type.Integer(),
  code: Type.String(),
  message: text,
  help: Type.Union([text, Type.Null()]),
})

const raisesNobodyFinding = Type.Object({
  verdict: Type.Union([
    Type.Literal('proved'),
    Type.Literal('refuted'),
    Type.Literal('not_proved'),
  ]),
  /** Made-up people who get more than before, by axis: with each, its answers before and after. */
  raised: Type.Array(
    Type.Object({
      framework: Type.String(),
      axis: Type.String(),
      before: Type.String(),
      after: Type.String(),
      at: Type.String(),
      label: text,
      /** In the form of `facts.schema.json`. */
      facts: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
  /** What was not compared, or not proved either way. */
  open: Type.Array(text),
  /** What the proof rests on. */
  assumptions: Type.Array(text),
})
export type RaisesNobodyFinding = Static<typeof raisesNobodyFinding>

/** What has to hold before a release; `passed` is false when one of them does not. */
export const gateReport = Type.Object({
  passed: Type.Boolean(),
  diagnostics: Type.Array(diagnostic),
  tests: Type.Object({
    passed: Type.Integer(),
    failed: Type.Array(Type.Object({ label: Type.String(), axis: Type.String(), miss: text })),
  }),
  /** What else is against it, such as a version that did not grow. */
  objections: Type.Array(text),
  /** Of a proposal that says so. */
  raisesNobody: Type.Optional(raisesNobodyFinding),
})
export type GateReport = Static<typeof gateReport>

/** Octets of a body with changes: a proposal may bring all packs anew. */
export const MAX_DRAFT = 8 * 1024 * 1024

export const draftBody = Type.Object({ changes }, closed)
export const checkBody = Type.Object({ changes, intent: Type.Optional(intent) }, closed)

/** How many went from which level to which on one axis. */
const axisMatrix = {
  framework: Type.String(),
  axis: Type.String(),
  title: text,
  /** Labels of rows (without the draft) and columns (with it), low to high, `indeterminate` last. */
  levels: Type.Array(Type.String()),
  matrix: Type.Array(Type.Array(Type.Integer())),
  raised: Type.Integer(),
  lowered: Type.Integer(),
}

export const impactReply = Type.Object({
  subjects: Type.Integer(),
  axes: Type.Array(
    /** Rows are persons now. */
    Type.Object(axisMatrix),
  ),
})
export type ImpactReply = Static<typeof impactReply>
export const liveImpactReply = Type.Union([
  /** Everybody is being read for the first time; so many have been. */
  Type.Object({ state: Type.Literal('reading'), subjects: Type.Integer() }),
  Type.Object({
    state: Type.Literal('counted'),
    /** False where there are more persons than were counted. */
    complete: Type.Boolean(),
    impact: impactReply,
  }),
])
export type LiveImpactReply = Static<typeof liveImpactReply>

/** About one axis of a framework as a draft has it; without changes, as it is in force. */
export const analysisBody = Type.Object(
  {
    changes: Type.Array(documentChange, { maxItems: 200 }),
    /** Folder of the framework. */
    pack: Type.String({ minLength: 1, maxLength: 100 }),
    axis: Type.String({ minLength: 1, maxLength: 100 }),
  },
  closed,
)
export type AnalysisBody = Static<typeof analysisBody>

const facts = Type.Record(Type.String(), Type.Unknown())
/** A person who shows what was found, with what the engine answers about them. */
const example = Type.Object({
  facts,
  /** The person before a step, where a step is shown. */
  before: Type.Union([facts, Type.Null()]),
  at: Type.String(),
  values: Type.Array(Type.String()),
  label: text,
})
export type ExampleView = Static<typeof example>
const shown = Type.Union([example, Type.Null()])
/** Why nothing was proved; null where all was. */
const unproved = Type.Union([text, Type.Null()])

export const findingsReply = Type.Object({
  axis: Type.String(),
  unproved,
  /** What was not proved on this axis. */
  open: Type.Array(text),
  /** What every proof rests on. */
  assumptions: Type.Array(text),
  findings: Type.Array(
    Type.Object({
      kind: Type.String(),
      /** Whether an author should mend it; else it is only worth knowing. */
      fault: Type.Boolean(),
      rule: Type.Union([Type.String(), Type.Null()]),
      text,
      example: shown,
    }),
  ),
})
export type FindingsReply = Static<typeof findingsReply>

/** How the answers of a draft stand to those in force. */
export const differenceReply = Type.Object({
  axis: Type.String(),
  change: Type.Union([
    Type.Literal('equivalent'),
    Type.Literal('only-lowers'),
    Type.Literal('only-raises'),
    Type.Literal('mixed'),
    Type.Literal('differs'),
    Type.Literal('open'),
  ]),
  unproved,
  raised: shown,
  lowered: shown,
})
export type DifferenceReply = Static<typeof differenceReply>

export const proposeBody = Type.Object(
  { basePolicyDigest: digest, changes, note, intent: Type.Optional(intent) },
  closed,
)
export type ProposeBody = Static<typeof proposeBody>
export const rollBackBody = Type.Object(
  { sequence: Type.Integer({ minimum: 1 }), note, intent: Type.Optional(intent) },
  closed,
)
export const proposalParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })
export const refuseBody = Type.Object({ reason: note }, closed)
/** The digest of what was looked at: another one is refused. */
export const approveBody = Type.Object({ contentDigest: digest }, closed)

const proposal = Type.Object({
  id: Type.String(),
  state: Type.Union([
    Type.Literal('open'),
    Type.Literal('published'),
    Type.Literal('withdrawn'),
    Type.Literal('refused'),
  ]),
  author: Type.String(),
  /** Whoever proposed it cannot approve it. */
  own: Type.Boolean(),
  note: Type.String(),
  /** Why another author refused it. */
  refusal: Type.Union([Type.String(), Type.Null()]),
  intent,
  at: Type.String(),
  rolledBackTo: Type.Union([Type.Integer(), Type.Null()]),
  successor,
  basePolicyDigest: digest,
  contentDigest: digest,
  /** Whether what it changes is still in force. */
  current: Type.Boolean(),
  report: gateReport,
  changes: Type.Array(documentChange),
})
export type ProposalView = Static<typeof proposal>
export const proposalReply = Type.Object({ proposal })
export const proposalsReply = Type.Object({ proposals: Type.Array(proposal) })
export const publishedReply = Type.Object({ release })

/** A change of level, or what an answer to a relying party was given for. */
const occasion = Type.Union([
  Type.Literal('change'),
  Type.Literal('check'),
  Type.Literal('explain'),
  Type.Literal('login'),
  Type.Literal('release'),
  Type.Literal('signature'),
])

/** One occasion, or everything that a relying party was answered. */
const askedOccasion = Type.Union([occasion, Type.Literal('answer')])

const name = Type.String({ minLength: 1, maxLength: 100 })
/** Everything that is given has to fit. */
const decisionRange = {
  subject: Type.Optional(name),
  framework: Type.Optional(name),
  axis: Type.Optional(name),
  occasion: Type.Optional(askedOccasion),
  /** Of one answer. */
  questionId: Type.Optional(name),
  relyingParty: Type.Optional(name),
  /** Whether an answer was enough for what was asked; part of an address, and so a word. */
  satisfied: Type.Optional(Type.Union([Type.Literal('yes'), Type.Literal('no')])),
  /** That fired. */
  rule: Type.Optional(name),
  from: Type.Optional(Type.String({ format: 'date-time' })),
  until: Type.Optional(Type.String({ format: 'date-time' })),
}
export const exportQuery = Type.Object(decisionRange, closed)
export type ExportQuery = Static<typeof exportQuery>

export const decisionsQuery = Type.Object(
  {
    ...decisionRange,
    /** `next` of the page before. */
    after: Type.Optional(name),
  },
  closed,
)
export type DecisionsQuery = Static<typeof decisionsQuery>

const decision = Type.Object({
  id: Type.String(),
  subject: Type.String(),
  framework: Type.String(),
  axis: Type.String(),
  level: Type.String(),
  firedRules: Type.Array(Type.String()),
  validUntil: Type.Union([Type.String(), Type.Null()]),
  policyDigest: digest,
  factsDigest: digest,
  decidedAt: Type.String(),
  occasion,
  /** The same in all rows of one answer. */
  questionId: Type.Union([Type.String(), Type.Null()]),
  relyingParty: Type.Union([Type.String(), Type.Null()]),
  requested: Type.Union([Type.String(), Type.Null()]),
  satisfied: Type.Union([Type.Boolean(), Type.Null()]),
})
export type DecisionView = Static<typeof decision>
/** Newest first, at most 100. */
export const decisionsReply = Type.Object({
  decisions: Type.Array(decision),
  /** Where the log goes on, though nothing more may fit there; null at its end. */
  next: Type.Union([Type.String(), Type.Null()]),
})
export type DecisionsReply = Static<typeof decisionsReply>
export const decisionParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) })

const reason = Type.Object({ rule: Type.String(), title: text, clauses: Type.Array(Type.String()) })
export const explanationReply = Type.Object({
  decision,
  /** Evaluated again with the policy and the facts of then; why not, where that cannot be. */
  replay: Type.Union([
    Type.Object({ outcome: Type.Literal('same') }),
    Type.Object({ outcome: Type.Literal('differs'), level: Type.String() }),
    Type.Object({
      outcome: Type.Literal('not_replayable'),
      lacking: Type.Union([Type.Literal('policy'), Type.Literal('facts')]),
    }),
  ]),
  /** Rules that decided; empty where it cannot be replayed. */
  why: Type.Array(reason),
  /** Rules that would have given more, the least effort first, with what they lacked. */
  whyNot: Type.Array(
    Type.Object({
      rule: Type.String(),
      title: text,
      clauses: Type.Array(Type.String()),
      to: Type.String(),
      missing: Type.Union([text, Type.Null()]),
    }),
  ),
  /** What was known of the person then, as the rules read it; null where it cannot be replayed. */
  facts: Type.Union([Type.Unknown(), Type.Null()]),
})
export type ExplanationReply = Static<typeof explanationReply>

/** The log under a draft. */
export const replayBody = Type.Object({ changes, ...decisionRange }, closed)
/** What the operator asks about a draft: whom it raises and lowers, or what it would have decided of these decisions. */
export const MAX_DECISIONS_ASKED = 200_000
export const impactOrder = Type.Object({ documents: draftDocuments }, closed)
export const replayOrder = Type.Object(
  {
    documents: draftDocuments,
    decisions: Type.Array(Type.String({ minLength: 1, maxLength: 40 }), {
      minItems: 1,
      maxItems: MAX_DECISIONS_ASKED,
    }),
  },
  closed,
)
export type OperatorReplayReply = ReplayReply & {
  /** Decisions that are not in the log, or not any more. */
  readonly notFound: number
}

export const replayReply = Type.Object({
  /** That fit. */
  decisions: Type.Integer(),
  changed: Type.Integer(),
  /** Answers that would have been enough and were not, and the other way round. */
  newlySatisfied: Type.Integer(),
  noLongerSatisfied: Type.Integer(),
  /** What was known then is not there any more: nothing is guessed of these. */
  notReplayable: Type.Integer(),
  /** On axes that the draft does not answer. */
  notAnswered: Type.Integer(),
  axes: Type.Array(
    Type.Object({
      /** Rows are decisions of then. */
      ...axisMatrix,
      /** A few decisions of each change. */
      examples: Type.Array(
        Type.Object({ id: Type.String(), from: Type.String(), to: Type.String() }),
      ),
    }),
  ),
})
export type ReplayReply = Static<typeof replayReply>

/** People made up for authors (`sample-people.json` beside the packs), with facts as `facts.schema.json` has them. */
export const samplesReply = Type.Object({
  people: Type.Array(
    Type.Object({
      id: Type.String(),
      title: text,
      facts: Type.Record(Type.String(), Type.Unknown()),
    }),
  ),
})
export type SamplesReply = Static<typeof samplesReply>
