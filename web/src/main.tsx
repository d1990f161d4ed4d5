import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App, loadFirstPage } from './app.tsx'
import './style.css'
import { startLanguages } from './text/i18n.ts'

const place = document.getElementById('app')
if (place === null) throw new TypeError('index.html has no #app')

// Not awaited here: the code of a page imports this very module's, which would then wait for the page.
void start(place)

async function start(app: HTMLElement): Promise<void> {
  try {
    await Promise.all([startLanguages(), loadFirstPage()])
  } catch (error) {
    // There are no texts to say it with but those of index.html.
    app.hidden = true
    document.getElementById('not-loaded')?.removeAttribute('hidden')
    throw error
  }
  createRoot(app).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
