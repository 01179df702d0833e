/** The command that compat-tests/clients/platformatic-kafka/run calls. */
import { runTextClient } from '../../lib/text-client.js'
import { platformaticClient } from './lines.js'

await runTextClient(platformaticClient)
