/** Reads the lines of commands.ts; how they are written is told there. */
import { type ToolName, toolClasses } from '../../lib/tool-host.js'
import type { Broker } from './brokers.js'

export interface Command {
  /** As it is written, with its kind of address. */
  readonly text: string
  readonly tool: ToolName
  readonly args: readonly string[]
  /** Name of what it reads. */
  readonly input: string | null
  /** null: it needs none, or has it among its arguments. */
  readonly address: keyof Broker['addresses'] | null
  readonly how: How
  readonly isAfterTheStop: boolean
}

type How =
  | { readonly verb: 'run' }
  | { readonly verb: 'until'; readonly printed: string }
  | { readonly verb: 'start' | 'stop'; readonly name: string }
  | { readonly verb: 'await'; readonly name: string; readonly lines: number }

export function commandsOf(script: string): Command[] {
  const commands: Command[] = []
  const started = new Map<string, Command>()
  for (const line of script.split('\n').map(text => text.trim().replaceAll(/ +/g, ' '))) {
    if (line === '') continue
    const [, verb, name, lines] = /^(stop|await) (\w+)(?: (\d+))?$/.exec(line) ?? []
    if (name !== undefined) {
      const how: How = verb === 'stop' ? { verb, name } : { verb: 'await', name, lines: Number(lines) }
      commands.push({ ...started.get(name)!, text: line, how })
      continue
    }
    const [before, after] = line.includes(' | ') ? (line.split(' | ') as [string, string]) : ['', line]
    const command = commandOf(wordsOf(before), after)
    if (command.how.verb === 'start') started.set(command.how.name, command)
    commands.push(command)
    if (before.includes('both')) commands.push({ ...command, text: `${after} --bootstrap-controller`, address: 'controller' })
  }
  return commands
}

function commandOf(before: readonly string[], text: string): Command {
  const [shell = '', input = null] = text.split(' < ')
  const [tool, ...args] = wordsOf(shell)
  if (tool === undefined || !(tool in toolClasses)) throw new Error(`no such tool: ${text}`)
  const wordAfter = (word: string) => (before.includes(word) ? before[before.indexOf(word) + 1]! : null)
  const [printed, name] = [wordAfter('until'), wordAfter('start')]
  const how: How = printed !== null ? { verb: 'until', printed } : name !== null ? { verb: 'start', name } : { verb: 'run' }
  const isAfterTheStop = before.includes('stopped')
  const hasNoAddress = isAfterTheStop || args.includes('{broker}')
  const address = hasNoAddress ? null : before.includes('as') ? 'sasl' : 'server'
  return { text, tool: tool as ToolName, args, input, address, how, isAfterTheStop }
}

/** Words, quoted words, and placeholders, which may hold a space. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|((?:\{[^}]*\}|\S)+)/g)].map(([, quoted, word]) => quoted ?? word!)
}
