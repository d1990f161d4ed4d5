import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Builds the pages into `web/dist`, in a form that the server's content security policy lets through. */
export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // The policy allows neither data: fonts nor inline scripts.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        codeSplitting: {
          // Few requests: what every page needs, our own parts, and what dialogs, choices and each page bring beside them.
          groups: [
            { name: 'first', tags: ['$initial'], priority: 1 },
            {
              name: 'parts',
              test: /[\\/]web[\\/]src[\\/](?!pages|studio|api[\\/]policy|parts[\\/](dialog|choice)|text[\\/]\w+\.json)|@simplewebauthn/u,
            },
          ],
        },
      },
    },
    // For the sizes that the build prints.
    manifest: true,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': 'http://localhost:8080' } },
})
