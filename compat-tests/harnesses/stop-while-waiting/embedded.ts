/** A program that embeds the broker that users get. At SIGTERM it stops the broker and is done: nothing else keeps it alive. */
import { startBroker } from 'gregor'

const [listen, dataDir] = process.argv.slice(2) as [string, string]
const broker = await startBroker({ listen, dataDir })
console.log(`ready: ${broker.bootstrapServers}`)
await new Promise(resolve => process.once('SIGTERM', resolve))
await broker.stop()
console.error('stopped')
