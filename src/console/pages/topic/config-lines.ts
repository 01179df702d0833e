/** Configs that are entered as lines of key=value; pure. */
export interface ConfigLines {
  readonly configs: Readonly<Record<string, string>>
  readonly problem: string | null
}

export function configLines(text: string): ConfigLines {
  const configs: Record<string, string> = {}
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [, key, value] = /^\s*([\w.-]+)\s*=(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) return { configs, problem: `“${line.trim()}” is no key=value.` }
    configs[key] = value.trim()
  }
  return { configs, problem: null }
}
