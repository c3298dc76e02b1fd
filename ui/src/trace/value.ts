// Attribute values: typed on the wire, text on the page.

import type { AnyValue, KeyValue } from '../api/wire';

export function valueText(value: AnyValue | undefined): string {
  if (!value) return '';
  const plain = plainValue(value);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}

type Plain = string | boolean | number | null | Plain[] | { [key: string]: Plain };

function plainValue(value: AnyValue): Plain {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  // 64 bits: the digits as they came, for a number could not hold them.
  if (value.intValue !== undefined) return String(value.intValue);
  if (value.doubleValue !== undefined) return value.doubleValue;
  if (value.bytesValue !== undefined) return value.bytesValue;
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.kvlistValue) {
    const entries = (value.kvlistValue.values ?? []).map(
      ({ key, value }) => [key, value ? plainValue(value) : null] as const,
    );
    return Object.fromEntries(entries);
  }
  return '';
}

export function stringAttribute(attributes: KeyValue[], key: string): string {
  return valueText(attributes.find((attribute) => attribute.key === key)?.value);
}

/** JSON objects and arrays on several lines; anything else as it is. */
export function prettyText(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return indentJson(text);
}

/** Indents the text itself, so that long numbers keep all their digits. */
function indentJson(text: string): string {
  let out = '';
  let depth = 0;
  for (const token of text.match(/"(?:[^"\\]|\\.)*"|[^\s"]/g) ?? []) {
    if (token === '{' || token === '[') out += `${token}\n${'  '.repeat(++depth)}`;
    else if (token === '}' || token === ']') out = `${out.trimEnd()}${closing(out, --depth)}${token}`;
    else if (token === ',') out += `,\n${'  '.repeat(depth)}`;
    else out += token === ':' ? ': ' : token;
  }
  return out;
}

function closing(before: string, depth: number): string {
  return /[[{]$/.test(before.trimEnd()) ? '' : `\n${'  '.repeat(depth)}`;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

export const kindText = (kind: number) => KINDS[kind] ?? `kind ${kind}`;

const STATUSES = ['unset', 'ok', 'error'];

export const statusText = (code: number) => STATUSES[code] ?? `status ${code}`;
