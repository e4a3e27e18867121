/** `JBSW Y3DP EHPK`: as it is typed from a screen. */
export const inFours = (secret: string) => secret.match(/.{1,4}/g)?.join(' ') ?? secret;

/** What is downloaded: which log-in the codes are for, and the codes, a line each. */
export const recoveryFile = (codes: readonly string[], email: string, host: string) =>
  [
    `Recovery codes for ${email ? `${email} at ` : ''}Playhead on ${host}`,
    'Each works once, in place of the code of the authenticator app.',
    '',
    ...codes,
    '',
  ].join('\n');

/** How a session began, in words; what is none of ours is the id of a provider. */
export function methodText(method: string): string {
  switch (method) {
    case '':
      return 'logged in';
    case 'password':
      return 'logged in with a password';
    case 'password+code':
      return 'logged in with password and code';
    case 'link':
      return 'logged in with a link';
    default:
      return `logged in by ${method}`;
  }
}
