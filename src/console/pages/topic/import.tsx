/** Records out of a file into the topic. */
import { useState } from 'preact/hooks'
import { api, open } from '../../api/client.js'
import { bytes, counted } from '../../format.js'
import { queryText } from '../../path.js'
import { Dialog } from '../../ui/dialog.js'
import { CheckField, Form, useSubmit } from '../../ui/form.js'
import { tell } from '../../ui/toast.js'

interface ImportDialogProps {
  readonly topic: string
  readonly onClose: () => void
  readonly onDone: () => void
}

export function ImportDialog({ topic, onClose, onDone }: ImportDialogProps) {
  const [file, setFile] = useState<File | null>(null)
  const [keepPartitions, setKeepPartitions] = useState(false)
  const sending = useSubmit(async () => {
    const type = /\.csv$/i.test(file!.name) ? 'text/csv' : 'application/x-ndjson'
    const path = api`topics/${topic}/import` + queryText({ keepPartitions })
    const response = await open(path, { method: 'POST', headers: { 'Content-Type': type }, body: file })
    const { imported } = (await response.json()) as { readonly imported: number }
    tell(`Imported ${counted(imported, 'record')} into ${topic}.`)
    onDone()
    onClose()
  })
  return (
    <Dialog title={`Import into ${topic}`} onClose={onClose}>
      <Form sending={sending} action="Import" isReady={file !== null} onCancel={onClose}>
        <p>
          A file as export writes it: CSV when its name ends in .csv, else NDJSON. A wrong line ends it; those before it stay.
        </p>
        <div class="field">
          <label for="import-file">File</label>
          <input
            id="import-file"
            type="file"
            accept=".ndjson,.jsonl,.json,.csv"
            onChange={event => setFile(event.currentTarget.files?.[0] ?? null)}
          />
          {file !== null && <p class="hint">{bytes(file.size)}</p>}
        </div>
        <CheckField label="Into the partitions that the file names" isChecked={keepPartitions} onChecked={setKeepPartitions} />
      </Form>
    </Dialog>
  )
}
