import { fromLocalInput, toLocalInput } from '../time/instant';
import { type Criteria, CUSTOM } from './criteria';
import { Field } from './field';
import { rangeOf } from './query';

interface Props {
  draft: Criteria;
  problem: string | undefined;
  lookbacks: readonly (readonly [value: string, label: string])[];
  onChange: (part: Partial<Criteria>) => void;
}

export function RangeFields({ draft, problem, lookbacks, onChange }: Props) {
  const custom = draft.lookback === CUSTOM;
  const unlisted = !custom && !lookbacks.some(([value]) => value === draft.lookback);
  const choose = (lookback: string) => {
    // A custom range begins with what the lookback showed.
    onChange(lookback === CUSTOM ? { lookback, ...rangeOf(draft, Date.now()) } : { lookback });
  };
  return (
    <>
      <Field id="lookback" label="Lookback">
        <select
          id="lookback"
          value={draft.lookback}
          data-testid="lookback-select"
          onChange={(event) => choose(event.currentTarget.value)}
        >
          {unlisted && <option value={draft.lookback}>Last {draft.lookback}</option>}
          {lookbacks.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
          <option value={CUSTOM}>Custom range…</option>
        </select>
      </Field>
      {custom && (
        <fieldset class="range">
          <legend class="visually-hidden">Custom range</legend>
          <Instant
            id="start"
            label="From"
            value={draft.start}
            problem={undefined}
            onChange={(start) => onChange({ start })}
          />
          <Instant
            id="end"
            label="To"
            value={draft.end}
            problem={problem}
            onChange={(end) => onChange({ end })}
          />
        </fieldset>
      )}
    </>
  );
}

interface InstantProps {
  id: string;
  label: string;
  value: bigint | undefined;
  problem: string | undefined;
  onChange: (value: bigint) => void;
}

function Instant({ id, label, value, problem, onChange }: InstantProps) {
  const change = (text: string) => {
    const instant = fromLocalInput(text);
    if (instant !== undefined) onChange(instant);
  };
  return (
    <Field id={id} label={label} problem={problem}>
      <input
        id={id}
        type="datetime-local"
        step="1"
        value={value === undefined ? '' : toLocalInput(value)}
        data-testid={`range-${id}`}
        onChange={(event) => change(event.currentTarget.value)}
      />
    </Field>
  );
}
