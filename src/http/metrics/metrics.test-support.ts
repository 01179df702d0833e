/** Reads what a scrape answers, for tests. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export function seriesOf(text: string, name: string): Series[] {
  return text.split('\n').flatMap(line => {
    const [, series, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    if (series !== name) return []
    const pairs = Array.from(labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g), ([, label, said]) => [label, said])
    return [{ labels: Object.fromEntries(pairs), value: Number(value) }]
  })
}

/** Of the one series that has these labels and no others; undefined when there is none. */
export function readingOf(
  text: string,
  name: string,
  labels: Readonly<Record<string, string | number>> = {},
): number | undefined {
  const wanted = Object.entries(labels)
  return seriesOf(text, name).find(
    ({ labels: own }) =>
      Object.keys(own).length === wanted.length && wanted.every(([label, value]) => own[label] === String(value)),
  )?.value
}
