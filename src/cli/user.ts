/** `gregor user`: adds, lists and deletes users of SCRAM in a data directory that no broker uses. */
import { parseArgs } from 'node:util'
import { parseScramUser } from '../security/scram-argument.js'
import type { Users } from '../server/users.js'
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.js'
import { userHelpText } from './help.js'
import type { Terminal } from './verify.js'

type WithUsers = <Result>(settings: Readonly<Record<string, string>>, run: (users: Users) => Promise<Result>) => Promise<Result>

export async function user(
  { args, stdout, stderr }: Terminal,
  readPassword: () => string,
  withUsers: WithUsers,
): Promise<ExitCode> {
  const wrong = (message: string): ExitCode => {
    stderr(`gregor user: ${message}\nTry: gregor user --help\n`)
    return exitCodes.usage
  }
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    return wrong((error as Error).message.replace(/\. .*$/s, ''))
  }
  const { values, positionals } = parsed
  if (values.help) {
    stdout(userHelpText)
    return exitCodes.clean
  }
  const [verb, name, ...more] = positionals
  const settings = { 'log.dirs': values['data-dir'], 'node.id': values['node-id'] }
  const isComplete = verb === 'list' ? name === undefined : name !== undefined && more.length === 0
  if (!isComplete || !['add', 'list', 'delete'].includes(verb ?? '')) return wrong('takes add NAME, list, or delete NAME')
  const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
  const added =
    verb === 'add'
      ? parseScramUser(
          `${values.mechanism}=[name=${quoted(name ?? '')},password=${quoted(readPassword())},iterations=${values.iterations}]`,
        )
      : null
  if (typeof added === 'string') return wrong(added)
  try {
    return await withUsers(settings, async users => {
      if (added !== null) await users.set(added)
      else if (verb === 'list')
        stdout(
          users
            .lines()
            .map(line => `${printable(line)}\n`)
            .join(''),
        )
      else if (!(await users.remove(name ?? ''))) return wrong(`there is no user ${name}`)
      return exitCodes.clean
    })
  } catch (error) {
    stderr(`gregor user: ${error instanceof Error ? error.message : String(error)}\n`)
    return exitCodeOf(error)
  }
}

/** Names are made by clients, too, and may hold what a terminal obeys. */
function printable(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return line.replace(/[\u0000-\u001f\u007f-\u009f]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      'data-dir': { type: 'string', default: './data' },
      'node-id': { type: 'string', default: '1' },
      mechanism: { type: 'string', default: 'SCRAM-SHA-512' },
      iterations: { type: 'string', default: '4096' },
    },
  })
}
