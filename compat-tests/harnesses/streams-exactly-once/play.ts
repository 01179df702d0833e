/** How every harness of Kafka Streams begins and ends: its options, its broker and applications, and what is claimed of them. */
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { JavaApplication } from '../../lib/java-application.js'
import { randomSeed } from '../../lib/random.js'
import { Tally } from '../../lib/tally.js'
import type { TestedBroker } from '../exactly-once/broker.js'

type Options<Name extends string> = Readonly<Record<Name | 'seed', number>> & { readonly kafka: boolean }

/** `--name N` for each name that has a default, `--seed N` and `--kafka`. Null and a word about it: wrong usage. */
export function readOptions<Name extends string>(
  harness: string,
  defaults: Readonly<Record<Name, number>>,
): Options<Name> | null {
  const names = [...Object.keys(defaults), 'seed']
  try {
    const options = Object.fromEntries(names.map(name => [name, { type: 'string' } as const]))
    const { kafka = false, ...numbers } = parseArgs({ options: { ...options, kafka: { type: 'boolean' } } }).values
    const given = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]))
    if (!Object.values(given).every(Number.isSafeInteger)) throw new Error('not a number')
    return { seed: randomSeed(), ...defaults, ...given, kafka } as Options<Name>
  } catch {
    console.error(`usage: ${harness}/run.js ${names.map(name => `[--${name} N]`).join(' ')} [--kafka]`)
    return null
  }
}

export interface Play {
  /** The harness and its options; what it measured joins them. */
  readonly figures: { readonly name: string; readonly seed: number } & Readonly<Record<string, unknown>>
  readonly scratch: string
  readonly broker: TestedBroker
  readonly applications: readonly JavaApplication[]
  /** Claims what it sees, and gives figures. */
  perform(tally: Tally): Promise<object>
}

/** The exit code. */
export async function play({ figures, scratch, broker, applications, perform }: Play): Promise<number> {
  const tally = new Tally()
  const startedMs = performance.now()
  let measured: object = {}
  try {
    await broker.start()
    measured = await perform(tally)
  } catch (error) {
    tally.claim('the play came to its end', (error as Error).stack ?? String(error))
  } finally {
    for (const one of applications) await one.stop()
  }
  tally.claim('the broker stopped in order and left nothing damaged', await broker.stop())
  tally.claimNone('the broker logged no error', broker.errorLines)
  tally.claimNone(
    'no application ended by itself',
    applications.flatMap(({ problems }) => problems),
  )
  for (const { said } of applications) for (const [words, times] of said) console.log(`        ${times} × ${words}`)
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  const exitCode = tally.close({ ...figures, ...measured, seconds })
  if (exitCode === 0) await rm(scratch, { recursive: true, force: true })
  else console.log(`seed ${figures.seed}; the data directories are kept in ${scratch}`)
  return exitCode
}
