import type { OtlpEvent } from '../api/wire';
import { formatDuration } from '../time/duration';
import { formatRfc3339Nano } from '../time/instant';
import { AttributeTable } from './attributes';

/** What happened within a span, with the time since its start. */
export function Events({ events, spanStart }: { events: OtlpEvent[]; spanStart: bigint }) {
  const timed = events.map((event) => ({ event, at: BigInt(event.timeUnixNano ?? '0') }));
  timed.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return (
    <ol class="events">
      {timed.map(({ event, at }, i) => {
        const exception = event.name === 'exception';
        return (
          <li key={`${at} ${i}`} class={exception ? 'exception' : ''} data-testid="span-event">
            <p>
              <time title={formatRfc3339Nano(at)}>
                {at >= spanStart ? '+' : ''}
                {formatDuration(at - spanStart)}
              </time>
              <b>{event.name || 'event'}</b>
            </p>
            <AttributeTable attributes={event.attributes ?? []} />
          </li>
        );
      })}
    </ol>
  );
}
