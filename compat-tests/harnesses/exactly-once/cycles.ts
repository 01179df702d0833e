/** The strongly connected components of more than one node: each holds a cycle. Tarjan's, without recursion. */
export function cyclesIn(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const onStack = new Set<string>()
  const stack: string[] = []
  const cycles: string[][] = []

  const enter = (node: string) => {
    index.set(node, index.size)
    low.set(node, index.get(node)!)
    stack.push(node)
    onStack.add(node)
    return { node, targets: [...(edges.get(node) ?? [])], next: 0 }
  }
  for (const root of edges.keys()) {
    if (index.has(root)) continue
    const path = [enter(root)]
    while (path.length > 0) {
      const visit = path.at(-1)!
      const target = visit.targets[visit.next++]
      if (target !== undefined) {
        if (!index.has(target)) path.push(enter(target))
        else if (onStack.has(target)) low.set(visit.node, Math.min(low.get(visit.node)!, index.get(target)!))
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined) low.set(parent.node, Math.min(low.get(parent.node)!, low.get(visit.node)!))
      if (low.get(visit.node) !== index.get(visit.node)) continue
      const component = stack.splice(stack.lastIndexOf(visit.node))
      for (const node of component) onStack.delete(node)
      if (component.length > 1) cycles.push(component.sort())
    }
  }
  return cycles
}
