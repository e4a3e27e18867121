/** Activity over the length of a visit: one bar for each thirty-second part of it. */
export function Sparkline({ values }: { values: number[] }) {
  const most = Math.max(1, ...values);
  return (
    <svg width={128} height={18} viewBox="0 0 128 18" aria-hidden style={{ display: 'block' }}>
      {Array.from({ length: 32 }, (_, i) => {
        const value = values[i] ?? 0;
        const height = value === 0 ? 1 : 3 + 15 * Math.sqrt(value / most);
        return (
          <rect
            key={i}
            x={i * 4}
            y={18 - height}
            width={3}
            height={height}
            rx={value === 0 ? 0 : 1}
            fill={value === 0 ? 'var(--line-strong)' : 'var(--text-3)'}
            opacity={value === 0 ? 1 : 0.55}
          />
        );
      })}
    </svg>
  );
}
