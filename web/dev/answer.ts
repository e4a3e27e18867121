/** What every part of the made-up API needs to read a request and to answer it. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export type Json = Record<string, unknown>;

export function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  type = 'application/json',
) {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.end(type === 'application/json' ? JSON.stringify(body) : (body as string));
}

export const refuse = (response: ServerResponse, status: number, code: string, message: string) =>
  send(response, status, { error: { code, message } });

export function bodyOf(request: IncomingMessage): Promise<Json> {
  return new Promise((resolve) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => resolve((text ? JSON.parse(text) : {}) as Json));
  });
}

/** One page of a list whose cursor is an offset. */
export function page<T>(rows: T[], url: URL, usual = 50) {
  const offset = Number(url.searchParams.get('cursor') ?? 0);
  const limit = Number(url.searchParams.get('limit') ?? usual);
  return {
    results: rows.slice(offset, offset + limit),
    next_cursor: offset + limit < rows.length ? String(offset + limit) : null,
    total: rows.length,
  };
}

/** A number from 0 to 1 that is always the same for the same text. */
export function luck(...parts: unknown[]): number {
  let found = 2166136261;
  for (const char of parts.join('\n'))
    found = Math.imul(found ^ (char.codePointAt(0) ?? 0), 16777619);
  // FNV's upper bits vary too little between texts that differ at their end.
  found ^= found >>> 15;
  found = Math.imul(found, 0x2c1b3c6d);
  found ^= found >>> 12;
  return (found >>> 0) / 2 ** 32;
}
