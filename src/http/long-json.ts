/** JSON of many values, made one after the other with pauses: a page of records may have some MiB, which take milliseconds. */
import type { Clock } from '../base/world.js'
import { Slices } from '../storage/slices.js'

/** The text of `{ [name]: items, ...rest }`. */
export async function longJson(clock: Clock, name: string, items: readonly unknown[], rest: object): Promise<string> {
  const slices = Slices.ofRequest(clock)
  const texts: string[] = []
  for (const item of items) {
    texts.push(JSON.stringify(item))
    if (slices.isOver) await slices.next()
  }
  return `{${JSON.stringify(name)}:[${texts.join(',')}],${JSON.stringify(rest).slice(1)}`
}
