/** `A / B * 100` with the metrics' numbers; null where there is no number, or a division by zero. */
export function formula(text: string, values: (number | null)[]): number | null {
  const tokens = text.match(/[A-J]|\d+(\.\d+)?|[-+*/()]/gi) ?? [];
  let at = 0;
  const apply = (a: number | null, sign: string | undefined, b: number | null) => {
    if (a === null || b === null || (sign === '/' && b === 0)) return null;
    return sign === '+' ? a + b : sign === '-' ? a - b : sign === '*' ? a * b : a / b;
  };
  const factor = (): number | null => {
    const token = tokens[at++];
    if (token === '(') {
      const inside = sum();
      at++;
      return inside;
    }
    if (token === '-') return apply(0, '-', factor());
    if (token && /[a-j]/i.test(token))
      return values[token.toUpperCase().charCodeAt(0) - 65] ?? null;
    return Number(token);
  };
  const series = (part: () => number | null, signs: string): number | null => {
    let left = part();
    while (signs.includes(tokens[at] ?? ' ')) left = apply(left, tokens[at++], part());
    return left;
  };
  const product = () => series(factor, '*/');
  const sum = (): number | null => series(product, '+-');
  return sum();
}
