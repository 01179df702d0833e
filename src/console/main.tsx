import { render } from 'preact'
import './styles/base.css'
import './styles/pages.css'
import './styles/parts.css'
import './styles/controls.css'
import './styles/tables.css'
import './styles/notices.css'
import './styles/charts.css'
import './styles/overview.css'
import './styles/shell.css'
import './styles/topic.css'
import { loadSession } from './api/client.js'
import { App } from './app.js'
import { listenToKeys } from './keys.js'
import { followLinks } from './router.js'
import { followTheme } from './ui/theme.js'

followTheme()
followLinks()
listenToKeys()
void loadSession()
render(<App />, document.body)
