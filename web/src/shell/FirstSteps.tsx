import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { KeyRound, X } from 'lucide-react';

import { loginWaysQuery } from '../api/access';
import type { Session } from '../api/types';
import { usePreference } from '../lib/hooks';
import style from './Shell.module.css';

/** Reminds whoever came in by a link that they can't come back without another. Not where a provider lets them in. */
export function FirstSteps({ session }: { session: Session }) {
  const [closed, setClosed] = usePreference('first-steps-closed', false);
  const asks = !session.member.has_password && session.shop_url === null && !closed;
  const ways = useQuery({ ...loginWaysQuery, enabled: asks });
  if (!asks || ways.data?.oidc.length !== 0) return null;
  return (
    <div className={style.first}>
      <KeyRound size={14} aria-hidden />
      <span>
        You came in with a one-time link. <Link to="/account">Choose a password</Link> to log in
        again from anywhere.
      </span>
      <button
        type="button"
        className="icon"
        aria-label="Close this note"
        onClick={() => setClosed(true)}
      >
        <X size={14} aria-hidden />
      </button>
    </div>
  );
}
