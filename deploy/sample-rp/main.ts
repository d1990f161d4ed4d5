// A sample relying party: `node deploy/sample-rp/main.ts library|liquor|bank [config.json]`, with the configuration in that
// file or in SAMPLE_RP_CONFIG. Uses Watashi's public API and nothing else of it.
import { readConfig } from './config.ts'
import { LevelWatch } from './level-watch.ts'
import { createSite } from './site.ts'
import { Visitors } from './visitors.ts'
import { WatashiClient } from './watashi-client.ts'

const config = readConfig(process.argv.slice(2), process.env['SAMPLE_RP_CONFIG'])
const client = new WatashiClient(config)
const watch = new LevelWatch(client)
const site = await createSite({ config, client, watch, visitors: new Visitors() })
await site.listen({ host: '127.0.0.1', port: config.port })
void watch.run()
console.log(`READY ${config.name} ${config.origin}`)

let closing = false
async function close(): Promise<void> {
  if (closing) return
  closing = true
  watch.close()
  await site.close()
  client.close()
  // A login that is still open holds its stream, and with it the process; nobody is left to wait for it.
  process.exit()
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void close())
// Started by a parent over IPC: no parent, no site.
process.once('disconnect', () => void close())
