import { resolve } from 'node:path';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

import { mockApi } from './dev/mock';

// `npm run dev` answers the API from dev/mock.ts; with PLAYHEAD_SERVER=http://127.0.0.1:8800 it passes the API
// on to a running server.
const server = process.env['PLAYHEAD_SERVER'];
const passedOn = ['/api', '/login', '/replay', '/sdk.js', '/sdk', '/shop'];

export default defineConfig(({ command }) => ({
  plugins: [react(), ...(command === 'serve' && !server ? [mockApi()] : [])],
  server: server
    ? { proxy: Object.fromEntries(passedOn.map((path) => [path, { target: server }])) }
    : {},
  build: {
    target: 'es2022',
    // ECharts, which only the reports' charts load, is 580 kB (197 kB compressed).
    chunkSizeWarningLimit: 600,
    rollupOptions: {
      input: {
        dashboard: resolve(import.meta.dirname, 'index.html'),
        player: resolve(import.meta.dirname, 'player/index.html'),
      },
    },
  },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}', 'dev/**/*.test.ts'] },
}));
