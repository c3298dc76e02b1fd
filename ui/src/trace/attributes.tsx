import type { KeyValue } from '../api/wire';
import { CopyButton } from '../view/copy';
import { prettyText, valueText } from './value';

/** Names and values, in the order of the names. */
export function AttributeTable({ attributes }: { attributes: KeyValue[] }) {
  if (attributes.length === 0) return null;
  const ordered = [...attributes].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return (
    <table class="attributes">
      <tbody>
        {ordered.map(({ key, value }, i) => {
          const text = valueText(value);
          return (
            <tr key={`${key} ${i}`} data-testid="attribute" data-key={key}>
              <th scope="row">{breakable(key)}</th>
              <td>
                <Value text={text} />
              </td>
              <td class="copy-cell">
                <CopyButton text={text} label={`Copy the value of ${key}`} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Value({ text }: { text: string }) {
  if (/^https?:\/\/\S+$/.test(text)) {
    return (
      <a href={text} target="_blank" rel="noreferrer">
        {text}
      </a>
    );
  }
  return <span class="value">{prettyText(text)}</span>;
}

/** Long names break at their dots. */
function breakable(key: string) {
  return key.split(/(?<=[._/])/).flatMap((part, i) => (i === 0 ? [part] : [<wbr key={i} />, part]));
}
