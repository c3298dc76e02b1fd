import { useEffect, useState } from 'preact/hooks';
import { fetchOperations } from '../api/client';
import { useLoad } from '../api/load';
import type { Operation } from '../api/wire';
import { type Criteria, LOOKBACKS, MAX_LIMIT_TRACES, parseLimit } from './criteria';
import { Field, TextField } from './field';
import { type Problems, problemsOf } from './query';
import { RangeFields } from './range-fields';

interface Props {
  criteria: Criteria;
  services: string[];
  busy: boolean;
  onSearch: (criteria: Criteria) => void;
}

export function SearchForm({ criteria, services, busy, onSearch }: Props) {
  const [draft, setDraft] = useState(criteria);
  const [problems, setProblems] = useState<Problems>({});

  // The address is the truth: "back" and links fill the form anew.
  useEffect(() => {
    setDraft(criteria);
    setProblems({});
  }, [criteria]);

  const change = (part: Partial<Criteria>) => setDraft({ ...draft, ...part });
  const submit = (event: Event) => {
    event.preventDefault();
    const found = problemsOf(draft);
    setProblems(found);
    if (Object.keys(found).length === 0) onSearch(draft);
  };

  return (
    <form
      class="search-form"
      onSubmit={submit}
      aria-label="Search for traces"
      data-testid="search-form"
      noValidate
    >
      <ServiceField
        value={draft.service}
        services={services}
        onChange={(service) => change({ service, operation: '' })}
      />
      <OperationField
        service={draft.service}
        value={draft.operation}
        onChange={(operation) => change({ operation })}
      />
      <TextField
        id="tags"
        label="Tags"
        value={draft.tags}
        placeholder="http.status_code=500 error=true"
        problem={problems.tags}
        wide
        onChange={(tags) => change({ tags })}
      />
      <RangeFields draft={draft} problem={problems.range} lookbacks={LOOKBACKS} onChange={change} />
      <div class="pair">
        <TextField
          id="min-duration"
          label="Min duration"
          value={draft.minDuration}
          placeholder="100ms"
          problem={problems.minDuration}
          onChange={(minDuration) => change({ minDuration: minDuration.trim() })}
        />
        <TextField
          id="max-duration"
          label="Max duration"
          value={draft.maxDuration}
          placeholder="1.5s"
          problem={problems.maxDuration}
          onChange={(maxDuration) => change({ maxDuration: maxDuration.trim() })}
        />
      </div>
      <Field id="limit" label="Limit">
        <input
          id="limit"
          type="number"
          min="1"
          max={MAX_LIMIT_TRACES}
          value={draft.limit}
          data-testid="limit"
          onChange={(event) => change({ limit: parseLimit(event.currentTarget.value) })}
        />
      </Field>
      <button type="submit" class="primary" data-testid="search-button" aria-busy={busy}>
        Find traces
      </button>
    </form>
  );
}

interface ServiceFieldProps {
  value: string;
  services: string[];
  onChange: (service: string) => void;
}

function ServiceField({ value, services, onChange }: ServiceFieldProps) {
  const unknown = value !== '' && !services.includes(value);
  return (
    <Field id="service" label="Service">
      <select
        id="service"
        value={value}
        data-testid="service-select"
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        <option value="">All services</option>
        {unknown && <option value={value}>{value}</option>}
        {services.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </Field>
  );
}

interface OperationFieldProps {
  service: string;
  value: string;
  onChange: (operation: string) => void;
}

function OperationField({ service, value, onChange }: OperationFieldProps) {
  const load = useLoad(service, (signal) =>
    service === '' ? Promise.resolve([]) : fetchOperations(service, signal),
  );
  const operations = load.state === 'done' ? byName(load.value) : [];
  const unknown = value !== '' && !operations.some(({ name }) => name === value);
  return (
    <Field id="operation" label="Operation">
      <select
        id="operation"
        value={value}
        disabled={service === ''}
        data-testid="operation-select"
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        <option value="">{service === '' ? 'Choose a service first' : 'All operations'}</option>
        {unknown && <option value={value}>{value}</option>}
        {operations.map(({ name, kinds }) => (
          <option key={name} value={name}>
            {kinds === '' ? name : `${name} (${kinds})`}
          </option>
        ))}
      </select>
    </Field>
  );
}

/** One entry per name: the search does not tell kinds apart. */
function byName(operations: Operation[]): { name: string; kinds: string }[] {
  const kinds = new Map<string, Set<string>>();
  for (const { name, spanKind } of operations) {
    const known = kinds.get(name) ?? new Set();
    if (spanKind) known.add(spanKind);
    kinds.set(name, known);
  }
  return [...kinds].map(([name, set]) => ({ name, kinds: [...set].sort().join(', ') }));
}
