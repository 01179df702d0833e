/**
 * Draws what was sampled over time as one SVG: a panel per series, one below the other, each on a scale of its own from 0.
 * Its colours are those of the reader's screen, light or dark.
 */

export interface Series {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
}

const width = 900
const panelHeight = 130
const left = 90
const top = 40

/** `seconds` are the moments of the samples, which all series share. */
export function chart(title: string, seconds: readonly number[], series: readonly Series[]): string {
  const height = top + series.length * panelHeight + 30
  const lastSecond = seconds.at(-1) ?? 1
  const panels = series.map((one, n) => panel(one, seconds, lastSecond, top + n * panelHeight))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>${title}</title>
<style>
rect{fill:#fff}text{fill:#1f2328}.quiet{fill:#59636e}.axis{stroke:#d1d9e0}.line{stroke:#0969da}.last{fill:#0969da}
@media(prefers-color-scheme:dark){
rect{fill:#0d1117}text{fill:#f0f6fc}.quiet{fill:#9198a1}.axis{stroke:#3d444d}.line{stroke:#4493f8}.last{fill:#4493f8}
}
</style>
<rect width="100%" height="100%"/>
<text x="${left}" y="20" font-size="15">${title}</text>
${panels.join('\n')}
<text x="${left}" y="${height - 8}">0 s</text>
<text x="${width - 20}" y="${height - 8}" text-anchor="end">${Math.round(lastSecond)} s</text>
</svg>
`
}

function panel({ name, unit, values }: Series, seconds: readonly number[], lastSecond: number, y: number): string {
  const most = Math.max(1, ...values)
  const plotHeight = panelHeight - 30
  const points = values.map((value, n) => {
    const px = left + ((width - left - 20) * (seconds[n] ?? 0)) / lastSecond
    const py = y + plotHeight * (1 - value / most)
    return `${px.toFixed(1)},${py.toFixed(1)}`
  })
  const last = values.at(-1) ?? 0
  return `<text x="8" y="${y + 12}">${name}</text>
<text x="8" y="${y + 28}" class="quiet">${unit}</text>
<text x="${left - 6}" y="${y + 10}" text-anchor="end" class="quiet">${round(most)}</text>
<text x="${left - 6}" y="${y + plotHeight}" text-anchor="end" class="quiet">0</text>
<line x1="${left}" y1="${y + plotHeight}" x2="${width - 20}" y2="${y + plotHeight}" class="axis"/>
<polyline points="${points.join(' ')}" fill="none" class="line" stroke-width="1.5"/>
<text x="${width - 20}" y="${y + 12}" text-anchor="end" class="last">${round(last)}</text>`
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 10) / 10
}
