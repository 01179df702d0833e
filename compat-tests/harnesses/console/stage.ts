/** What actions have in common: doing by keys what a reader would do, and asking the broker whether it is so. */
import type { Locator, Page } from 'playwright-core'
import { eventually } from '../../lib/patience.js'
import type { Tally } from '../../lib/tally.js'

export interface Stage {
  readonly page: Page
  readonly url: string
  readonly tally: Tally
}

const waitMsMax = 15_000

/** As the API says it. */
export async function told<T>({ url, page }: Stage, path: string): Promise<T> {
  // With the cookie of the page's session, if it has one.
  const response = await page.request.get(`${url}/api/v1/${path}`)
  if (!response.ok()) throw new Error(`${path}: ${response.status()} ${await response.text()}`)
  return (await response.json()) as T
}

/** By keyboard alone. */
export async function press(locator: Locator): Promise<void> {
  await locator.first().focus()
  await locator.page().keyboard.press('Enter')
}

export const button = (page: Page, name: string | RegExp): Locator => page.getByRole('button', { name })
export const inDialog = (page: Page): Locator => page.locator('dialog[open]')

/** Claims that something comes true in the broker. */
export async function claim(stage: Stage, what: string, holds: () => Promise<boolean>): Promise<void> {
  stage.tally.claim(what, (await eventually(holds, waitMsMax)) ? null : 'it did not come true')
}

export async function step(stage: Stage, what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    stage.tally.claim(what, String(error instanceof Error ? error.message : error).slice(0, 600))
    await stage.page.keyboard.press('Escape')
  }
}
