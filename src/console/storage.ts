/** What this browser remembers. Where it may not, nothing is. */
export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(`gregor.${name}`)
  } catch {
    return null
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`gregor.${name}`)
    else localStorage.setItem(`gregor.${name}`, value)
  } catch {
    // Then it holds for this page only.
  }
}
