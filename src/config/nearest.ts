/** The word that `text` misspells by at most two letters; null when there is none. */
export function nearest(text: string, words: readonly string[]): string | null {
  let best: string | null = null
  let fewest = editsMax + 1
  for (const word of words) {
    if (Math.abs(word.length - text.length) > editsMax) continue
    const edits = distance(text.toLowerCase(), word.toLowerCase())
    if (edits >= fewest) continue
    best = word
    fewest = edits
  }
  return best
}

const editsMax = 2

/** Levenshtein's, row by row. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, replaced))
    }
    above = row
  }
  return above[b.length]!
}
