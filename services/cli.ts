import { Command } from 'commander'
import { outliveReader } from './cli/closed-output.ts'
import { EXIT, processIo } from './cli/policy-io.ts'
import { policyScore } from './cli/policy-score.ts'
import { policyTest } from './cli/policy-test.ts'
import { namedPolicyDir, readConfig, readPlaces } from './config.ts'
import { systemClock } from './kernel/clock.ts'
import { ServiceError } from './kernel/errors.ts'
import { createLog } from './kernel/log.ts'

outliveReader(process.stdout)
outliveReader(process.stderr)
const io = processIo(systemClock, namedPolicyDir())

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

const POLICIES = [
  '--policies <dir>',
  'folder of the packs; else the one that the case file is in, `POLICY_DIR`, or `policies`',
] as const

const policy = program.command('policy').description('test and score trust-framework rules')
policy
  .command('test')
  .description('run *.test.yaml and *.jsonl case files')
  .argument('<file...>')
  .option('--framework <id...>', 'only cases of these frameworks')
  .option(...POLICIES)
  .allowUnknownOption()
  .action((_files: string[], _options: object, command: Command) => {
    process.exitCode = policyTest(rawArguments(command), io)
  })
policy
  .command('score')
  .description('score each row of a case file')
  .argument('<file>')
  .option('--json', 'one JSON object a line')
  .option(...POLICIES)
  .allowUnknownOption()
  .action((_file: string, _options: object, command: Command) => {
    process.exitCode = policyScore(rawArguments(command), io)
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

program
  .command('card')
  .description('the card on this machine')
  .command('agent')
  .description('show what a card is asked to sign, take the PIN, hand over the signature')
  .action(agent)

/** The words after the command's name, as they were typed: the command reads its own options. */
function rawArguments(command: Command): string[] {
  const words = process.argv.slice(2)
  return words.slice(words.indexOf(command.name()) + 1)
}

async function agent(): Promise<void> {
  const { runCardAgent } = await import('./cli/card-agent.ts')
  const config = readConfig()
  const running = await runCardAgent({
    environment: config.trustEnvironment,
    issuer: config.issuer ?? `http://localhost:${config.ports.http}`,
    port: config.ports.agent,
    dataDir: config.dataDir,
    log: createLog(config.logLevel, process.stderr),
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
