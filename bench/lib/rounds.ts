// Measures several subjects in turns: A B C, C B A, … A disturbance of the machine then falls on all of them and not on the
// one that happened to run, what is compared was measured within the same seconds, and no subject is always the last one: on a
// shared host that alone cost 0.06 ms of a median of 0.25.
import type { BenchOptions } from './figure.js'

/** The values per subject, in the order of the subjects. The first round warms up and is not counted, unless it is `cold`. */
export async function inTurns<Subject extends { readonly name: string }, Value>(
  what: string,
  subjects: readonly Subject[],
  options: Pick<BenchOptions, 'runs' | 'progress'> & { readonly cold?: boolean },
  measure: (subject: Subject) => Promise<Value>,
): Promise<Value[][]> {
  const values: Value[][] = subjects.map(() => [])
  for (let round = options.cold === true ? 1 : 0; round <= options.runs; round++) {
    const inOrder = [...subjects.entries()]
    for (const [index, subject] of round % 2 === 0 ? inOrder : inOrder.reverse()) {
      const turn = round === 0 ? 'warm-up' : `run ${round} of ${options.runs}`
      options.progress(`${what}: ${subject.name}, ${turn}`)
      const value = await measure(subject)
      if (round > 0) values[index]!.push(value)
    }
  }
  return values
}
