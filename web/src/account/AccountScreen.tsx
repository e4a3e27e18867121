import { useSession } from '../shell/session';
import { Activities } from './Activities';
import style from './Account.module.css';
import { FinishAccount, Password, Profile } from './Profile';
import { Sessions } from './Sessions';
import { TwoStep } from './TwoStep';

/** A member's own: who they are, how they log in, where they are logged in, what was done in their name. */
export function AccountScreen() {
  const { member } = useSession();
  return (
    <div className={style.screen}>
      <div className={style.column}>
        <h1>Your account</h1>
        {member.has_password ? (
          <>
            <Profile member={member} />
            <Password />
          </>
        ) : (
          <FinishAccount member={member} />
        )}
        <TwoStep member={member} />
        <Sessions />
        <Activities />
      </div>
    </div>
  );
}
