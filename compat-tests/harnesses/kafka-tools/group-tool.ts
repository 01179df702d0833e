/** How the checks of groups run kafka-consumer-groups and read what it describes. */
import { expectClean } from './checks.js'
import { type Row, table } from './output.js'
import { runTool, type Scenario } from './scenario.js'

export const tool = 'kafka-consumer-groups'

/** The tool answers 0 even when it failed; its output tells. */
export async function groupCommand(scenario: Scenario, ...args: string[]): Promise<string> {
  return expectClean(await runTool(scenario, tool, args)).stdout
}

export async function describe(scenario: Scenario, group: string, ...options: string[]): Promise<Row[]> {
  const rows = table(await groupCommand(scenario, '--describe', '--group', group, ...options))
  return rows.sort((a, b) => Number(a.PARTITION ?? 0) - Number(b.PARTITION ?? 0))
}

export function numbers(row: Row): number[] {
  return [row.PARTITION, row['CURRENT-OFFSET'], row['LOG-END-OFFSET'], row.LAG].map(Number)
}
