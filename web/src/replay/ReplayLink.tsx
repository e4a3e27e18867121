import { useEffect } from 'react';

/** The SDK's own link to a replay: whoever has logged in on it is sent on by the server, which knows the project. */
export function ReplayLink() {
  useEffect(() => {
    window.location.reload();
  }, []);
  return null;
}
