import type { Command } from 'commander'
import { readConfig } from '../config.ts'
import { policyAnalyze, policyDiff } from './policy-analyze.ts'
import { policyCases } from './policy-cases.ts'
import { policyCheck } from './policy-check.ts'
import { policyExplain } from './policy-explain.ts'
import type { ExportOptions } from './policy-decisions.ts'
import type { PolicyIo } from './policy-io.ts'
import { policyScore } from './policy-score.ts'
import { policyTest } from './policy-test.ts'

const POLICIES = [
  '--policies <dir>',
  'folder of the packs; else the one that the case file is in, `POLICY_DIR`, or `policies`',
] as const

/** `watashi policy …`: what authors do with packs, and what the operator asks the running product about them. */
export function addPolicyCommands(program: Command, io: PolicyIo): void {
  const policy = program
    .command('policy')
    .description('check, test, score and explain trust-framework rules')
  policy
    .command('check')
    .description('every fault of packs, of one pack or of one document, at its place')
    .argument('<path>')
    .option('--lang <language>', 'ja or en', 'en')
    .option('--json', 'one JSON object a line, in both languages')
    .option(...POLICIES)
    .allowUnknownOption()
    .action((_path: string, _options: object, command: Command) => {
      process.exitCode = policyCheck(rawArguments(command), io)
    })
  policy
    .command('test')
    .description('run *.test.yaml and *.jsonl case files')
    .argument('<file...>')
    .option('--framework <id...>', 'only cases of these frameworks')
    .option('--coverage', 'also what the cases show of each condition')
    .option('--mutation', 'also which small faults of the packs no case would notice')
    .option('--json', 'one JSON object a line')
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

  policy
    .command('explain')
    .description('why facts have their level, why not more, until when, and what would raise it')
    .option('--facts <file>', 'facts as JSON, or one row of a case file')
    .option('--framework <id>', 'such as nist-800-63A-4')
    .option('--axis <name>', 'such as IAL')
    .option('--to <level>', 'find the least that would raise it to this level')
    .option('--at <time>', 'an instant, or a day in the zone of the framework (default: now)')
    .option('--masked', 'what a relying party may be told')
    .option('--lang <language>', 'ja or en', 'en')
    .option('--json', 'one JSON object')
    .option(...POLICIES)
    .allowUnknownOption()
    .action((_options: object, command: Command) => {
      process.exitCode = policyExplain(rawArguments(command), io)
    })
  policy
    .command('authors')
    .description('who edits policies or asked to, on the running product of this machine')
    .argument('[step]', '`add` or `remove`; absent: list')
    .argument('[code]', 'the code that the page shows to whoever asked')
    .option('--json', 'one JSON object')
    .action(
      async (step: string | undefined, code: string | undefined, options: { json?: boolean }) => {
        const { policyAuthors } = await import('./policy-authors.ts')
        process.exitCode = await policyAuthors(readConfig(), [step, code], options, io)
      },
    )

  policy
    .command('key')
    .description('keys that sign releases, on the running product of this machine')
    .argument('[step]', '`rotate`: make the key that the next proposal hands over to; absent: list')
    .option('--json', 'one JSON object')
    .action(async (step: string | undefined, options: { json?: boolean }) => {
      const { policyKey } = await import('./policy-key.ts')
      process.exitCode = await policyKey(readConfig(), step, options, io)
    })

  policy
    .command('impact')
    .description(
      'how many persons a draft raises and lowers, on the running product of this machine; nothing is changed',
    )
    .argument('<draft>', 'folder of a pack, or of packs; each takes the place of the one in force')
    .option('--log <file>', 'instead, what it would have decided of these exported decisions')
    .option('--json', 'one JSON object')
    .action(async (draft: string, options: { log?: string; json?: boolean }) => {
      const { policyImpact } = await import('./policy-impact.ts')
      process.exitCode = await policyImpact(readConfig(), draft, options, io)
    })
  policy
    .command('decisions')
    .description('the decision log of the running product of this machine')
    .command('export')
    .description(
      'decisions, oldest first, one JSON object a line; everything that is given has to fit',
    )
    .option('--from <time>', 'ISO 8601')
    .option('--to <time>', 'the first instant that is not asked for')
    .option('--framework <id>', 'such as meti-idtf-2016')
    .option('--axis <name>', 'such as proofing')
    .option(
      '--occasion <name>',
      'change, check, explain, login, release, signature; answer: all but change',
    )
    .option('--answer <id>', 'the `questionId` of one answer: all of its decisions')
    .option('--relying-party <id>', 'who was answered')
    .option('--satisfied <yes or no>', 'whether it was enough for what was asked')
    .option('--rule <id>', 'that fired')
    .option('--subject <reference>', 'one person')
    .action(async (options: ExportOptions) => {
      const { exportDecisions } = await import('./policy-decisions.ts')
      process.exitCode = await exportDecisions(readConfig(), options, io)
    })

  policy
    .command('cases')
    .description('cases near to those of test files that show what they do not')
    .argument('<file...>')
    .option('--framework <id...>', 'only cases of these frameworks')
    .option('--limit <n>', 'most questions that are tried')
    .option('--json', 'one JSON object a line')
    .option(...POLICIES)
    .allowUnknownOption()
    .action((_files: string[], _options: object, command: Command) => {
      process.exitCode = policyCases(rawArguments(command), io)
    })
  policy
    .command('analyze')
    .description(
      'find rules and levels that cannot happen or change nothing, each with a person who shows it',
    )
    .argument('<pack>', 'name or folder of a pack')
    .option('--axis <name...>', 'only these axes')
    .option('--json', 'one JSON object')
    .option(...POLICIES)
    .allowUnknownOption()
    .action((_pack: string, _options: object, command: Command) => {
      process.exitCode = policyAnalyze(rawArguments(command), io)
    })
  policy
    .command('diff')
    .description('say whom a new version of a pack raises or lowers, axis by axis')
    .argument('<old>', 'name or folder of a pack')
    .argument('<new>', 'name or folder of a pack')
    .option('--json', 'one JSON object')
    .option(...POLICIES)
    .allowUnknownOption()
    .action((_old: string, _new: string, _options: object, command: Command) => {
      process.exitCode = policyDiff(rawArguments(command), io)
    })
}

/** The words after the command's name, as they were typed: the command reads its own options. */
function rawArguments(command: Command): string[] {
  const words = process.argv.slice(2)
  return words.slice(words.indexOf(command.name()) + 1)
}
