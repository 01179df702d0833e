/**
 * Long work as a generator, which stops after each small step: whoever drives it says how many there are in a turn of the event
 * loop. Counted, not timed, so that the same commands always come to the same.
 */
export type Steps<Result> = Generator<undefined, Result>

/** Steps that may bring a record each; it is in the log before the next turn. */
export type WritingSteps<Rec, Result> = Generator<Rec | undefined, Result>

/** Of one turn: half a millisecond or a whole one. */
export const stepsPerTurn = 2_000
/** What a record costs, with all that is done with it. */
const stepsPerRecord = 100

/** Null when a turn's steps are done and the work is not. */
export function goOn<Rec, Result>(
  steps: WritingSteps<Rec, Result>,
  stepsMax: number,
  write: (record: Rec) => void,
): { readonly result: Result } | null {
  let left = stepsMax
  while (left > 0) {
    const { value, done } = steps.next()
    if (done === true) return { result: value as Result }
    left--
    if (value === undefined) continue
    write(value as Rec)
    left -= stepsPerRecord
  }
  return null
}

/** Sorts by merging, a step for each comparison; equals stay as they were. */
export function* inOrder<Item>(items: Iterable<Item>, compare: (a: Item, b: Item) => number): Steps<Item[]> {
  let from = [...items]
  let to = new Array<Item>(from.length)
  for (let width = 1; width < from.length; width *= 2) {
    for (let start = 0; start < from.length; start += 2 * width) yield* merge(from, to, start, width, compare)
    ;[from, to] = [to, from]
  }
  return from
}

function* merge<Item>(
  from: readonly Item[],
  to: Item[],
  start: number,
  width: number,
  compare: (a: Item, b: Item) => number,
): Steps<void> {
  const middle = Math.min(start + width, from.length)
  const end = Math.min(start + 2 * width, from.length)
  let [left, right] = [start, middle]
  for (let at = start; at < end; at++) {
    yield
    const isLeft = left < middle && (right >= end || compare(from[left] as Item, from[right] as Item) <= 0)
    to[at] = from[isLeft ? left++ : right++] as Item
  }
}

/** For so many operations that were done at once and are quick. */
export function* spent(operations: number): Steps<void> {
  for (let left = operations; left >= 0; left -= operationsPerStep) yield
}
const operationsPerStep = 16

/** All of them in one turn. */
export function result<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const { value, done } = steps.next()
    if (done === true) return value as Result
  }
}
