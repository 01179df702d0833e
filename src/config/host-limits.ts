/** `max.connections.per.ip.overrides`: host:n, with commas between. A host is a name or an address, in brackets or not. */
const entryPattern = /^\[?([\w.%:-]*\w)\]?\s*:\s*(\d{1,9})$/

/** By host; or what is wrong with it. */
export function hostLimits(text: string): ReadonlyMap<string, number> | string {
  const limits = new Map<string, number>()
  for (const entry of text.split(',').map(one => one.trim())) {
    if (entry === '') continue
    const [, host, limit] = entryPattern.exec(entry) ?? []
    if (host === undefined) return `"${entry}" is not HOST:NUMBER, such as 127.0.0.1:200`
    limits.set(host, Number(limit))
  }
  return limits
}
