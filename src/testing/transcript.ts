/** Plays a script: lines that begin with ">" are commands, and below each of them stands what came of it. */

export type Commands = Readonly<Record<string, (args: string[], opts: Map<string, string>) => void>>

export interface Play {
  readonly commands: Commands
  /** What has been said since the last call. */
  takeSaid(): string[]
  /** Says what was written since the last call. */
  sayRecords(): void
}

/** The script as it should be: records first, then answers. Comments stay, and one empty line between two parts. */
export async function transcriptOf(script: string, { commands, takeSaid, sayRecords }: Play): Promise<string> {
  const result: string[] = []
  for (const line of script.split('\n')) {
    if (!line.startsWith('>')) {
      if (line.startsWith('#') || (line === '' && result.at(-1) !== '')) result.push(line)
      continue
    }
    const [command = '', ...words] = line.slice(1).trim().split(/\s+/)
    const args = words.filter(word => !word.includes('='))
    const opts = new Map(
      words.filter(word => word.includes('=')).map(word => word.split(/=(.*)/s).slice(0, 2) as [string, string]),
    )
    const run = commands[command]
    if (run === undefined) throw new Error(`no such command: ${line}`)
    run(args, opts)
    await settled()
    const answers = takeSaid()
    sayRecords()
    result.push(line, ...takeSaid(), ...answers)
  }
  return result.join('\n')
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** "10s", "5m", "7d" or a plain number of milliseconds. */
export function ms(duration: string): number {
  const match = /^(-?\d+)(s|m|h|d)?$/.exec(duration)
  if (match === null) throw new Error(`no duration: ${duration}`)
  return Number(match[1]) * { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, '': 1 }[(match[2] ?? '') as 's']
}
