/** Which rows of a long table are made: those in sight and some around them; pure. */
export interface RowWindow {
  readonly first: number
  /** Behind the last. */
  readonly end: number
}

const around = 12

export function rowsInSight(rows: number, rowHeight: number, scrollTop: number, height: number): RowWindow {
  const first = Math.max(0, Math.min(rows, Math.floor(scrollTop / rowHeight)) - around)
  const end = Math.min(rows, Math.ceil((scrollTop + height) / rowHeight) + around)
  // In steps, so that a scroll by a pixel changes nothing, and stripes stay where they are.
  return { first: first - (first % around), end: Math.min(rows, Math.ceil(end / around) * around) }
}
