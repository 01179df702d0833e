/** Dark or light: as the system says, unless the reader has chosen. */
import { effect, signal } from '@preact/signals'
import { remember, remembered } from '../storage.js'

export type Theme = 'system' | 'light' | 'dark'
const themes: readonly Theme[] = ['system', 'light', 'dark']
const chosen = remembered('theme')

export const theme = signal<Theme>(themes.find(name => name === chosen) ?? 'system')
const system = matchMedia('(prefers-color-scheme: dark)')
/** Counts changes of what is seen: who draws by hand draws again. */
export const look = signal(0)

export function followTheme(): void {
  effect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme.value
    remember('theme', theme.value === 'system' ? null : theme.value)
    look.value = look.peek() + 1
  })
  system.addEventListener('change', () => {
    look.value++
  })
}

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!
}
