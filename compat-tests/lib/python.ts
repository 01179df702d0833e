/** The interpreter that has confluent-kafka, aiokafka and kafka-python, for harnesses with Python programs of their own. */
import { join } from 'node:path'
import { cacheFolder, compatSources } from './paths.js'
import { run } from './processes.js'

/** A first download on a slow line fits. */
const INSTALL_TIMEOUT_MS = 10 * 60_000

/** null, with a line on stderr, when there is no Python or no registry here. */
export async function pythonInterpreter(): Promise<string | null> {
  const printed = await run(join(compatSources, 'lib', 'python', 'print-interpreter'), [], {
    timeoutMs: INSTALL_TIMEOUT_MS,
    env: { GREGOR_COMPAT_CACHE: cacheFolder() },
  })
  if (printed.exitCode === 0) return printed.stdout.trim()
  process.stderr.write(`Python clients are not run: ${printed.stderr.trim().split('\n').at(-1)}\n`)
  return null
}
