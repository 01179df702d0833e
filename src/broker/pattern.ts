/**
 * Regular expressions that clients send: in the syntax of RE2, as Kafka takes them, and matched in time that is linear in the
 * text. What a client can make of it is bounded all the same, because it is matched on the event loop.
 */
import { re2Package } from '../base/packages.js'

/** Beyond, one long text takes tens of milliseconds. The program is what a pattern is compiled to: {n} repeats a part of it. */
const patternCharsMax = 1000
const programSizeMax = 1000

/** Whether a whole text is one of the pattern's; null when it is no pattern, or one that is too large. */
export function patternOf(text: string): ((candidate: string) => boolean) | null {
  if (text.length > patternCharsMax) return null
  const { RE2JS, RE2JSException } = re2Package()
  try {
    const pattern = RE2JS.compile(text)
    return pattern.programSize() > programSizeMax ? null : candidate => pattern.matches(candidate)
  } catch (error) {
    if (error instanceof RE2JSException) return null
    throw error
  }
}
