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
  if (text.length > patternCharsMax || sizeAtLeast(text) > programSizeMax) return tooLarge
  const { RE2JS, RE2JSException } = re2Package()
  try {
    const pattern = RE2JS.compile(text)
    return pattern.programSize() > programSizeMax ? tooLarge : candidate => pattern.matches(candidate)
  } catch (error) {
    if (error instanceof RE2JSException) return error.getDescription?.() ?? error.message
    throw error
  }
}

/**
 * About what it is compiled to, told before that, because to compile it takes its time, too: its characters, each as often as the
 * {n} around it say. What only looks like a group or a repeat is counted as one.
 */
function sizeAtLeast(text: string): number {
  const repeat = /\{(\d+)(?:,(\d*))?\}/y
  /** Of the groups around, the innermost last. */
  const sizes = [0]
  let last = 0
  const add = (size: number): void => {
    last = size
    sizes[sizes.length - 1]! += size
  }
  for (let at = 0; at < text.length; at++) {
    repeat.lastIndex = at
    const [whole, least, most] = repeat.exec(text) ?? []
    if (whole !== undefined) {
      const before = last
      const times = Math.max(1, Number(least), Number(most || 0))
      add(before * (times - 1))
      last = before * times
      at += whole.length - 1
    } else if (text[at] === '(') sizes.push(0)
    else if (text[at] === ')') {
      const inner = sizes.length > 1 ? sizes.pop()! : sizes[0]!
      add(inner)
    } else {
      if (text[at] === '\\') at++
      add(1)
    }
  }
  return sizes.reduce((sum, size) => sum + size)
}
