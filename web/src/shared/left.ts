/** How long something still works, in a sentence, hours and days to the nearest: `for 3 more days`. */
export function leftOf(time: string, now: number): string {
  const minutes = Math.floor((new Date(time).getTime() - now) / 60_000);
  if (minutes < 1) return 'for less than a minute';
  const [value, unit] =
    minutes < 60
      ? [minutes, 'minute']
      : minutes < 48 * 60
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1440), 'day'];
  return `for ${value} more ${unit}${value === 1 ? '' : 's'}`;
}
