import type { Project, Session } from '../api/types';

export interface Snippet {
  name: string;
  file: string;
  code: string;
  note: string;
}

/** What to put on a site, one for each way sites are built. */
export function snippets(project: Project, session: Session): Snippet[] {
  const { token } = project;
  const sdk = session.sdk_url;
  const host = new URL(sdk, location.origin).origin;
  return [
    {
      name: 'HTML',
      file: 'In the <head> of every page',
      code: `<script src="${sdk}" data-token="${token}" defer></script>`,
      note: 'That is all. All text and every input are masked before anything leaves the browser.',
    },
    {
      name: 'npm',
      file: 'Where your app starts',
      code: `import playhead from 'playhead-browser';\n\nplayhead.init('${token}', {\n  api_host: '${host}',\n  record_sessions_percent: 100,\n});`,
      note: 'The package is in the sdk folder of the Playhead sources: npm install ./sdk',
    },
    {
      name: 'Mixpanel already installed',
      file: 'Change two options of your mixpanel.init',
      code: `mixpanel.init('${token}', {\n  api_host: '${host}',\n  record_sessions_percent: 100,\n});`,
      note: 'Your mixpanel-browser stays as it is and sends its events, profiles and replays here.',
    },
    {
      name: 'GTM',
      file: 'New tag: Custom HTML, trigger “Initialization, all pages”',
      code: `<script>\n  (function () {\n    var script = document.createElement('script');\n    script.src = '${sdk}';\n    script.dataset.token = '${token}';\n    document.head.appendChild(script);\n  })();\n</script>`,
      note: 'Google Tag Manager drops data attributes of script tags, so the tag makes its own.',
    },
    {
      name: 'React',
      file: 'main.tsx',
      code: `import playhead from 'playhead-browser';\n\nplayhead.init('${token}', {\n  api_host: '${host}',\n  record_sessions_percent: 100,\n  track_pageview: 'url-with-path',\n});\n\ncreateRoot(document.getElementById('root')!).render(<App />);`,
      note: 'Call it once, before the first render. Pages of your router are noticed by themselves.',
    },
  ];
}
