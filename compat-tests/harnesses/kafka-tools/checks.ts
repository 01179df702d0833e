/**
 * Runs checks one after another, prints one line for each as it ends, and keeps the results for the closing line and the
 * page of documentation. A failed check shows the reason and the last tool run; it never stops the ones after it.
 */
import type { ToolHost, ToolName, ToolRun } from '../../lib/tool-host.js'

export interface CheckResult {
  readonly tool: ToolName
  readonly rule: string
  /** null when it passed. */
  readonly failure: string | null
}

/** What a tool printed is shown up to here in a report. */
const SHOWN_CHARACTERS_MAX = 1_200

/** A broker that does not answer would cost the full timeout of every tool; after so many the rest is failed at once. */
const TIMEOUTS_MAX = 4

export class Checks {
  readonly results: CheckResult[] = []

  constructor(private readonly host: ToolHost) {}

  async check(tool: ToolName, rule: string, body: () => Promise<void>): Promise<void> {
    this.host.lastRun = null
    const failure = await this.failureOf(body)
    this.results.push({ tool, rule, failure })
    console.log(failure === null ? `ok    ${tool}: ${rule}` : `FAIL  ${tool}: ${rule}\n${indented(failure)}`)
  }

  /** A group of checks for one tool: what throws between them counts as one more failed check. */
  async area(tool: ToolName, body: () => Promise<void>): Promise<void> {
    try {
      await body()
    } catch (error) {
      await this.check(tool, 'its remaining checks could not run', () => Promise.reject(error))
    }
  }

  get failedCount(): number {
    return this.results.filter(result => result.failure !== null).length
  }

  private async failureOf(body: () => Promise<void>): Promise<string | null> {
    if (this.host.timeoutCount >= TIMEOUTS_MAX) return 'not tried: too many tools before it got no answer'
    try {
      await body()
      return null
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return this.host.lastRun === null ? reason : `${reason}\n${shown(this.host.lastRun)}`
    }
  }
}

/** Throws unless the claim holds. */
export function expect(claim: boolean, what: string): asserts claim {
  if (!claim) throw new Error(what)
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [actualText, expectedText] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (actualText !== expectedText) throw new Error(`${what}: expected ${clip(expectedText)}, got ${clip(actualText)}`)
}

export function expectContains(text: string, part: string | RegExp, what = 'output'): void {
  const found = typeof part === 'string' ? text.includes(part) : part.test(text)
  if (!found) throw new Error(`${what} lacks ${part}`)
}

/** Exit code 0 and nothing logged as an error (the console consumer logs its own idle timeout as one). */
export function expectClean(run: ToolRun): ToolRun {
  expect(!run.timedOut, 'the tool got no answer in time')
  expectEqual(run.exitCode, 0, 'exit code')
  const errors = run.stderr
    .split('\n')
    .filter(
      (line, i, lines) =>
        / ERROR /.test(line) && !/^org\.apache\.kafka\.common\.errors\.TimeoutException$/.test(lines[i + 1] ?? ''),
    )
  expectEqual(errors, [], 'errors logged by the tool')
  return run
}

/** Repeats a reading until it is accepted; the readings are tool runs, which pace the loop. */
export async function eventually<T>(read: () => Promise<T>, isAccepted: (value: T) => boolean, what: string): Promise<T> {
  const deadlineMs = performance.now() + 30_000
  for (;;) {
    const value = await read()
    if (isAccepted(value)) return value
    if (performance.now() > deadlineMs) throw new Error(`not seen within 30 s: ${what}`)
  }
}

function shown(run: ToolRun): string {
  const outcome = run.timedOut ? 'stopped after its timeout' : `exit code ${run.exitCode}`
  return `$ ${run.command}\n[${outcome}]\n${clip(run.stdout)}\n[stderr]\n${clip(run.stderr)}`
}

function clip(text: string | undefined): string {
  if (text === undefined) return 'nothing'
  return text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX)} … (${text.length} characters)`
}

function indented(text: string): string {
  return text.replace(/^/gm, '      ')
}
