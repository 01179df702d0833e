/** A verification as text for people, and as one JSON value for programs. */
import type { Finding } from './findings.js'
import type { Verification } from './verify-directory.js'

export function* reportLines({ findings, partitions, wasClosedCleanly }: Verification): Generator<string> {
  const shown = new Set<Finding>()
  const linesOf = function* (path: string): Generator<string> {
    for (const finding of findings.list) {
      if (shown.has(finding) || (finding.path !== path && !finding.path.startsWith(`${path}/`))) continue
      shown.add(finding)
      yield lineOf(finding)
    }
  }
  for (const { name, segments, batches, records, bytes, startOffset, endOffset, damages } of partitions) {
    const size = `${segments} segments, ${batches} batches, ${records} records, ${bytes} bytes`
    yield `${damages === 0 ? 'ok    ' : 'DAMAGE'}  ${name}: offsets ${startOffset} to ${endOffset}, ${size}`
    yield* linesOf(name)
  }
  for (const finding of findings.list) if (!shown.has(finding)) yield lineOf(finding)
  const how = wasClosedCleanly ? 'closed cleanly' : 'not closed cleanly: the next start recovers it'
  const notes = findings.list.length - findings.damages
  yield `${partitions.length} partitions, ${findings.damages} damaged places, ${notes} notes; ${how}`
}

function lineOf({ severity, path, position, message }: Finding): string {
  return `  ${severity === 'damage' ? 'DAMAGE' : 'note  '}  ${path}${position === null ? '' : ` at byte ${position}`}: ${message}`
}

/** Of several directories an array, each with its path. */
export function reportJson(verifications: readonly Verification[]): string {
  const values = verifications.map(({ path, findings, partitions, wasClosedCleanly }) => ({
    ...(verifications.length > 1 && { path }),
    ...{ isSound: findings.damages === 0, wasClosedCleanly, partitions, findings: findings.list },
  }))
  return JSON.stringify(values.length === 1 ? values[0] : values, null, 2)
}
