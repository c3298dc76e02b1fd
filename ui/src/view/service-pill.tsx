import { ErrorMark } from './error-mark';
import { serviceColor } from './service-color';

interface Props {
  name: string;
  spans: number;
  errors: number;
}

/** A service with its number of spans and of errors. */
export function ServicePill({ name, spans, errors }: Props) {
  return (
    <span class="pill" data-testid="service-pill" title={`${spans} spans, ${errors} errors`}>
      <i style={{ background: serviceColor(name) }} />
      {name} <b>{spans.toLocaleString()}</b>
      {errors > 0 && (
        <em>
          <ErrorMark />
          {errors.toLocaleString()}
        </em>
      )}
    </span>
  );
}
