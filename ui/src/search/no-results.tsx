import { Message } from '../view/message';
import { type Criteria, CUSTOM, lookbackMicroseconds } from './criteria';

const WIDEST = '2d';
const WORDS = new Intl.ListFormat('en');

interface Props {
  criteria: Criteria;
  onSearch: (criteria: Criteria) => void;
}

/** Nothing matched: says what to loosen, and does it on a click. */
export function NoResults({ criteria, onSearch }: Props) {
  const narrowed = narrowing(criteria);
  const back = lookbackMicroseconds(criteria.lookback);
  const widest = lookbackMicroseconds(WIDEST) ?? 0n;
  const canWiden = criteria.lookback === CUSTOM || back === undefined || back < widest;
  const everything = { ...criteria, service: '', operation: '', tags: '', minDuration: '', maxDuration: '' };
  return (
    <Message title="No traces found" testId="no-results">
      <p>
        {narrowed.length > 0
          ? `Nothing in this time range matches the ${WORDS.format(narrowed)} you asked for.`
          : 'No service has sent a trace in this time range.'}
      </p>
      <div class="actions">
        {canWiden && (
          <button type="button" class="primary" onClick={() => onSearch({ ...criteria, lookback: WIDEST })}>
            Search the last 2 days
          </button>
        )}
        {narrowed.length > 0 && (
          <button type="button" onClick={() => onSearch(everything)}>
            Search without filters
          </button>
        )}
      </div>
    </Message>
  );
}

function narrowing({ service, operation, tags, minDuration, maxDuration }: Criteria): string[] {
  const fields = { service, operation, tags, duration: minDuration + maxDuration };
  return Object.entries(fields).flatMap(([name, value]) => (value === '' ? [] : [name]));
}
