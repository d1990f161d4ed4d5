import { Command } from 'commander'
import { outliveReader } from './cli/closed-output.ts'
import type { StatusOptions, VerifyOptions } from './cli/pki/pki-commands.ts'
import { pkiIo } from './cli/pki/pki-io.ts'
import { addPolicyCommands } from './cli/policy-commands.ts'
import { EXIT, processIo } from './cli/policy-io.ts'
import { namedPolicyDir, readCardClient, readConfig, readPlaces } from './config.ts'
import { systemClock } from './kernel/clock.ts'
import { InvalidInput, ServiceError } from './kernel/errors.ts'
import { createLog } from './kernel/log.ts'
import { systemRandom } from './kernel/random.ts'

outliveReader(process.stdout)
outliveReader(process.stderr)
const io = processIo(systemClock, namedPolicyDir())

// Options that both commands on certificates have.
const AT = ['--at <time>', 'verification time, ISO 8601 (default: now)'] as const
const PROFILE = [
  '--profile <name>',
  'jpki: a certificate of a person, issued by a root; rfc5280: any; vectors: rfc5280 with what public test files need, not in production',
  'jpki',
] as const
const MAX_AGE = [
  '--max-age-days <days>',
  'oldest revocation data that is believed (default: as long as it says)',
] as const
const CASES = [
  '--cases <file>',
  'instead of everything else: one JSON object a line in, one a line out',
] as const

const program = new Command('watashi')
  .description('Trust-framework and assurance-level engine with persona wallet')
  .exitOverride()
  .showHelpAfterError()

program
  .command('serve')
  .description('start every role in this process, as `npm start` does')
  .option('--json', 'write the ready line as JSON')
  .action(async () => {
    await import('./main.ts')
  })

program
  .command('demo')
  .description(
    'play the whole story in this terminal with a software authenticator, and say why each decision was made',
  )
  .option('--json', 'one JSON object per step')
  .option('--lang <language>', 'ja or en', 'en')
  .action(async (options: { json?: boolean; lang: string }) => {
    // The other commands do without the whole product.
    const { runDemo } = await import('./cli/demo.ts')
    process.exitCode = await runDemo({ json: options.json === true, language: options.lang }, io)
  })

addPolicyCommands(program, io)

const pki = program.command('pki').description('verify certificates, their paths and status')
const collect = (one: string, others: readonly string[] = []): readonly string[] => [...others, one]
pki
  .command('verify')
  .description(
    'verify a certificate up to an anchor: format, path, validity, constraints, policies, revocation',
  )
  .argument('[certificate]', 'DER or PEM')
  .option('--anchors <file>', 'trusted certificates, DER or PEM; may be repeated', collect)
  .option('--intermediates <file>', 'in any order, none of them trusted; repeatable', collect)
  .option('--crls <file>', 'revocation lists, DER or PEM; repeatable', collect)
  .option('--ocsp <file>', 'OCSP responses, DER or PEM; repeatable', collect)
  .option(
    '--no-revocation',
    'do not look at revocation; without this a certificate that no list or answer speaks of is INDETERMINATE TRY_LATER',
  )
  .option('--policy <oid>', 'accept this policy; repeatable (default: any)', collect)
  .option('--explicit-policy', 'some accepted policy has to be valid along the path')
  .option('--inhibit-mapping', 'policies are not mapped')
  .option('--inhibit-any-policy', 'anyPolicy stands for no other policy')
  .option(...AT)
  .option(...PROFILE)
  .option(...MAX_AGE)
  .option('--json', 'the verdict as one JSON object')
  .option(...CASES)
  .action(async (certificate: string | undefined, options: VerifyOptions) => {
    const { pkiVerify } = await import('./cli/pki/pki-commands.ts')
    process.exitCode = await pkiVerify(
      certificate,
      options,
      pkiIo(systemClock, readPlaces().trustEnvironment),
    )
  })
pki
  .command('status')
  .description(
    'the status of a certificate by revocation lists or OCSP responses: GOOD, REVOKED or UNKNOWN',
  )
  .argument('[certificate]', 'DER or PEM')
  .option(
    '--issuer <file>',
    'trusted certificates of its issuer, under each of its keys; repeatable',
    collect,
  )
  .option('--crl <file>', 'revocation lists, DER or PEM; repeatable', collect)
  .option('--ocsp <file>', 'OCSP responses, DER or PEM; repeatable', collect)
  .option(...AT)
  .option(...PROFILE)
  .option(...MAX_AGE)
  .option('--json', 'the verdict as one JSON object')
  .option(...CASES)
  .action(async (certificate: string | undefined, options: StatusOptions) => {
    const { pkiStatus } = await import('./cli/pki/pki-commands.ts')
    process.exitCode = await pkiStatus(
      certificate,
      options,
      pkiIo(systemClock, readPlaces().trustEnvironment),
    )
  })

const parked = program
  .command('log')
  .description('the event log')
  .command('parked')
  .description('the keys that consumers have stopped at')
  .option('--json', 'one JSON object a line')
  .action(async (options: { json?: boolean }) => {
    const { listParked } = await import('./cli/parked-events.ts')
    process.exitCode = await listParked(readConfig(), options, io)
  })
parked
  .command('show')
  .description('the parked events of one key; --json: one object a line')
  .argument('<consumer>')
  .argument('<key>')
  .option('--payload', 'the payload too, in base64')
  .action(async (consumer: string, key: string, _options: object, command: Command) => {
    const { showParked } = await import('./cli/parked-events.ts')
    // `--json` belongs to the command above as well, which takes it first.
    const options = command.optsWithGlobals<{ json?: boolean; payload?: boolean }>()
    process.exitCode = await showParked(readConfig(), { consumer, key }, options, io)
  })
parked
  .command('replay')
  .description('apply the parked events of one key, after the cause was mended')
  .argument('<consumer>')
  .argument('<key>')
  .action(async (consumer: string, key: string) => {
    const { replayParked } = await import('./cli/mend-parked.ts')
    const config = readConfig()
    const log = createLog(config.logLevel, process.stderr)
    process.exitCode = await replayParked(config, { consumer, key }, log, io)
  })
parked
  .command('discard')
  .description('never apply the event that a key has stopped at; apply those behind it')
  .argument('<consumer>')
  .argument('<key>')
  .argument('<topic>')
  .argument('<offset>')
  .requiredOption('--reason <text>', 'why, for those who ask later')
  .action(
    async (
      consumer: string,
      key: string,
      topic: string,
      offset: string,
      { reason }: { reason: string },
    ) => {
      const { discardParked } = await import('./cli/mend-parked.ts')
      const config = readConfig()
      const log = createLog(config.logLevel, process.stderr)
      const order = { consumer, key, topic, offset, reason }
      process.exitCode = await discardParked(config, order, log, io)
    },
  )
parked
  .command('discarded')
  .description('the events that were discarded, and why; --json: one object a line')
  .action(async (_options: object, command: Command) => {
    const { listDiscarded } = await import('./cli/parked-events.ts')
    const options = command.optsWithGlobals<{ json?: boolean }>()
    process.exitCode = await listDiscarded(readConfig(), options, io)
  })

const anchors = program.command('anchors').description('the roots that cards are believed by')
anchors
  .command('import')
  .description(
    'take root certificates (DER or PEM) for the environment that `TRUST_ENVIRONMENT` names',
  )
  .argument('<file...>')
  .option(
    '--pin <kind:sha256...>',
    'jpki-test: what you know a root by, `signature:<SHA-256>` or `authentication:<SHA-256>`',
  )
  .option('--json', 'one JSON object a line')
  .action(async (files: string[], options: { pin?: string[]; json?: boolean }) => {
    const { importAnchors } = await import('./cli/anchors.ts')
    process.exitCode = importAnchors(readPlaces(), { ...options, files }, io)
  })
anchors
  .command('list')
  .description('the roots that were imported')
  .option('--json', 'one JSON object a line')
  .action(async (options: { json?: boolean }) => {
    const { listAnchors } = await import('./cli/anchors.ts')
    process.exitCode = listAnchors(readPlaces(), options, io)
  })

program
  .command('identity')
  .description('persons by their internal reference')
  .command('recheck')
  .description(
    'check the certificates of a person now, without the card, on the running product of this machine',
  )
  .argument('<subject_ref>')
  .option('--json', 'one JSON object')
  .action(async (subjectRef: string, options: { json?: boolean }) => {
    const { recheckIdentity } = await import('./cli/identity-recheck.ts')
    process.exitCode = await recheckIdentity(readConfig(), subjectRef, options, io)
  })

program
  .command('report')
  .description('reports for who runs the product')
  .command('cost')
  .description(
    'revocation checks of a month, by relying party and purpose, and those that were saved',
  )
  .requiredOption('--month <YYYY-MM>', 'in UTC')
  .option('--json', 'one JSON object a line')
  .action(async (options: { month: string; json?: boolean }) => {
    const { reportCost } = await import('./cli/cost-report.ts')
    process.exitCode = await reportCost(readConfig(), options, io)
  })

const card = program.command('card').description('the card on this machine')
card
  .command('agent')
  .description('show what a card is asked to sign, take the PIN, hand over the signature')
  .action(agent)
card
  .command('enrol')
  .description(
    'what the card page does, in this terminal: for enrolment and whatever else asks for the card',
  )
  .argument('[address]', 'of the card page, or its ticket')
  .option('--card <id>', 'the card to use, such as hanako-card')
  .action(enrol)
card
  .command('insert')
  .description(
    'put a simulated card into the virtual reader of vsmartcard (vpcd) until it is stopped',
  )
  .argument('<card>', 'such as hanako-card')
  .option('--reader <host:port>', 'where vpcd listens', '127.0.0.1:35963')
  .option('--latency <ms>', 'what each command takes, as on the contactless way', '0')
  .action(insert)

/** What both faces of the card client need. */
function cardConfig() {
  const { trustEnvironment: environment, ...config } = readCardClient()
  return { environment, ...config, random: systemRandom }
}

async function enrol(
  address: string | undefined,
  { card: id }: { readonly card?: string },
): Promise<void> {
  const { enrolWithCard } = await import('./cli/card-enrol.ts')
  const { openTerminal } = await import('./cli/terminal.ts')
  const terminal = await openTerminal(process.stdin, process.stdout)
  try {
    const request = {
      ...(address !== undefined && { address }),
      ...(id !== undefined && { card: id }),
    }
    process.exitCode = await enrolWithCard(cardConfig(), request, terminal)
  } finally {
    terminal.close()
  }
}

async function agent(): Promise<void> {
  const { runCardAgent } = await import('./cli/card-agent.ts')
  const { agentPort: port, logLevel, ...card } = cardConfig()
  const running = await runCardAgent({
    ...card,
    port,
    log: createLog(logLevel, process.stderr),
  })
  process.stdout.write(`READY card-agent ${running.origin}\n`)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    // Started by a parent over IPC: no parent, no agent.
    process.once('disconnect', () => resolve())
  })
  await running.close()
  // A listener for `disconnect` keeps the channel, and with it the process, alive.
  if (process.connected) process.disconnect()
}

async function insert(
  id: string,
  { reader, latency }: { readonly reader: string; readonly latency: string },
): Promise<void> {
  if (!/^\d{1,4}$/.test(latency)) throw new InvalidInput('--latency', 'milliseconds from 0 to 9999')
  const { insertSimulatedCard } = await import('./cli/card-insert.ts')
  const { trustEnvironment, dataDir } = readPlaces()
  const inserted = await insertSimulatedCard(
    {
      environment: trustEnvironment,
      dataDir,
      random: systemRandom,
      latencyMilliseconds: Number(latency),
    },
    id,
    readAddress(reader),
  )
  process.stdout.write(`READY card-insert ${id}\n`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => inserted.takeOut())
  await inserted.removed
}

function readAddress(text: string): { host: string; port: number } {
  const [, host, port] = /^([^:\s]+):([0-9]{1,5})$/.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535) {
    throw new InvalidInput('reader', 'a host and a port, such as 127.0.0.1:35963')
  }
  return { host, port: Number(port) }
}

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ServiceError) {
    io.complain(`watashi: ${error.message}`)
    return EXIT.badInput
  }
  // commander has said what was wrong, or shown the help that was asked for.
  if (error instanceof Error && 'exitCode' in error)
    return error.exitCode === 0 ? EXIT.holds : EXIT.badInput
  io.complain('watashi: internal fault')
  if (error instanceof Error) io.complain(error.stack ?? error.message)
  return EXIT.internalFault
}
