import type { MarkerKind } from '../api/types';

/** Each kind has a shape of its own beside its colour. */
export function SignShape({ kind, size = 12 }: { kind: MarkerKind; size?: number }) {
  const box = { width: size, height: size, viewBox: '0 0 12 12', 'aria-hidden': true } as const;
  switch (kind) {
    case 'error':
      return (
        <svg {...box}>
          <path d="M6 .8 11.2 6 6 11.2.8 6Z" fill="var(--red)" />
          <path d="M4.6 4.600l2.800 2.800m0-2.800L4.600 7.400" stroke="#fff" strokeWidth="1.2" />
        </svg>
      );
    case 'rage_click':
      return (
        <svg {...box}>
          <path d="M6 1 11.600 11H.4Z" fill="var(--amber)" />
          <path d="M6 4.500v3M6 8.700v1" stroke="#fff" strokeWidth="1.3" />
        </svg>
      );
    case 'event':
      return (
        <svg {...box}>
          <circle cx="6" cy="6" r="4.5" fill="var(--accent)" />
        </svg>
      );
    case 'page':
      return (
        <svg {...box}>
          <path
            d="M2.500 1h5l2.500 2.500V11h-7.500Z"
            fill="none"
            stroke="var(--text-2)"
            strokeWidth="1.200"
          />
        </svg>
      );
    case 'click':
      return (
        <svg {...box}>
          <path
            d="M2.500 1.500 10 6 6.500 6.900 5 10.200Z"
            fill="none"
            stroke="var(--text-2)"
            strokeWidth="1.200"
            strokeLinejoin="round"
          />
        </svg>
      );
    case 'input':
      return (
        <svg {...box}>
          <path d="M4 1.500h4M4 10.500h4M6 1.500v9" stroke="var(--text-2)" strokeWidth="1.200" />
        </svg>
      );
    case 'gap':
    case 'storm':
    case 'oversize':
      return (
        <svg {...box}>
          <rect
            x="1.500"
            y="1.500"
            width="9"
            height="9"
            rx="1.500"
            fill="none"
            stroke="var(--text-3)"
            strokeWidth="1.200"
            strokeDasharray="2 1.500"
          />
        </svg>
      );
  }
}

export const KIND_NAMES: Record<MarkerKind, string> = {
  event: 'Event',
  page: 'Page',
  click: 'Click',
  rage_click: 'Rage click',
  input: 'Input',
  error: 'Error',
  storm: 'Too many changes; the recording paused',
  oversize: 'Too large to send',
  gap: 'Missing part',
};
