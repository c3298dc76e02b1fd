// "Find in trace": which spans contain what was typed.

import type { KeyValue } from '../api/wire';
import type { Span } from './model';
import { kindText, valueText } from './value';

const texts = new WeakMap<Span, string>();

/** The keys of the spans that contain the text or, when none does, all of its words. Undefined: nothing was typed. */
export function matching(spans: Span[], typed: string): Set<string> | undefined {
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') return undefined;
  const whole = keysWhere(spans, (text) => text.includes(wanted));
  if (whole.size > 0) return whole;
  const words = wanted.split(/\s+/);
  return keysWhere(spans, (text) => words.every((word) => text.includes(word)));
}

function keysWhere(spans: Span[], test: (text: string) => boolean): Set<string> {
  return new Set(spans.filter((span) => test(textOf(span))).map(({ key }) => key));
}

/** All that can be found of a span, in one lower-case text made once. */
function textOf(span: Span): string {
  let text = texts.get(span);
  if (text === undefined) {
    text = [
      span.id,
      span.name,
      span.service,
      kindText(span.kind),
      span.error ? 'error' : '',
      span.statusMessage,
      span.scope.name ?? '',
      ...span.attributes.map(pairText),
      ...span.resource.map(pairText),
      ...span.events.flatMap((event) => [event.name ?? '', ...(event.attributes ?? []).map(pairText)]),
    ]
      .join('\n')
      .toLowerCase();
    texts.set(span, text);
  }
  return text;
}

const pairText = ({ key, value }: KeyValue) => `${key}=${valueText(value)}`;
