/** One place where the dashboard talks to the server. */

export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** How long to wait before asking again, when the server says so. */
    readonly retryAfter_s: number | null = null,
  ) {
    super(message);
    this.name = 'HttpError';
  }
}

/** What a call that failed says; `otherwise` is what is still so when the server can't be reached. */
export function reason(error: unknown, otherwise = ''): string {
  return error instanceof HttpError
    ? error.message
    : `The server could not be reached. ${otherwise}`.trim();
}

let csrf = '';

/** The session's token, sent with every call that changes something. */
export function setCsrf(token: string): void {
  csrf = token;
}

interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** A list gives its name once for each of its values. */
  query?: Record<string, string | number | boolean | readonly string[] | null | undefined>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export async function call(path: string, options: Call = {}): Promise<Response> {
  const { method = 'GET', body, query, signal } = options;
  const headers: Record<string, string> = { ...options.headers };
  if (method !== 'GET') headers['X-Playhead-CSRF'] = csrf;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(path + search(query), {
    method,
    headers,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (response.ok) return response;
  throw await errorOf(response);
}

export async function json<T>(path: string, options?: Call): Promise<T> {
  return (await (await call(path, options)).json()) as T;
}

function search(query: Call['query']): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (typeof value === 'object' && value !== null)
      for (const one of value) params.append(name, one);
    else if (value !== undefined && value !== null && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

async function errorOf(response: Response): Promise<HttpError> {
  const wait = Number(response.headers.get('Retry-After') ?? NaN);
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return new HttpError(
      response.status,
      error.code,
      error.message,
      Number.isFinite(wait) ? wait : null,
    );
  } catch {
    return new HttpError(
      response.status,
      'unexpected',
      `The server answered ${response.status} ${response.statusText}`.trim() + '.',
    );
  }
}
