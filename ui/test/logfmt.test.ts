import { describe, expect, it } from 'vitest';
import { formatLogfmt, LogfmtError, parseLogfmt } from '../src/search/logfmt';

describe('logfmt', () => {
  it('reads bare, quoted, empty and missing values', () => {
    expect(parseLogfmt('http.status_code=500  error msg="not found" empty= q=a=b')).toEqual({
      'http.status_code': '500',
      error: 'true',
      msg: 'not found',
      empty: '',
      q: 'a=b',
    });
  });

  it.each(['=x', '"k"=v', 'k="open', 'a=1 ="'])('refuses %s', (text) => {
    expect(() => parseLogfmt(text)).toThrow(LogfmtError);
  });

  it.each([{ a: 'b' }, { path: 'C:\\dir name\\' }, { quote: 'say "hi"' }, { empty: '' }])(
    'writes %j so that it reads back',
    (tags) => {
      expect(parseLogfmt(formatLogfmt(tags as Record<string, string>))).toEqual(tags);
    },
  );
});
