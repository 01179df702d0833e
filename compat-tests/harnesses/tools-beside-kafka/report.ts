/** The section of docs/compatibility.md: a line for each tool. */
import type { ToolName } from '../../lib/tool-host.js'
import type { Command } from './command.js'
import { shellVersion } from './kafka-shell.js'

export interface Result {
  readonly command: Command
  readonly problem: string | null
  readonly reasons: readonly string[]
}

const shareTools = ['kafka-console-share-consumer', 'kafka-share-consumer-perf-test', 'kafka-verifiable-share-consumer']

/** `shell`: how kafka-shell fared. */
export function documentation(results: readonly Result[], version: string, shell: string): string {
  const tools = [...new Set(results.map(({ command }) => command.tool))].sort()
  const rows = tools.map(tool =>
    row(
      tool,
      results.filter(({ command }) => command.tool === tool),
    ),
  )
  return [
    '## The same command lines beside Kafka',
    '',
    `Kafka's tools with the same arguments against Apache Kafka ${version} and Gregor: what they print and their exit codes are`,
    'equal, but for ids, times, rates and ports; of the perf, verifiable and latency tools the counts and the exit code.',
    '`node dist/compat-tests/harnesses/tools-beside-kafka/run.js`; the command lines are in its commands.ts.',
    '',
    '| Tool | Command lines that print the same | with --bootstrap-controller | What differs, and why |',
    '| --- | --- | --- | --- |',
    ...rows,
    `| kafka-shell ${shellVersion} | ${shell} | – | published up to that version; on metadata that Gregor wrote at the level of 4.3 |`,
    ...shareTools.map(tool => `| ${tool} | not run | – | there are no share groups yet |`),
  ].join('\n')
}

function row(tool: ToolName, results: readonly Result[]): string {
  const equal = (of: readonly Result[]) => `${of.filter(({ problem }) => problem === null).length} of ${of.length}`
  const [controller, server] = [true, false].map(isController =>
    results.filter(({ command }) => (command.address === 'controller') === isController),
  ) as [Result[], Result[]]
  const reasons = [...new Set(results.flatMap(({ reasons }) => reasons))]
  return `| ${tool} | ${equal(server)} | ${controller.length === 0 ? '–' : equal(controller)} | ${reasons.join('; ')} |`
}
