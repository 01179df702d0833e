/** The shell: the menu, who is logged in, and the page of the address. */
import { loadSession, logOut, mayWrite, session, sessionFailure } from './api/client.js'
import { isHelpOpen } from './keys.js'
import { Login } from './pages/login.js'
import { path } from './router.js'
import { routeAt, routes } from './routes.js'
import { Dialog, Questions } from './ui/dialog.js'
import { Icon, Logo } from './ui/icons.js'
import { Button, FailureBox, Page } from './ui/parts.js'
import { nextTheme, theme } from './ui/theme.js'
import { Toasts } from './ui/toast.js'

export function App() {
  const { value } = session
  if (value === null) return <Greeting />
  if (value.needsLogin && value.principal === null) return <Login />
  const found = routeAt(path.value)
  const View = found?.route.view
  const current = found?.route.below ?? found?.route.path
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <aside class="side">
        <a class="brand" href="/">
          <Logo /> <span>Gregor</span>
        </a>
        <nav aria-label="Pages of the console" class="menu">
          {routes.map(
            ({ path, nav }) =>
              nav !== undefined && (
                <a key={path} href={path} aria-current={path === current ? 'page' : undefined}>
                  <Icon name={nav.icon} /> {nav.title}
                </a>
              ),
          )}
        </nav>
        <Foot />
      </aside>
      <main id="main" tabIndex={-1}>
        {!mayWrite.value && (
          <p class="read-only">
            <Icon name="info" /> Read only: nothing can be changed from here unless <code>gregor.http.allow.writes=true</code>.
          </p>
        )}
        {View === undefined ? <Missing /> : <View key={keyOf(found!.params)} params={found!.params} />}
      </main>
      <Toasts />
      <Questions />
      {isHelpOpen.value && <Help />}
    </div>
  )
}

/** Another topic is another page: nothing of the last one's state stays. Its tabs are of one. */
const keyOf = (params: Readonly<Record<string, string>>): string => Object.values(params)[0] ?? ''

function Foot() {
  const { principal, needsLogin } = session.value!
  const words = { system: 'as the system', light: 'light', dark: 'dark' }
  const icons = { system: 'system', light: 'sun', dark: 'moon' } as const
  return (
    <footer class="foot">
      {needsLogin && (
        <div class="who" title={principal ?? ''}>
          {principal}
        </div>
      )}
      <div class="foot-buttons">
        <Button
          tone="quiet"
          icon={icons[theme.value]}
          hint={`Theme: ${words[theme.value]}. Press for the next`}
          onClick={nextTheme}
        />
        <Button
          tone="quiet"
          icon="info"
          hint="Keys and links"
          onClick={() => {
            isHelpOpen.value = true
          }}
        />
        {needsLogin && <Button tone="quiet" icon="out" hint="Log out" onClick={() => void logOut()} />}
      </div>
    </footer>
  )
}

function Greeting() {
  return (
    <main class="alone">
      <Logo />
      {sessionFailure.value === null ? (
        <p>Asking the broker…</p>
      ) : (
        <FailureBox failure={sessionFailure.value} onRetry={() => void loadSession()} />
      )}
    </main>
  )
}

function Missing() {
  return (
    <Page title="Nothing here">
      <p class="empty">
        No page of the console has this address. <a href="/">Go to the overview</a>, or to <a href="/topics">the topics</a>.
      </p>
    </Page>
  )
}

function Help() {
  return (
    <Dialog
      title="Keys"
      onClose={() => {
        isHelpOpen.value = false
      }}
    >
      <dl class="keys">
        {routes.map(
          ({ nav }) =>
            nav !== undefined && (
              <div key={nav.key}>
                <dt>
                  <kbd>g</kbd> <kbd>{nav.key}</kbd>
                </dt>
                <dd>{nav.title}</dd>
              </div>
            ),
        )}
        <div>
          <dt>
            <kbd>/</kbd>
          </dt>
          <dd>Search</dd>
        </div>
        <div>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>These keys</dd>
        </div>
        <div>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>Close a dialog</dd>
        </div>
      </dl>
      <p>
        The address of every page holds its search, filters and place: copy it to share what you see. What the console does,{' '}
        <a href="/api/openapi.json">/api/v1</a> does.
      </p>
    </Dialog>
  )
}
