/**
 * Reads the arguments of `gregor start`. Decides what was said, not whether the values make sense: the configuration does
 * that, for all its sources alike.
 */
import { parseArgs } from 'node:util'
import { listenerOfAddress } from '../config/listeners.js'
import { parseScramUser } from '../security/scram-argument.js'

export interface StartArguments {
  readonly help: boolean
  readonly propertiesFile: string | null
  readonly ephemeral: boolean
  readonly jsonLogs: boolean
  readonly devSecurity: boolean
  /** Users of SCRAM. */
  readonly addScram: readonly string[]
  /** --config, and the options that are short for a key. */
  readonly config: Readonly<Record<string, string>>
}

/** The command line makes no sense; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @throws UsageError */
export function parseStartArguments(args: readonly string[]): StartArguments {
  const { values, positionals } = parse(args)
  if (positionals.length > 1) throw new UsageError(`one server.properties at most, not ${positionals.join(' and ')}`)
  const config: Record<string, string> = Object.create(null)
  for (const setting of values.config) {
    const [, key, value] = /^\s*([^=\s]+)\s*=(.*)$/s.exec(setting) ?? []
    if (key === undefined || value === undefined) throw new UsageError(`--config takes KEY=VALUE, not "${setting}"`)
    config[key] = value
  }
  const short = (option: string, key: string, value: string | undefined) => {
    if (value === undefined) return
    if (key in config) throw new UsageError(`${option} and --config ${key} say the same thing; give one of them`)
    config[key] = value
  }
  if (values.listen !== undefined && values.port !== undefined) throw new UsageError('give either --listen or --port')
  short('--listen', 'listeners', listener('--listen', values.listen))
  short('--port', 'listeners', portListener(values.port))
  short('--advertise', 'advertised.listeners', listener('--advertise', values.advertise))
  short('--data-dir', 'log.dirs', values['data-dir'])
  for (const user of values['add-scram']) {
    const parsed = parseScramUser(user)
    if (typeof parsed === 'string') throw new UsageError(`--add-scram: ${parsed}`)
  }
  if (values.ephemeral && ('log.dirs' in config || 'log.dir' in config)) {
    throw new UsageError('--ephemeral keeps no data, so it cannot be combined with a data directory')
  }
  return {
    help: values.help,
    propertiesFile: positionals[0] ?? null,
    ephemeral: values.ephemeral,
    jsonLogs: values['json-logs'],
    devSecurity: values['dev-security'],
    addScram: values['add-scram'],
    config,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        listen: { type: 'string' },
        port: { type: 'string' },
        advertise: { type: 'string' },
        'data-dir': { type: 'string' },
        ephemeral: { type: 'boolean', default: false },
        config: { type: 'string', multiple: true, default: [] },
        'add-scram': { type: 'string', multiple: true, default: [] },
        'json-logs': { type: 'boolean', default: false },
        'dev-security': { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    // parseArgs throws nothing but what is wrong with the arguments; its first sentence says it.
    throw new UsageError((error as Error).message.replace(/\. .*$/s, ''))
  }
}

function listener(option: string, address: string | undefined): string | undefined {
  if (address === undefined) return undefined
  const listener = listenerOfAddress(address)
  if (listener === null) throw new UsageError(`${option} takes HOST:PORT, such as 127.0.0.1:9092, not "${address}"`)
  return listener
}

function portListener(port: string | undefined): string | undefined {
  if (port === undefined) return undefined
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new UsageError(`--port takes a port, 0 to 65535, not "${port}"`)
  return `PLAINTEXT://127.0.0.1:${port}`
}
