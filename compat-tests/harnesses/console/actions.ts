/** Everything else that the console can be told to do, done by keyboard, and looked for in the broker. */
import { readFile } from 'node:fs/promises'
import { button, claim, inDialog, press, type Stage, step, told } from './stage.js'

type Positions = { positions: { topic: string; committedOffset: number | null }[] }

export async function actOnGroups(stage: Stage): Promise<void> {
  const { page, url } = stage
  const committed = async () =>
    (await told<Positions>(stage, 'groups/nightly-report')).positions.map(({ committedOffset }) => committedOffset)

  await step(stage, 'groups are searched, filtered and sorted', async () => {
    await page.goto(`${url}/groups`)
    await page.getByPlaceholder('Search groups').fill('ORDER-s')
    await page.getByRole('combobox', { name: 'State' }).selectOption('Stable')
    await press(button(page, /^Lag$/))
    await claim(stage, 'groups are searched, filtered and sorted', async () => {
      const names = await page.locator('tbody .name').allTextContents()
      const { searchParams } = new URL(page.url())
      const asked = ['search', 'state', 'sort', 'order'].map(name => searchParams.get(name)).join(' ')
      return names.join() === 'order-service' && asked === 'ORDER-s Stable lag asc'
    })
  })

  await step(stage, 'a reset is seen before it is done', async () => {
    await page.goto(`${url}/groups/nightly-report`)
    const before = await committed()
    await press(button(page, 'Reset offsets'))
    await inDialog(page).getByLabel('Move to').selectOption('shift')
    await inDialog(page).getByLabel('Records').fill('2')
    await press(inDialog(page).getByRole('button', { name: 'Preview' }))
    await page.locator('table[aria-label="What is moved"] td').first().waitFor()
    const isAsBefore = String(await committed()) === String(before)
    stage.tally.claim('a preview of a reset changes nothing', isAsBefore ? null : 'it did')
    await press(inDialog(page).getByRole('button', { name: /^Move 1/ }))
    await claim(stage, 'a reset moves a group', async () => (await committed())[0] === before[0]! + 2)
  })

  await step(stage, 'a reset of a group with members is refused in words', async () => {
    await page.goto(`${url}/groups/order-service`)
    await press(button(page, 'Reset offsets'))
    await press(inDialog(page).getByRole('button', { name: 'Preview' }))
    await press(inDialog(page).getByRole('button', { name: /^Move/ }))
    await inDialog(page).getByText('Stop the group’s members first.').waitFor()
    stage.tally.claim('a reset of a group with members is refused, and it is said what to do', null)
    await page.keyboard.press('Escape')
  })

  await step(stage, 'positions and groups are deleted', async () => {
    await page.goto(`${url}/groups/nightly-report`)
    await press(button(page, 'Delete the positions in orders'))
    await press(inDialog(page).getByRole('button', { name: 'Delete positions' }))
    await page.getByText('It has no position yet').waitFor()
    stage.tally.claim('positions in a topic are deleted', null)
    await page.goto(`${url}/groups/javascript%3AglobalThis.injected%3D4`)
    await press(page.locator('.page-header').getByRole('button', { name: 'Delete' }))
    await press(inDialog(page).getByRole('button', { name: 'Delete the group' }))
    await claim(stage, 'a group is deleted', async () => {
      const { total } = await told<{ total: number }>(stage, 'groups?search=injected%3D4')
      return total === 0 && page.url() === `${url}/groups`
    })
  })
}

export async function actOnConnections(stage: Stage): Promise<void> {
  const { page, url } = stage
  type Rows = { rows: { id: string; remotePort: number }[] }
  await step(stage, 'a connection is closed', async () => {
    await page.goto(`${url}/connections?search=fraud`)
    const { rows } = await told<Rows>(stage, 'connections?search=fraud')
    const { id, remotePort } = rows[0]!
    await press(button(page, new RegExp(`from port ${remotePort}$`)))
    await press(inDialog(page).getByRole('button', { name: 'Close it' }))
    await claim(stage, 'a connection is closed', async () => {
      return (await told<Rows>(stage, 'connections?search=fraud')).rows.every(row => row.id !== id)
    })
  })
}

export async function actOnTransactions(stage: Stage): Promise<void> {
  const { page, url } = stage
  await step(stage, 'a transaction is aborted', async () => {
    await page.goto(`${url}/transactions?search=invoices`)
    await press(button(page, /^Abort the transaction on invoices/))
    await press(inDialog(page).getByRole('button', { name: 'Abort it' }))
    await claim(stage, 'a transaction that holds readers up is aborted', async () => {
      return (await told<{ total: number }>(stage, 'open-transactions?search=invoices')).total === 0
    })
    await page.getByText('Nothing has “invoices” in its name.').waitFor()
  })
}

export async function actOnSettings(stage: Stage): Promise<void> {
  const { page, url } = stage
  const key = 'log.segment.bytes'
  type Configs = { configs: { name: string; value: string; source: string }[] }
  const config = async () => (await told<Configs>(stage, 'brokers/1/configs')).configs.find(({ name }) => name === key)!

  await step(stage, 'a config is changed', async () => {
    await page.goto(`${url}/settings?search=${key}`)
    const { value } = await config()
    await press(button(page, `Change ${key}`))
    await inDialog(page).getByLabel('Value').fill('no number')
    await press(inDialog(page).getByRole('button', { name: 'Save' }))
    await inDialog(page).getByRole('alert').waitFor()
    await inDialog(page).getByLabel('Value').fill('2097152')
    await press(inDialog(page).getByRole('button', { name: 'Save' }))
    await claim(
      stage,
      'a config of the broker is changed, but not to what it cannot be',
      async () => (await config()).value === '2097152',
    )
    await page.getByText('set on this broker').waitFor()
    await press(button(page, `Change ${key}`))
    await press(inDialog(page).getByRole('button', { name: 'Take it away' }))
    await claim(stage, 'a config goes back to what holds without', async () => (await config()).value === value)
  })

  await step(stage, 'definitions are exported and imported', async () => {
    await page.goto(`${url}/settings/definitions`)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Save the file').click()])
    const file = JSON.parse(await readFile(await download.path(), 'utf8'))
    stage.tally.claim('definitions are exported', file.topics.length > 5 ? null : JSON.stringify(file).slice(0, 200))
    const topics = [...file.topics, { ...file.topics[0], name: 'imported' }]
    const buffer = Buffer.from(JSON.stringify({ ...file, topics }))
    await page.locator('input[type=file]').setInputFiles({ name: 'definitions.json', mimeType: 'application/json', buffer })
    await inDialog(page).getByText('imported').first().waitFor()
    const search = () => told<{ total: number }>(stage, 'topics?search=imported')
    stage.tally.claim('an import is seen before it is done', (await search()).total === 0 ? null : 'it was done')
    await press(inDialog(page).getByRole('button', { name: /^Do it: 1 change$/ }))
    await claim(stage, 'definitions are imported', async () => (await search()).total === 1)
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('no JSON') })
    await page.getByText('The file is no JSON object.').waitFor()
  })

  await step(stage, 'quotas are set', async () => {
    type Quotas = { quotas: { values: Record<string, number> }[] }
    const first = async () => (await told<Quotas>(stage, 'quotas')).quotas[0]?.values.producer_byte_rate
    await page.goto(`${url}/settings/quotas`)
    await press(button(page, 'New quota'))
    await inDialog(page).getByLabel('Of a').selectOption('clientId')
    await inDialog(page).getByLabel('Name').fill('importer')
    await inDialog(page).getByLabel('Writes').fill('1048576')
    await press(inDialog(page).getByRole('button', { name: 'Set the quotas' }))
    await claim(stage, 'a quota is set', async () => (await first()) === 1_048_576)
    await press(button(page, 'Change the quotas of client id importer'))
    await inDialog(page).getByLabel('Writes').fill('2097152')
    await press(inDialog(page).getByRole('button', { name: 'Set the quotas' }))
    await claim(stage, 'a quota is changed', async () => (await first()) === 2_097_152)
    await press(button(page, 'Take away the quotas of client id importer'))
    await press(inDialog(page).getByRole('button', { name: 'Take them away' }))
    await claim(stage, 'a quota is taken away', async () => (await first()) === undefined)
  })
}

export async function actOnShell(stage: Stage): Promise<void> {
  const { page, url } = stage
  await step(stage, 'keys', async () => {
    await page.goto(url)
    await page.locator('h1').waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await page.getByRole('heading', { name: 'Connections' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('web')
    await page.waitForURL(/search=web/)
    await page.locator('h1').click()
    await page.keyboard.press('?')
    await inDialog(page).waitFor()
    await page.keyboard.press('Escape')
    await inDialog(page).waitFor({ state: 'detached' })
    stage.tally.claim('keys lead to pages, to the search and to their help', null)
  })
  await step(stage, 'theme', async () => {
    const background = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
    const before = await background()
    await page.goto(`${url}/settings/about`)
    await page.getByLabel('Theme', { exact: true }).selectOption('dark')
    await page.reload()
    await page.getByLabel('Theme', { exact: true }).waitFor()
    const isKept = before !== (await background()) && (await page.getByLabel('Theme', { exact: true }).inputValue()) === 'dark'
    stage.tally.claim('the theme that was chosen is kept', isKept ? null : 'it is not')
    await page.getByLabel('Theme', { exact: true }).selectOption('system')
  })
}

export async function actOnUsers(stage: Stage): Promise<void> {
  const { page, url } = stage
  await step(stage, 'logging in', async () => {
    await page.goto(`${url}/settings/users`)
    await page.getByLabel('User').fill('admin')
    await page.getByLabel('Password').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Password').fill('admin-secret')
    await page.keyboard.press('Enter')
    await page.getByText('New user').waitFor()
    stage.tally.claim('a user logs in with the right password only, and is where the address says', null)
  })
  await step(stage, 'users', async () => {
    const names = async () => (await told<{ users: { name: string }[] }>(stage, 'users')).users.map(({ name }) => name).join()
    await press(button(page, 'New user'))
    await inDialog(page).getByLabel('Name').fill('<b>bob</b>')
    await inDialog(page).getByLabel('Password').fill('bob-secret')
    await press(inDialog(page).getByRole('button', { name: 'Make the user' }))
    await claim(stage, 'a user is made', async () => (await names()) === '<b>bob</b>,admin')
    await press(button(page, 'Give <b>bob</b> another password'))
    await inDialog(page).getByLabel('Password').fill('other-secret')
    await press(inDialog(page).getByRole('button', { name: 'Set the password' }))
    await inDialog(page).waitFor({ state: 'detached' })
    await press(button(page, 'Delete <b>bob</b>'))
    await press(inDialog(page).getByRole('button', { name: 'Delete the user' }))
    await claim(stage, 'a user is deleted', async () => (await names()) === 'admin')
  })
  await step(stage, 'ACLs', async () => {
    const count = async () => (await told<{ acls: unknown[] }>(stage, 'acls')).acls.length
    await page.goto(`${url}/settings/acls`)
    await press(button(page, 'New ACL'))
    await inDialog(page).getByLabel('Who', { exact: true }).fill('User:<i>eve</i>')
    await inDialog(page).getByLabel('Name', { exact: true }).fill('orders')
    await press(inDialog(page).getByRole('button', { name: 'Add the ACL' }))
    await claim(stage, 'an ACL is added', async () => (await count()) === 1)
    await press(button(page, 'Delete this ACL of User:<i>eve</i>'))
    await press(inDialog(page).getByRole('button', { name: 'Delete the ACL' }))
    await claim(stage, 'an ACL is deleted', async () => (await count()) === 0)
  })
  await step(stage, 'logging out', async () => {
    await press(button(page, 'Log out'))
    await page.getByRole('heading', { name: 'Log in to Gregor' }).waitFor()
    stage.tally.claim('a user logs out', null)
  })
}
