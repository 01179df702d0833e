/** Goes through every page, and says what is wrong with it. */
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import type { Tally } from '../../lib/tally.js'
import { type ContextOptions, complaintsOf, context } from './browser.js'
import type { PageOfConsole } from './pages.js'

/** More than there is to reach on any page that is walked. */
const tabsMax = 500

interface WalkOptions extends ContextOptions {
  readonly url: string
  readonly pages: readonly PageOfConsole[]
  /** Every stop of the Tab key, and the address opened again. */
  readonly isThorough: boolean
}

export async function walk(browser: Browser, { url, pages, isThorough, ...look }: WalkOptions, tally: Tally): Promise<void> {
  const made = await context(browser, look)
  const page = await made.newPage()
  const findings = { console: complaintsOf(page), accessible: [], policy: [], markup: [], keyboard: [], links: [] } as Findings
  for (const { path, shows } of pages) {
    await page.goto(url + path)
    await page.locator(shows).first().waitFor()
    findings.accessible.push(...(await axeFindings(page, path)))
    findings.markup.push(...(await markupFindings(page, path)))
    if (isThorough) {
      findings.keyboard.push(...(await unreachedByTab(page)).map(element => `${path}: ${element}`))
      findings.links.push(...(await reloadFindings(page, path, shows)))
    }
    findings.policy.push(...(await page.evaluate<string[]>('harness.violations')).map(violation => `${path}: ${violation}`))
  }
  await made.close()
  const words: Record<keyof Findings, string> = {
    console: 'the browser’s console has no errors, and nothing is asked of anybody else',
    policy: 'nothing is against the content security policy',
    accessible: 'axe finds nothing serious or critical',
    markup: 'bytes of clients stay text',
    keyboard: 'Tab comes to all that a pointer can use',
    links: 'an address that is opened again shows the same',
  }
  for (const [kind, found] of Object.entries(findings) as [keyof Findings, string[]][]) {
    if (!isThorough && (kind === 'keyboard' || kind === 'links')) continue
    tally.claimNone(`${look.look}, ${look.width ?? 1280} wide, ${pages.length} pages: ${words[kind]}`, found)
  }
}

type Findings = Record<'console' | 'policy' | 'accessible' | 'markup' | 'keyboard' | 'links', string[]>

export async function axeFindings(page: Page, where: string): Promise<string[]> {
  // Through the debugger, which no policy of the page's concerns.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run(document, { resultTypes: ["violations"] })')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${where}: ${id}, ${nodes.length} times, as ${nodes[0]?.html.slice(0, 160)}`)
}

export async function markupFindings(page: Page, where: string): Promise<string[]> {
  const elements = await page.evaluate<string[]>('harness.foreignElements()')
  const hasRun = await page.evaluate<boolean>('harness.wasInjected()')
  return [...elements.map(html => `${where}: ${html}`), ...(hasRun ? [`${where}: a script out of a message has run`] : [])]
}

export async function unreachedByTab(page: Page): Promise<string[]> {
  await page.evaluate('harness.marked()')
  for (let tabs = 0; tabs < tabsMax; tabs++) {
    await page.keyboard.press('Tab')
    const isAround = await page.evaluate<boolean>('harness.reached()')
    if (isAround && tabs > 0) break
  }
  return page.evaluate<string[]>('harness.unreached()')
}

async function reloadFindings(page: Page, path: string, shows: string): Promise<string[]> {
  const before = await page.evaluate<string>('harness.view()')
  await page.goto('about:blank')
  await page.goBack()
  await page.reload()
  await page.locator(shows).first().waitFor()
  const after = await page.evaluate<string>('harness.view()')
  return before === after ? [] : [`${path}: ${before} and then ${after}`]
}
