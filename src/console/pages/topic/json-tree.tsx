/** JSON that opens and closes. What is closed is not made. */
import { useState } from 'preact/hooks'
import { counted } from '../../format.js'
import { Button } from '../../ui/parts.js'
import type { JsonNode } from './json.js'

const openDepth = 2
const entriesMax = 100

export function JsonTree({
  node,
  name,
  depth = 0,
}: {
  readonly node: JsonNode
  readonly name?: string
  readonly depth?: number
}) {
  const label = name !== undefined && (
    <>
      <span class="json-key">{name}</span>:{' '}
    </>
  )
  if (node.kind === 'object' || node.kind === 'array') return <Branch node={node} label={label} depth={depth} />
  return (
    <div class="json-leaf">
      {label}
      <span class={`json-${node.kind}`}>{node.kind === 'string' ? `"${node.text}"` : node.text}</span>
    </div>
  )
}

interface BranchProps {
  readonly node: Extract<JsonNode, { readonly entries: unknown }>
  readonly label: preact.ComponentChildren
  readonly depth: number
}

function Branch({ node, label, depth }: BranchProps) {
  const { kind, entries } = node
  const [isOpen, setOpen] = useState(depth < openDepth)
  const [shown, setShown] = useState(entriesMax)
  const [opening, closing] = kind === 'object' ? '{}' : '[]'
  if (entries.length === 0) {
    return (
      <div class="json-leaf">
        {label}
        {opening}
        {closing}
      </div>
    )
  }
  return (
    <details class="json-branch" open={isOpen} onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>
        {label}
        {opening}
        {!isOpen && (
          <span class="muted">
            {' '}
            {counted(entries.length, kind === 'object' ? 'key' : 'item')} {closing}
          </span>
        )}
      </summary>
      {isOpen && (
        <div class="json-children">
          {entries.slice(0, shown).map(([key, value], at) => (
            <JsonTree key={at} name={key} node={value} depth={depth + 1} />
          ))}
          {shown < entries.length && (
            <Button tone="quiet" onClick={() => setShown(shown + 10 * entriesMax)}>
              {counted(entries.length - shown, 'more entry', 'more entries')}
            </Button>
          )}
        </div>
      )}
      {isOpen && <div>{closing}</div>}
    </details>
  )
}
