/** What an inspection of a data directory found, and how much of it was looked at. */

/**
 * - `damage`: bytes are not what was written, or files contradict each other. Records may be lost.
 * - `note`: something that a start repairs or leaves alone, and that a person may want to know.
 */
export type Severity = 'damage' | 'note'

export interface Finding {
  readonly severity: Severity
  /** Relative to the data directory. */
  readonly path: string
  /** Byte in the file, where there is one. */
  readonly position: number | null
  readonly message: string
}

export class Findings {
  readonly list: Finding[] = []

  damage(path: string, message: string, position: number | null = null): void {
    this.list.push({ severity: 'damage', path, position, message })
  }
  note(path: string, message: string, position: number | null = null): void {
    this.list.push({ severity: 'note', path, position, message })
  }

  get damages(): number {
    return this.list.filter(({ severity }) => severity === 'damage').length
  }
}

export interface PartitionSummary {
  readonly name: string
  readonly topicId: string
  readonly segments: number
  readonly batches: number
  readonly records: number
  readonly bytes: number
  readonly startOffset: number
  readonly endOffset: number
  readonly damages: number
}
