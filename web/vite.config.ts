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
    // One bundle, about 175 kB compressed, which the font files outweigh.
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': 'http://localhost:8080' } },
})
