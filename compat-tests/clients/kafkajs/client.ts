/** The command that compat-tests/clients/kafkajs/run calls. */
import { runTextClient } from '../../lib/text-client.js'
import { kafkajsClient } from './lines.js'

await runTextClient(kafkajsClient)
