/**
 * `run.js [--short] [--screenshots DIR]`: Chromium walks every page of the console and does all that it can do, light and dark,
 * beside a broker that kafkajs and Java keep at work and that holds the set of stored XSS; then more topics, groups and positions
 * than anybody reads. With --screenshots only pictures of the pages are taken, of a broker without that set.
 */
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { startGregor } from '../../lib/gregor.js'
import { Tally } from '../../lib/tally.js'
import { actOnConnections, actOnGroups, actOnSettings, actOnShell, actOnTransactions, actOnUsers } from './actions.js'
import { chromiumProgram, complaintsOf, context, launch } from './browser.js'
import { scrollACrowd } from './crowd.js'
import { loginPage, pages } from './pages.js'
import { configArgs, startScene, urlOf } from './scene.js'
import { takeScreenshots } from './screenshots.js'
import { actOnTopics } from './topic-actions.js'
import { markupFindings, walk } from './walk.js'

const crowdCount = { short: 2000, long: 10_000 }

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean', default: false },
      screenshots: { type: 'string' },
      all: { type: 'boolean', default: false },
    },
  })
  const program = await chromiumProgram()
  if ('reason' in program) {
    console.log(`not run: ${program.reason}`)
    return 0
  }
  const browser = await launch(program.path)
  try {
    return await (values.screenshots === undefined
      ? judge(browser, values.short)
      : picture(browser, values.screenshots, values.all))
  } finally {
    await browser.close()
  }
}

async function picture(browser: Browser, folder: string, isAll: boolean): Promise<number> {
  await using scene = await startScene({ isHostile: isAll })
  console.log(`${await takeScreenshots(browser, scene.url, folder, isAll)} pictures in ${folder}`)
  return 0
}

async function judge(browser: Browser, isShort: boolean): Promise<number> {
  const tally = new Tally()
  {
    await using scene = await startScene({ isHostile: true })
    if (!scene.hasJava) console.log('without Java’s clients: they need a JDK, Maven and its jars')
    const { url } = scene
    const there = pages.filter(({ needsJava }) => scene.hasJava || needsJava === undefined)
    await walk(browser, { url, pages: there, look: 'light', isThorough: true }, tally)
    await walk(browser, { url, pages: there, look: 'dark', isThorough: false }, tally)
    if (!isShort) await walk(browser, { url, pages: there, look: 'light', width: 420, isThorough: false }, tally)
    const made = await context(browser, { look: 'light' })
    const page = await made.newPage()
    const complaints = complaintsOf(page)
    for (const act of [actOnShell, actOnTopics, actOnGroups, actOnConnections, actOnTransactions, actOnSettings])
      await act({ page, url, tally })
    tally.claimNone('actions: the browser’s console has no errors', complaints)
    tally.claimNone('actions: bytes of clients stay text', await markupFindings(page, 'actions'))
    await made.close()
  }
  await behindALogin(browser, tally)
  const figures = await scrollACrowd(browser, isShort ? crowdCount.short : crowdCount.long, tally)
  return tally.close(figures)
}

/** A broker with an authorizer, whose console asks who is there. */
async function behindALogin(browser: Browser, tally: Tally): Promise<void> {
  const config = {
    'gregor.http.listener': '127.0.0.1:0',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:admin',
  }
  const args = [...configArgs(config), '--add-scram', 'SCRAM-SHA-256=[name=admin,password=admin-secret]']
  const broker = await startGregor({ isEphemeral: true, args })
  try {
    const url = urlOf(broker)
    await walk(browser, { url, pages: [loginPage], look: 'light', isThorough: true }, tally)
    const made = await context(browser, { look: 'dark' })
    const page = await made.newPage()
    const complaints = complaintsOf(page)
    await actOnUsers({ page, url, tally })
    tally.claimNone('behind a login: the browser’s console has no errors', complaints)
    await made.close()
  } finally {
    await broker.stop()
  }
}

process.exitCode = await main()
