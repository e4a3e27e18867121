import { HttpError } from '../api/http';

/** What kept somebody out, told with the next step. */
export function loginTrouble(error: unknown): string {
  if (!(error instanceof HttpError))
    return 'The server could not be reached. Check the connection and try again.';
  switch (error.code) {
    case 'bad_login':
      return 'E-mail and password don’t match. Check both and try again.';
    case 'bad_code':
      return 'This code is not right, or it was used already. Take the newest one.';
    default:
      return error.message;
  }
}

/** Why a link or a provider led back to the log-in; `code` stands in the address. */
export function wayTrouble(code: string): string {
  switch (code) {
    case 'oidc_denied':
      return 'The provider did not let you in, or the log-in was cancelled there.';
    case 'oidc_unverified':
      return 'The provider has not verified your e-mail address. Verify it there, then log in again.';
    case 'not_invited':
      return 'The provider knows you, but nobody has invited your address to Playhead. Ask an owner or admin for an invitation.';
    case 'oidc_state':
      return 'That log-in took too long, or was begun in another browser. Begin it again here.';
    case 'link_spent':
      return 'This link was used already or is too old. Ask for a new one, or log in another way.';
    case 'oidc_down':
      return 'The provider does not answer. Try again in a while, or log in another way.';
    default:
      return 'The provider’s log-in did not work. Try again, or log in another way.';
  }
}

/** `0:42`, `12:00`, for a wait in whole seconds. */
export function waitText(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
