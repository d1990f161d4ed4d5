import { constantTimeEqual, utf8 } from '../../kernel/bytes.ts'
import { sha256 } from '../../kernel/digest.ts'
import { Conflict } from '../../kernel/errors.ts'
import type { Person } from './person.ts'
import { remedyName, type ExplainResponse, type RelyingParty } from './relying-party-grpc.ts'

/** One step of the story, told. */
export interface Told {
  readonly step: string
  readonly title: { readonly ja: string; readonly en: string }
  /** What came out, as names and values that can be read by a script. */
  readonly outcome: Readonly<Record<string, unknown>>
  /** Why, in the packs' own words; empty where nothing was decided. */
  readonly why: readonly string[]
}

export interface Cast {
  readonly person: Person
  readonly library: RelyingParty
  readonly liquor: RelyingParty
  readonly bank: RelyingParty
  /** Where each service wants the browser back. */
  readonly returnUris: { readonly library: string; readonly liquor: string; readonly bank: string }
  /** The card of the person, and its PIN. */
  readonly cardId: string
  readonly pin: string
  /** Ends the card's signature certificate as its issuer would. */
  readonly endCertificate: () => Promise<void>
  readonly language: 'ja' | 'en'
}

/**
 * The whole story: enrol with the card, log in without it, prove an age, open an account, read the ledger, lose the certificate,
 * and the services are told. Every step is checked; one that does not come out as it must throws `Conflict`.
 */
export async function* tellStory(cast: Cast): AsyncGenerator<Told> {
  const { person, library, liquor, bank, language } = cast

  await person.enrol(cast.cardId, cast.pin)
  await person.logIn()
  const overview = await person.untilProofed()
  yield told(
    'enrol',
    '登録：カードの署名でパスキーをひも付けました',
    'Enrolled: the card signed for the passkey',
    {
      levels: overview.levels.map(({ framework, axis, level }) => ({ framework, axis, level })),
      personas: overview.personas.map(({ kind }) => kind),
    },
  )

  const login = library.authenticate(undefined, cast.returnUris.library)
  const atLibrary = await person.agree((await login.started).interactionUrl, 'priv')
  const reader = await login.ended
  mustMatch(atLibrary, reader.codeSha256)
  yield told(
    'library',
    '図書館：カードなしでログインしました',
    'Library: logged in without the card',
    {
      pairwiseSubject: reader.pairwiseSubject,
      levels: plain(reader.levels),
    },
    reasons(await library.explain(reader.pairwiseSubject, language)),
  )

  const age = await liquor.requestRelease(
    'age-check',
    [{ name: 'age_over_20', essential: true }],
    cast.returnUris.liquor,
  )
  const ageEnded = liquor.awaitRelease(age.requestId)
  const atShop = await person.agree(age.interactionUrl, 'priv')
  const shown = await ageEnded
  mustMatch(atShop, shown.codeSha256)
  yield told(
    'liquor',
    '酒店：20歳以上であることだけを伝えました',
    'Liquor shop: was told that the person is over 20, and no more',
    {
      pairwiseSubject: shown.pairwiseSubject,
      claims: claimsOf(shown.claims),
      levels: plain(shown.levels),
    },
    reasons(await liquor.explain(shown.pairwiseSubject, language)),
  )

  const four = ['name', 'address', 'birthdate', 'gender'].map((name) => ({ name, essential: true }))
  const account = await bank.requestRelease('account-opening', four, cast.returnUris.bank)
  const accountEnded = bank.awaitRelease(account.requestId)
  const atBank = await person.agree(account.interactionUrl, 'gov')
  const opened = await accountEnded
  mustMatch(atBank, opened.codeSha256)
  if (new Set([reader.pairwiseSubject, shown.pairwiseSubject, opened.pairwiseSubject]).size !== 3) {
    throw new Conflict('two services were given the same pseudonym')
  }
  yield told(
    'bank',
    '銀行：同意した4情報を受け取りました',
    'Bank: received the four attributes that were agreed to',
    {
      pairwiseSubject: opened.pairwiseSubject,
      claims: opened.claims.map(({ name }) => name),
      levels: plain(opened.levels),
    },
    reasons(await bank.explain(opened.pairwiseSubject, language)),
  )

  const { entries, intact } = await person.ledger()
  yield told(
    'ledger',
    '履歴：だれに何を渡したかを本人が読めます',
    'Ledger: the person reads who was given what',
    {
      intact,
      entries: entries.map(({ rp, claims, status }) => ({
        rp: rp.rpId,
        claims: claims.map(({ name }) => name),
        status,
      })),
    },
  )

  const watch = bank.watch()
  await watch.following
  await cast.endCertificate()
  const fallen = await watch.lowered
  watch.stop()
  yield told(
    'fall',
    '失効：銀行にレベルの低下が届きました',
    'The certificate ended: the bank was told that the level fell',
    {
      pairwiseSubject: fallen.pairwiseSubject,
      level:
        fallen.level === undefined
          ? ''
          : `${fallen.level.framework} ${fallen.level.axis} ${fallen.level.level}`,
      before: fallen.previousLevel,
    },
  )

  const check = await bank.check(opened.pairwiseSubject)
  if (check.satisfied) throw new Conflict('the level fell, and the check still holds')
  yield told(
    'check',
    '確認：銀行の最低水準を満たさなくなりました',
    'Check: the bank’s minimum is no longer met',
    {
      satisfied: check.satisfied,
      shortfalls: check.shortfalls.map(({ axis, have, need, remedy }) => ({
        axis,
        have,
        need,
        remedy: remedyName(remedy),
      })),
    },
    reasons(await bank.explain(opened.pairwiseSubject, language)),
  )
}

function told(
  step: string,
  ja: string,
  en: string,
  outcome: Record<string, unknown>,
  why: readonly string[] = [],
): Told {
  return { step, title: { ja, en }, outcome, why }
}

function plain(levels: readonly { framework: string; axis: string; level: string }[]): string[] {
  return levels.map(({ framework, axis, level }) => `${framework} ${axis} ${level}`)
}

/** Values of claims are shown to the terminal of who plays the person, as the service would see them. */
function claimsOf(
  claims: readonly {
    name: string
    value?: { $case: string; text?: string; truth?: boolean } | undefined
  }[],
): Record<string, unknown> {
  return Object.fromEntries(claims.map(({ name, value }) => [name, value?.truth ?? value?.text]))
}

function reasons({ explanations }: ExplainResponse): string[] {
  return explanations.flatMap(({ level, reasons: words, clauses }) =>
    words.map(
      (word) =>
        `${level?.axis ?? ''} ${level?.level ?? ''}: ${word}${clauses.length > 0 ? ` [${clauses.join('; ')}]` : ''}`,
    ),
  )
}

/** What the service itself does: it accepts only the browser that brings the code whose digest it was told. */
function mustMatch(returnUrl: string, codeSha256: Uint8Array): void {
  const code = new URL(returnUrl).searchParams.get('code') ?? ''
  if (!constantTimeEqual(sha256(utf8(code)), codeSha256))
    throw new Conflict('the browser brought another code')
}
