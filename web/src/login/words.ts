import { HttpError } from '../api/http';

/** What kept somebody out, told with the next step. */
export function loginTrouble(error: unknown, step: 'password' | 'code'): string {
  if (!(error instanceof HttpError))
    return 'The server could not be reached. Check the connection and try again.';
  switch (error.code) {
    case 'bad_login':
      return step === 'code'
        ? 'This code is not right, or it was used already. Take the newest one of your app.'
        : 'E-mail and password don’t match. Check both and try again.';
    default:
      return error.message;
  }
}

/** Why a provider's log-in came back without one; `code` stands in the address. */
export function providerTrouble(code: string): string {
  switch (code) {
    case 'access_denied':
      return 'The log-in was cancelled at the provider.';
    case 'no_account':
    case 'not_a_member':
      return 'The provider knows you, but nobody has invited this address to Playhead yet. Ask an owner for an invitation.';
    case 'expired':
    case 'bad_state':
      return 'That log-in took too long or was started in another window. Start it again.';
    case 'link_used':
      return 'This link was used already or is too old. Ask for a new one, or log in another way.';
    default:
      return 'The provider’s log-in did not work. Try again, or log in another way.';
  }
}

/** `0:42`, `12:00`, for a wait in whole seconds. */
export function waitText(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
