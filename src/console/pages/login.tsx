import { useState } from 'preact/hooks'
import { logIn } from '../api/client.js'
import { Form, TextField, useSubmit } from '../ui/form.js'
import { Logo } from '../ui/icons.js'

export function Login() {
  const [username, setUsername] = useState('')
  const [password, setPassword] = useState('')
  const sending = useSubmit(() => logIn(username, password))
  return (
    <main class="alone">
      <Logo />
      <h1>Log in to Gregor</h1>
      <p class="muted">As one of the broker’s users (SCRAM or PLAIN). What you may do here is what your ACLs allow.</p>
      <Form sending={sending} action="Log in" isReady={username !== '' && password !== ''}>
        <TextField label="User" value={username} onValue={setUsername} autocomplete="username" isFocused />
        <TextField label="Password" type="password" value={password} onValue={setPassword} autocomplete="current-password" />
      </Form>
    </main>
  )
}
