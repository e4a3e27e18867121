import type { PersonName } from '../api/types';
import { personLabel } from '../lib/format';

/** Hues that carry white text at AA in both themes. */
const COLOURS = [
  '#3557e0',
  '#0f766e',
  '#9a3412',
  '#7e3ab8',
  '#a21862',
  '#3f6212',
  '#1d6fa5',
  '#8a5a00',
];

export function Avatar({ person, size = 28 }: { person: PersonName; size?: number }) {
  const known = Boolean(person.name ?? person.email);
  const label = personLabel(person);
  const words = (known ? label.replace(/@.*/, '') : '').split(/[\s._-]+/).filter(Boolean);
  const initials = (
    words.length > 1 ? `${words[0]?.[0]}${words.at(-1)?.[0]}` : (words[0] ?? '').slice(0, 2)
  ).toUpperCase();
  return (
    <span
      aria-hidden
      style={{
        display: 'grid',
        placeItems: 'center',
        flex: 'none',
        width: size,
        height: size,
        borderRadius: '50%',
        background: known ? colourOf(person.distinct_id) : 'var(--sunken)',
        boxShadow: known ? 'none' : 'inset 0 0 0 1px var(--line-strong)',
        color: known ? '#fff' : 'var(--text-3)',
        fontSize: Math.round(size * 0.38),
        fontWeight: 600,
        letterSpacing: '0.01em',
      }}
    >
      {known ? (
        initials
      ) : (
        <svg
          width={size * 0.5}
          height={size * 0.5}
          viewBox="0 0 16 16"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
        >
          <circle cx="8" cy="5.5" r="2.75" />
          <path
            d="M2.5 14c.6-3 2.800-4.500 5.500-4.500s4.900 1.500 5.500 4.500"
            strokeLinecap="round"
          />
        </svg>
      )}
    </span>
  );
}

export function colourOf(id: string): string {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return COLOURS[hash % COLOURS.length] as string;
}
