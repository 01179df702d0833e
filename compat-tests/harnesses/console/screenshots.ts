/** Pictures of the pages, light and dark, as small as pngquant makes them where it is. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { run } from '../../lib/processes.js'
import { context } from './browser.js'
import { pages } from './pages.js'

/** Charts have something to show by then. */
const settleMs = 12_000
const looks = ['light', 'dark'] as const

export async function takeScreenshots(browser: Browser, url: string, folder: string, withSpare: boolean): Promise<number> {
  mkdirSync(folder, { recursive: true })
  const wanted = pages.filter(({ isSpare }) => withSpare || isSpare === undefined)
  const files: string[] = []
  for (const look of looks) {
    const made = await context(browser, { look })
    const open = await Promise.all(
      wanted.map(async ({ name, path, shows }) => {
        const page = await made.newPage()
        await page.goto(url + path)
        await page.locator(shows).first().waitFor()
        return { name, page }
      }),
    )
    await open[0]?.page.waitForTimeout(settleMs)
    for (const { name, page } of open) {
      await page.bringToFront()
      const path = join(folder, `${name}-${look}.png`)
      await page.screenshot({ path })
      files.push(path)
    }
    await made.close()
  }
  const small = await run('pngquant', ['--force', '--ext', '.png', '--skip-if-larger', '--quality', '70-95', ...files])
  if (small.exitCode === 127) console.log('without pngquant the pictures are larger than they need be')
  return files.length
}
