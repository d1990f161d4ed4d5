// The program that `crash.test.ts` kills: commands, relay and consumer over one SQLite file.
//   node crash-program.ts FILE FAILPOINT NTH KEY_FILE
// Recovers, prints `settled`, and after a line on standard input issues commands, printing `ack <command> <key> <n>` when
// each is acknowledged, until the NTH time that FAILPOINT is passed, where it kills itself. FAILPOINT `none`: stops at once.
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeSync } from 'node:fs'
import { eq, sql } from 'drizzle-orm'
import { sequence, table, text, whole } from '../../services/database/columns-sqlite.ts'
import type { Database } from '../../services/database/database.ts'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openSqlite } from '../../services/database/open-sqlite.ts'
import type { Tx } from '../../services/database/unit-of-work.ts'
import { ConsumerStore } from '../../services/eventlog/consumer-store.ts'
import { createEventSigner, createEventTrust } from '../../services/eventlog/event-trust.ts'
import { OutboxStore } from '../../services/eventlog/outbox-store.ts'
import { Relay } from '../../services/eventlog/relay.ts'
import { runConsumer } from '../../services/eventlog/run-consumer.ts'
import { untilSettled } from '../../services/eventlog/settle.ts'
import { createPublisher } from '../../services/eventlog/signing-publisher.ts'
import { SqliteEventLog } from '../../services/eventlog/sqlite-event-log.ts'
import { ensureTopics } from '../../services/eventlog/topics.ts'
import { utf8 } from '../../services/kernel/bytes.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { TOPICS } from '../../services/kernel/event.ts'
import { createLog } from '../../services/kernel/log.ts'
import { systemRandom } from '../../services/kernel/random.ts'

const COMMANDS = 400
const WRITERS = 4
const KEYS = 5

const account = table('crash_account', { key: text('key').primaryKey(), n: whole('n').notNull() })
const done = table('crash_done', {
  command: text('command').primaryKey(),
  key: text('key').notNull(),
  n: whole('n').notNull(),
})
const effect = table('crash_effect', {
  seq: sequence('seq'),
  key: text('key').notNull(),
  n: whole('n').notNull(),
})
const TABLES = [
  'create table if not exists crash_account (key text primary key, n integer not null)',
  'create table if not exists crash_done (command text primary key, key text not null, n integer not null)',
  'create table if not exists crash_effect (seq integer primary key autoincrement, key text not null, n integer not null)',
]

const [file = '', target = '', nth = '1', keyFile = ''] = process.argv.slice(2)
let armed = target.startsWith('migrate.')
let passed = 0
function failpoint(name: string): void {
  if (!armed || name !== target) return
  passed += 1
  if (passed === Number(nth)) process.kill(process.pid, 'SIGKILL')
}

/** Synchronous, so that an acknowledgement is out before anything else happens. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}

let commandInGroup = false
const database = openSqlite({
  file,
  onCommitted: () => {
    if (commandInGroup) failpoint('c.after_commit')
    commandInGroup = false
  },
})
const breakable: Database = {
  dialect: database.dialect,
  run: (work) => database.run(work),
  read: (query) => database.read(query),
  tryLock: (name) => database.tryLock(name),
  close: () => database.close(),
  exclusive: (work) =>
    database.exclusive(async (tx) => {
      const value = await work(tx)
      failpoint('migrate.before_commit')
      return value
    }),
}
await migrate(breakable, [migrationsOf('eventlog')])
await database.run(async (tx) => {
  for (const statement of TABLES) await tx.run(sql.raw(statement))
})

const privateKey = createPrivateKey(readFileSync(keyFile, 'utf8'))
const publicKey = createPublicKey(privateKey)
const type = 'watashi.identity.v1.IdentityProofed'
const log = createLog('warn')
const eventLog = new SqliteEventLog({
  database,
  clock: systemClock,
  gap: () => {
    failpoint('r.append_before_commit')
    return 0
  },
})
await ensureTopics(eventLog)
const outbox = new OutboxStore(database)
const relay = new Relay({
  database,
  outbox,
  eventLog,
  log,
  onStep: (step) => failpoint(`r.${step}`),
})
const publisher = createPublisher({
  service: 'proofing',
  environment: 'simulator',
  signer: createEventSigner(privateKey, publicKey),
  outbox,
  clock: systemClock,
  random: systemRandom,
  onPublished: () => relay.wake(),
})
const consumer = runConsumer(
  {
    name: 'crash.projection',
    topics: [TOPICS.subject],
    apply: async (tx, { key, value }) => {
      await tx.insert(effect).values({ key, n: Number(Buffer.from(value).toString()) })
      failpoint('k.mid')
    },
  },
  {
    eventLog,
    database,
    store: new ConsumerStore(database),
    outbox,
    trust: createEventTrust([{ publicKey, service: 'proofing', types: [type] }]),
    environment: 'simulator',
    clock: systemClock,
    random: systemRandom,
    log,
    onPublished: () => relay.wake(),
    onStep: (step) => failpoint(`k.${step}`),
  },
)

async function perform(tx: Tx, command: string, key: string): Promise<number> {
  const [before] = await tx.select().from(account).where(eq(account.key, key))
  const n = (before?.n ?? 0) + 1
  await tx
    .insert(account)
    .values({ key, n })
    .onConflictDoUpdate({ target: account.key, set: { n } })
  await tx.insert(done).values({ command, key, n })
  failpoint('c.mid')
  await publisher.publish(tx, {
    topic: TOPICS.subject,
    key,
    type,
    value: utf8(String(n)),
    occurredAt: systemClock.now(),
  })
  failpoint('c.before_commit')
  commandInGroup = true
  return n
}

await untilSettled({ relay, eventLog, consumers: [consumer], topics: [TOPICS.subject] })
say('settled')
if (target !== 'none') {
  await once(process.stdin, 'data')
  armed = true
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let i = 0; i < COMMANDS / WRITERS; i += 1) {
      const command = crypto.randomUUID()
      const key = `key-${(i * WRITERS + writer) % KEYS}`
      failpoint('c.before')
      const n = await database.run((tx) => perform(tx, command, key))
      say(`ack ${command} ${key} ${n}`)
      failpoint('c.after_ack')
    }
  })
  await Promise.all(writers)
}
await consumer.stop()
await relay.stop()
await eventLog.close()
await database.close()
process.stdin.destroy()
