// Tags as users type them: `http.status_code=500 error=true message="not found"`.

export type Tags = Record<string, string>;

export class LogfmtError extends Error {}

/** Throws `LogfmtError` with a sentence for the user. A key alone means `true`. */
export function parseLogfmt(text: string): Tags {
  const tags: Tags = {};
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] as string)) {
      at++;
      continue;
    }
    const key = /^[^\s="]+/.exec(text.slice(at))?.[0];
    if (!key) throw new LogfmtError(`A tag needs a name before ${text.slice(at, at + 12)}`);
    at += key.length;
    if (text[at] !== '=') {
      tags[key] = 'true';
      continue;
    }
    const value = readValue(text, at + 1, key);
    tags[key] = value.text;
    at = value.end;
  }
  return tags;
}

function readValue(text: string, start: number, key: string): { text: string; end: number } {
  if (text[start] !== '"') {
    const bare = /^\S*/.exec(text.slice(start))?.[0] ?? '';
    return { text: bare, end: start + bare.length };
  }
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const letter = text[at] as string;
    if (letter === '"') return { text: value, end: at + 1 };
    if (letter === '\\' && at + 1 < text.length) {
      at++;
      value += text[at];
    } else {
      value += letter;
    }
  }
  throw new LogfmtError(`The value of ${key} has no closing quote`);
}

export function formatLogfmt(tags: Tags): string {
  return Object.entries(tags)
    .map(([key, value]) => `${key}=${quoteIfNeeded(value)}`)
    .join(' ');
}

function quoteIfNeeded(value: string): string {
  if (!/[\s"\\]/.test(value)) return value;
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}
