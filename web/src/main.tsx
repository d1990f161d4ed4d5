import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import './style.css'
import { startLanguages } from './text/i18n.ts'

const place = document.getElementById('app')
if (place === null) throw new TypeError('index.html has no #app')

await startLanguages()
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
