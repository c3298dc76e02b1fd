import { useMemo } from 'preact/hooks';
import { CopyButton } from '../view/copy';
import { Message } from '../view/message';

const OTLP_HTTP_PORT = 4318;

/** Nothing has been stored yet: how to send the first span. */
export function FirstSpan() {
  const endpoint = `http://${window.location.hostname}:${OTLP_HTTP_PORT}`;
  const command = useMemo(() => sendOneSpan(endpoint), [endpoint]);
  return (
    <Message title="Waiting for the first span" testId="first-span">
      <p>Nothing has been stored yet. Point an application with an OpenTelemetry SDK at this server:</p>
      <Snippet text={`OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`} label="Copy the endpoint" />
      <p>Or send one span from a shell:</p>
      <Snippet text={command} label="Copy the command" />
      <p class="quiet">
        <span class="spinner" aria-hidden="true" /> This page looks again every few seconds.
      </p>
    </Message>
  );
}

function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div class="snippet">
      <pre>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}

function sendOneSpan(endpoint: string): string {
  const start = BigInt(Date.now()) * 1_000_000n;
  const span = {
    traceId: randomHex(16),
    spanId: randomHex(8),
    name: 'hello',
    kind: 1,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 42_000_000n),
  };
  const service = { key: 'service.name', value: { stringValue: 'my-first-service' } };
  const body = { resourceSpans: [{ resource: { attributes: [service] }, scopeSpans: [{ spans: [span] }] }] };
  return `curl ${endpoint}/v1/traces -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
