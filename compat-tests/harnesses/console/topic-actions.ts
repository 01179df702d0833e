/** What the console can be told to do with topics and their records. */
import { button, claim, inDialog, press, type Stage, step, told } from './stage.js'

const name = 'made-here'

export async function actOnTopics(stage: Stage): Promise<void> {
  const { page, url, tally } = stage
  type Topic = { records: number; partitions: { startOffset: number; endOffset: number }[] }
  const topic = () => told<Topic>(stage, `topics/${name}`)

  await step(stage, 'a topic is created', async () => {
    await page.goto(`${url}/topics`)
    await press(button(page, 'Create a topic'))
    await inDialog(page).getByLabel('Name').fill('orders')
    await press(inDialog(page).getByRole('button', { name: 'Create' }))
    await inDialog(page).getByText('Choose another name').waitFor()
    await inDialog(page).getByLabel('Name').fill(name)
    await inDialog(page).getByLabel('Partitions').fill('1')
    await press(inDialog(page).getByRole('button', { name: 'Create' }))
    await claim(stage, 'a topic is created, not one that is there', async () => (await topic()).partitions.length === 1)
  })

  await step(stage, 'records are produced and come live', async () => {
    await page.goto(`${url}/topics/${name}?live=1`)
    await page.getByText('Live', { exact: false }).first().waitFor()
    await press(button(page, 'Produce'))
    await inDialog(page).getByRole('textbox', { name: 'Key' }).fill('k-1')
    await inDialog(page).getByRole('textbox', { name: 'Value' }).fill('<img src=x onerror="globalThis.injected=9">')
    await press(inDialog(page).getByRole('button', { name: 'Produce' }))
    await claim(stage, 'a record is produced', async () => (await topic()).records === 1)
    await page.locator('td', { hasText: 'onerror="globalThis.injected=9"' }).first().waitFor()
    tally.claim('a record that is produced comes to the live tail', null)
  })

  await step(stage, 'a record is opened and replayed', async () => {
    await page.goto(`${url}/topics/${name}?open=0%3A0`)
    const record = page.getByRole('region', { name: 'Record 0 of partition 0' })
    await record.getByText('onerror').first().waitFor()
    await press(record.getByRole('button', { name: 'Replay' }))
    await press(inDialog(page).getByRole('button', { name: 'Replay' }))
    await claim(stage, 'a record that a link names is replayed', async () => (await topic()).records === 2)
  })

  await step(stage, 'records are looked for', async () => {
    await page.goto(`${url}/topics/orders?from=start`)
    await page.getByPlaceholder('Only with this text in key, value or headers').fill('SKU-7')
    await page.waitForURL(/filter=SKU-7/)
    await claim(stage, 'a filter leaves the records that have its text', async () => {
      const rows = await page.locator('table[aria-label="Messages of orders"] tbody tr').allTextContents()
      return rows.length > 0 && rows.every(row => row.includes('SKU-7'))
    })
  })

  await step(stage, 'a topic gets partitions and another config', async () => {
    await page.goto(`${url}/topics/${name}/partitions`)
    await press(button(page, 'Add partitions'))
    await inDialog(page).getByLabel('Partitions in all').fill('3')
    await press(inDialog(page).getByRole('button', { name: 'Add' }))
    await claim(stage, 'partitions are added', async () => (await topic()).partitions.length === 3)
    await page.goto(`${url}/topics/${name}/configs?search=retention.ms`)
    await press(button(page, 'Change retention.ms'))
    await inDialog(page).getByLabel('Value').fill('12345')
    await press(inDialog(page).getByRole('button', { name: 'Save' }))
    type Configs = { configs: { name: string; value: string }[] }
    await claim(stage, 'a config of a topic is changed', async () => {
      const { configs } = await told<Configs>(stage, `topics/${name}/configs`)
      return configs.find(one => one.name === 'retention.ms')?.value === '12345'
    })
  })

  await step(stage, 'a topic is purged and deleted', async () => {
    await page.goto(`${url}/topics/${name}`)
    await press(page.locator('.page-header').getByRole('button', { name: 'Purge' }))
    await inDialog(page).getByRole('textbox').fill(name)
    await press(inDialog(page).getByRole('button', { name: 'Purge' }))
    await claim(stage, 'a topic is purged, once its name was typed', async () => (await topic()).records === 0)
    await press(page.locator('.page-header').getByRole('button', { name: 'Delete' }))
    await inDialog(page).getByRole('textbox').fill(name)
    await press(inDialog(page).getByRole('button', { name: 'Delete' }))
    await claim(stage, 'a topic is deleted, once its name was typed', async () => {
      return (await told<{ total: number }>(stage, `topics?search=${name}`)).total === 0
    })
  })
}
