// Why a request failed, in words for the reader.

export class Failure extends Error {
  /** The HTTP status, or 0 when no answer came. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'Failure';
    this.status = status;
  }
}

/** The server's own message: the `error` of api_v3, the `errors` of the older API, or plain text. */
export function messageOf(status: number, body: string): string {
  try {
    const parsed = JSON.parse(body) as {
      error?: { message?: string };
      errors?: { msg?: string }[] | null;
      message?: string;
    } | null;
    const message = parsed?.error?.message ?? parsed?.errors?.[0]?.msg ?? parsed?.message;
    if (message) return message;
  } catch {
    const text = body.trim();
    // A proxy's error page is HTML: of no use to the reader.
    if (text !== '' && !text.startsWith('<')) return text.slice(0, 500);
  }
  return `The server answered with status ${status}.`;
}
