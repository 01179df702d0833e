/** The keyboard: "/" to the search, "g" and a letter to a page, "?" for help. Not while something is typed. */
import { signal } from '@preact/signals'
import { nowMs } from './clock.js'
import { go } from './router.js'
import { routes } from './routes.js'

export const isHelpOpen = signal(false)
const pairMs = 1500
let pressedGMs = 0

export function listenToKeys(): void {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    const search = document.querySelector<HTMLInputElement>('input[data-search]')
    const page = nowMs() - pressedGMs < pairMs ? routes.find(({ nav }) => nav?.key === event.key) : undefined
    pressedGMs = 0
    if (page !== undefined) go(page.path)
    else if (event.key === 'g') pressedGMs = nowMs()
    else if (event.key === '?') isHelpOpen.value = true
    else if (event.key === '/' && search !== null) search.focus()
    else return
    event.preventDefault()
  })
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, dialog') !== null
}
