/** Names, types and labels of Kafka's metrics beside a broker's own. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NameFact } from './exposition.js'
import { recordedFolder } from './queries.js'

/** What one of the originals shows. */
export interface NameList {
  readonly original: string
  readonly facts: readonly NameFact[]
}

export interface Explanation {
  readonly names: RegExp
  /** Where the name is there, and only these sets of labels (or this type) are not. */
  readonly of?: 'labels' | 'type'
  readonly why: string
}

/** A name that is missing or has other labels or another type, in words. */
export interface Difference {
  readonly name: string
  readonly what: string
  readonly kind: 'name' | 'labels' | 'type'
}

export const namesFile = join(recordedFolder, 'names.txt')

export function recordedNames(): NameList[] {
  const lists: { original: string; facts: NameFact[] }[] = []
  for (const line of readFileSync(namesFile, 'utf8').split('\n')) {
    if (line.startsWith('# ')) lists.push({ original: line.slice(2), facts: [] })
    else if (line !== '') {
      const [name = '', type = '', labels = ''] = line.split('\t')
      lists.at(-1)!.facts.push({ name, type, labels })
    }
  }
  return lists
}

/** In the order of the recorded names. What is there beyond them is no difference. */
export function differences(recorded: readonly NameFact[], own: readonly NameFact[]): Difference[] {
  const found: Difference[] = []
  for (const name of new Set(recorded.map(fact => fact.name))) {
    const theirs = recorded.filter(fact => fact.name === name)
    const ours = own.filter(fact => fact.name === name)
    if (ours.length === 0) {
      found.push({ name, what: 'is missing', kind: 'name' })
      continue
    }
    const [theirType, ourType] = [theirs[0]!.type, ours[0]!.type]
    if (theirType !== ourType) found.push({ name, what: `is a ${ourType}, not a ${theirType}`, kind: 'type' })
    for (const { labels } of theirs) {
      if (ours.some(fact => fact.labels === labels)) continue
      const has = ours.map(fact => `{${fact.labels}}`).join(' and ')
      found.push({ name, what: `has no series {${labels}}, but ${has}`, kind: 'labels' })
    }
  }
  return found
}

/** The first that fits explains a difference. */
export function explanationOf({ name, kind }: Difference, explanations: readonly Explanation[]): Explanation | undefined {
  return explanations.find(({ names, of = 'name' }) => of === kind && names.test(name))
}
