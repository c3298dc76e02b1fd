import { useRef } from 'preact/hooks';
import { href } from '../router/address';
import { Link } from '../router/link';
import { formatDuration } from '../time/duration';
import { formatInstant, formatRfc3339Nano } from '../time/instant';
import { CopyButton } from '../view/copy';
import { ErrorMark } from '../view/error-mark';
import { serviceColor } from '../view/service-color';
import { AttributeTable } from './attributes';
import { traceAddress } from './deep-link';
import { Events } from './events';
import type { Span, Trace } from './model';
import { Section } from './section';
import { kindText, statusText } from './value';

interface Props {
  span: Span;
  trace: Trace;
  onClose: () => void;
  onGo: (span: Span) => void;
}

/** All that is known of one span, beside the timeline. */
export function SpanDetail({ span, trace, onClose, onGo }: Props) {
  const panel = useRef<HTMLElement>(null);
  const scope = scopeAttributes(span);
  return (
    <aside
      class="detail"
      ref={panel}
      aria-label={`Span ${span.name}`}
      data-testid="span-detail"
      data-span-id={span.id}
    >
      <header>
        <h2>
          {span.error && <ErrorMark />}
          {span.name}
        </h2>
        <p>
          <i class="stripe" style={{ background: serviceColor(span.service) }} />
          {span.service}
          <span class="kind">{kindText(span.kind)}</span>
        </p>
        <button
          type="button"
          class="icon close"
          aria-label="Close the detail"
          onClick={onClose}
          data-testid="detail-close"
        >
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <path d="M4 4l8 8M12 4l-8 8" />
          </svg>
        </button>
      </header>
      <Facts span={span} trace={trace} onGo={onGo} />
      <Section title="Attributes" count={span.attributes.length} open>
        <AttributeTable attributes={span.attributes} />
      </Section>
      <Section title="Events" count={span.events.length} open>
        <Events events={span.events} spanStart={span.start} />
      </Section>
      <Section title="Links" count={span.links.length} open>
        <Links span={span} trace={trace} onGo={onGo} />
      </Section>
      <Section title="Resource" count={span.resource.length}>
        <AttributeTable attributes={span.resource} />
      </Section>
      <Section title="Scope" count={scope.length}>
        <AttributeTable attributes={scope} />
      </Section>
    </aside>
  );
}

function scopeAttributes({ scope }: Span) {
  const known = [
    { key: 'name', value: { stringValue: scope.name ?? '' } },
    { key: 'version', value: { stringValue: scope.version ?? '' } },
  ];
  return [...known.filter(({ value }) => value.stringValue !== ''), ...(scope.attributes ?? [])];
}

function Facts({ span, trace, onGo }: Omit<Props, 'onClose'>) {
  const duration = span.end - span.start;
  const link = window.location.origin + href(traceAddress(span.traceId, span.key, ''));
  const parent = span.parent;
  return (
    <dl class="facts">
      <dt>Duration</dt>
      <dd title={`${duration} ns`}>{formatDuration(duration)}</dd>
      <dt>Start</dt>
      <dd title={formatRfc3339Nano(span.start)}>
        +{formatDuration(span.start - trace.start)} <small>{formatInstant(span.start)}</small>
      </dd>
      <dt>Status</dt>
      <dd class={span.error ? 'bad' : ''}>
        {statusText(span.statusCode)}
        {span.statusMessage && <span class="status-message">{span.statusMessage}</span>}
      </dd>
      <dt>Span</dt>
      <dd>
        <code>{span.id}</code>
        <CopyButton text={span.id} label="Copy the span id" />
        <span class="copy-link">
          link <CopyButton text={link} label="Copy a link to this span" />
        </span>
      </dd>
      {span.parentId !== '' && (
        <>
          <dt>Parent</dt>
          <dd>
            {parent ? (
              <button type="button" class="text" onClick={() => onGo(parent)}>
                <code>{span.parentId}</code>
              </button>
            ) : (
              <code>{span.parentId}</code>
            )}
            {span.detached && <span class="detached">{span.detached}</span>}
          </dd>
        </>
      )}
      {span.traceState !== '' && (
        <>
          <dt>Trace state</dt>
          <dd>
            <code>{span.traceState}</code>
          </dd>
        </>
      )}
    </dl>
  );
}

function Links({ span, trace, onGo }: Omit<Props, 'onClose'>) {
  return (
    <ul class="links">
      {span.links.map((link) => {
        const here =
          link.traceId === span.traceId ? trace.spans.find(({ id }) => id === link.spanId) : undefined;
        return (
          <li key={`${link.traceId} ${link.spanId}`}>
            {here ? (
              <button type="button" class="text" onClick={() => onGo(here)} data-testid="span-link">
                {here.service} {here.name}
              </button>
            ) : (
              <Link to={traceAddress(link.traceId, link.spanId, '')} data-testid="span-link">
                trace <code>{link.traceId}</code>
                <br />
                span <code>{link.spanId}</code>
              </Link>
            )}
            <AttributeTable attributes={link.attributes ?? []} />
          </li>
        );
      })}
    </ul>
  );
}
