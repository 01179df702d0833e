/** An admin client of somebody, as the harness sees it: a program that calls each of its methods at one broker. */
import { join } from 'node:path'
import { cacheFolder, compatSources } from '../../lib/paths.js'
import { type RunResult, run } from '../../lib/processes.js'

export interface Address {
  /** Where nobody logs in. */
  readonly bootstrap: string
  readonly saslBootstrap: string
}

/** What both brokers have. */
export interface Served {
  readonly keys: readonly number[]
  readonly features: readonly string[]
}

export interface AdminClient {
  readonly name: string
  readonly version: string
  run(at: Address, served: Served): Promise<RunResult>
}

/** What a method came to, in the words of the program; one that is called several times has several. */
export interface Row {
  readonly method: string
  readonly outcome: string
}

export interface Told {
  readonly rows: readonly Row[]
  /** Methods of the client's interface that the program never called. */
  readonly missed: readonly string[]
}

export function rowsOf(stdout: string): Told {
  const lines = stdout.split('\n').map(line => line.split('\t'))
  return {
    rows: lines.filter(([kind]) => kind === 'row').map(([, method, outcome]) => ({ method: method!, outcome: outcome! })),
    missed: lines.filter(([kind]) => kind === 'missed').map(([, method]) => method!),
  }
}

const notAvailable = 77
const installTimeoutMs = 10 * 60_000

/** One of compat-tests/clients; its `run admin` is described in lib/run.sh. A reason when it cannot run here. */
export async function clientOf(folder: string, name: string): Promise<AdminClient | string> {
  const script = (args: readonly string[], timeoutMs: number) =>
    run(join(compatSources, 'clients', folder, 'run'), args, { timeoutMs, env: { GREGOR_COMPAT_CACHE: cacheFolder() } })
  const installed = await script(['install'], installTimeoutMs)
  if (installed.exitCode === notAvailable) return installed.stderr.match(/^not run: (.*)$/m)?.[1] ?? 'no reason given'
  if (installed.exitCode !== 0) throw new Error(`${folder}/run install: ${installed.stdout}${installed.stderr}`)
  const version = (await script(['version'], 30_000)).stdout.trim()
  return { name, version, run: ({ bootstrap }, { keys }) => script(['admin', bootstrap, keys.join()], 90_000) }
}
