/** The text of a scrape: families with their types, and samples with their labels. */

export interface Sample {
  readonly name: string
  readonly labels: ReadonlyMap<string, string>
  readonly value: number
}

export interface Exposition {
  /** By the name of the family, as the lines `# TYPE` have it. */
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]
}

/** What a dashboard may rely on: one line for each set of labels that a name comes with. */
export interface NameFact {
  readonly name: string
  readonly type: string
  /** Sorted and joined by commas. */
  readonly labels: string
}

const sampleLine = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)/
const labelPair = /(\w+)="((?:[^"\\]|\\.)*)"/g
const escapes: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' }

export function parseExposition(text: string): Exposition {
  const types = new Map<string, string>()
  const samples: Sample[] = []
  for (const line of text.split('\n')) {
    const type = line.match(/^# TYPE (\S+) (\S+)/)
    if (type !== null) types.set(type[1]!, type[2]!)
    if (line === '' || line.startsWith('#')) continue
    const sample = line.match(sampleLine)
    if (sample === null) throw new Error(`no line of a scrape: ${line}`)
    const pairs = Array.from((sample[2] ?? '').matchAll(labelPair), ([, key, value]) => [key!, unescaped(value!)] as const)
    samples.push({ name: sample[1]!, labels: new Map(pairs), value: Number(sample[3]!.replace('Inf', 'Infinity')) })
  }
  return { types, samples }
}

const unescaped = (value: string): string => value.replaceAll(/\\[\\n"]/g, pair => escapes[pair]!)

/** Sorted; a name stands several times when its series have different labels. */
export function nameFacts({ types, samples }: Exposition): NameFact[] {
  const facts = new Map<string, NameFact>()
  for (const { name, labels } of samples) {
    const fact = { name, type: typeOf(name, types), labels: [...labels.keys()].map(generalised).sort().join(',') }
    facts.set(lineOf(fact), fact)
  }
  return [...facts].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, fact]) => fact)
}

export function lineOf({ name, type, labels }: NameFact): string {
  return `${name}\t${type}\t${labels}`
}

function typeOf(name: string, types: ReadonlyMap<string, string>): string {
  return types.get(name) ?? types.get(name.replace(/_(?:bucket|sum|count|total)$/, '')) ?? 'untyped'
}

/** Where a rule takes a label's name from a topic's, which no dashboard can know. */
const generalised = (label: string): string => label.replace(/^topic_.+_partition$/, 'topic_NAME_partition')

/** Of all series of a name with these labels; null when there is none. */
export function sumOf({ samples }: Exposition, name: string, labels: Readonly<Record<string, string>> = {}): number | null {
  let sum: number | null = null
  for (const sample of samples) {
    if (sample.name !== name) continue
    if (Object.entries(labels).every(([key, value]) => sample.labels.get(key) === value)) sum = (sum ?? 0) + sample.value
  }
  return sum
}
