import { defineConfig } from 'vite';

// The server that answers the API while developing; see README.md.
const server = process.env.JQS_SERVER ?? 'http://127.0.0.1:16686';

export default defineConfig({
  // Assets are addressed relative to <base>, so that the same files work under any base path.
  base: './',
  appType: 'spa',
  build: {
    target: 'es2022',
    // A content security policy of `default-src 'self'` refuses data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/api': server } },
});
