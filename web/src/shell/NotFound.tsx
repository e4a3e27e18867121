import { Link } from '@tanstack/react-router';
import { MapPinOff } from 'lucide-react';

import { Trouble } from '../lib/Trouble';

export function NotFound() {
  return (
    <Trouble
      icon={<MapPinOff size={18} />}
      title="There is no such page"
      action={
        <Link to="/" className="btn">
          Go to the replays
        </Link>
      }
    >
      The address may be mistyped, or the project may be gone.
    </Trouble>
  );
}
