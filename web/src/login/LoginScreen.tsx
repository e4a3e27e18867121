import { KeyRound } from 'lucide-react';

import { Copy } from '../lib/Copy';
import style from './Login.module.css';

export function LoginScreen() {
  return (
    <main className={style.page}>
      <div className={style.card}>
        <img src="/assets/playhead.svg" alt="" width={36} height={36} />
        <h1>Log in with a link</h1>
        <p>
          Playhead has no passwords. On the machine that runs it, ask for a one-time link and open
          that link in this browser:
        </p>
        <div className={style.command}>
          <code>playhead login-url</code>
          <Copy text="playhead login-url" label="Copy the command" />
        </div>
        <p className={style.small}>
          <KeyRound size={14} aria-hidden /> The server also prints one when it starts. A link works
          once; the log-in it gives stays in this browser.
        </p>
      </div>
    </main>
  );
}
