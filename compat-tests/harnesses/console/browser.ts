/** Debian's Chromium, driven by playwright-core, which brings no browser of its own. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { compatSources } from '../../lib/paths.js'
import { run } from '../../lib/processes.js'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const installMsMax = 300_000

/** The program, or why there is none. */
export async function chromiumProgram(): Promise<{ readonly path: string } | { readonly reason: string }> {
  const found = () => places.find(place => existsSync(place))
  const path = found()
  if (path !== undefined) return { path }
  if (process.getuid?.() !== 0) return { reason: 'there is no chromium, and without root none is installed' }
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = () =>
    run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], {
      env,
      timeoutMs: installMsMax,
    })
  if ((await install()).exitCode !== 0) {
    await run('apt-get', ['update'], { env, timeoutMs: installMsMax })
    await install()
  }
  const installed = found()
  return installed === undefined ? { reason: 'apt-get has no chromium here' } : { path: installed }
}

export function launch(executablePath: string): Promise<Browser> {
  // Root has no sandbox of Chromium's; what is shown here is our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'] })
}

export interface ContextOptions {
  readonly look: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

export async function context(browser: Browser, { look, width = 1280, height = 800 }: ContextOptions): Promise<BrowserContext> {
  const made = await browser.newContext({
    colorScheme: look,
    viewport: { width, height },
    locale: 'en-US',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
  })
  await made.addInitScript({ path: join(compatSources, 'harnesses', 'console', 'in-page.js') })
  return made
}

/** What the browser itself says of a page: errors in its console, and scripts that threw. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', message => {
    // Of an answer that is an error there is a line as well; the page shows it, and actions look for it.
    if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return
    complaints.push(`${new URL(page.url()).pathname}: ${message.text()}`)
  })
  page.on('pageerror', error => complaints.push(`${new URL(page.url()).pathname}: ${error.message}`))
  page.on('request', request => {
    const { origin, protocol } = new URL(request.url())
    if (protocol.startsWith('http') && page.url().startsWith('http') && origin !== new URL(page.url()).origin) {
      complaints.push(`asked ${origin} for something`)
    }
  })
  return complaints
}
