/**
 * Regular expressions that clients send: in the syntax of RE2 as Kafka takes them, and matched in time that is linear in the
 * text. What a client can make of it is bounded all the same, because it is matched on the event loop.
 */
import { re2Package } from '../base/packages.js'
import { translated } from './re2j-dialect.js'

/**
 * Beyond, one long text takes tens of milliseconds. The program is what a pattern is compiled to: {n} repeats a part of it,
 * at most a thousand times.
 */
const patternCharsMax = 1000
const programSizeMax = 1010

/** Whether a whole text is one of the pattern's; null when it is no pattern, or one that is too large. */
export function patternOf(text: string): ((candidate: string) => boolean) | null {
  const pattern = compiled(text)
  return typeof pattern === 'string' ? null : pattern
}

/** Why it is none; null when it is one. */
export function patternProblem(text: string): string | null {
  const pattern = compiled(text)
  return typeof pattern === 'string' ? pattern : null
}

const tooLarge = 'expression too large'

function compiled(text: string): ((candidate: string) => boolean) | string {
  if (text.length > patternCharsMax) return tooLarge
  const { text: ours, refusal, size } = translated(text)
  if (size > programSizeMax) return tooLarge
  if (refusal === null) return compiledByRe2js(ours)
  // What is missing at its end would have been seen at the end of the whole.
  const earlier = compiledByRe2js(translated(refusal.before).text)
  return typeof earlier !== 'string' || earlier.startsWith('missing closing') ? refusal.why : earlier
}

function compiledByRe2js(text: string): ((candidate: string) => boolean) | string {
  const { RE2JS, RE2JSException } = re2Package()
  try {
    const pattern = RE2JS.compile(text)
    return pattern.programSize() > programSizeMax ? tooLarge : candidate => pattern.matches(candidate)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    const why = error.getDescription?.() ?? error.message
    // Each count was looked at; re2js does not want them multiplied.
    if (why === 'invalid repeat count') return tooLarge
    // As re2j says it.
    return why === 'unexpected )' ? 'regexp/syntax: internal error' : why
  }
}
