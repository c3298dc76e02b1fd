// The calls that the page makes, each typed; addresses are relative to <base>, so any base path works.

import { Failure, messageOf } from './failure';
import type { Dependency, Operation, Summary, TracesData } from './wire';

/** The absolute address of a path of the server, below its base path. */
export function serverUrl(path: string): string {
  return new URL(path, document.baseURI).href;
}

async function get<T>(path: string, signal: AbortSignal): Promise<T> {
  let response: Response;
  let body: string;
  try {
    response = await fetch(serverUrl(path), { signal, headers: { accept: 'application/json' } });
    body = await response.text();
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw new Failure(0, 'No answer came from the server.');
  }
  if (!response.ok) throw new Failure(response.status, messageOf(response.status, body));
  try {
    return JSON.parse(body) as T;
  } catch {
    throw new Failure(response.status, 'The answer of the server is not JSON.');
  }
}

export async function fetchServices(signal: AbortSignal): Promise<string[]> {
  const { services } = await get<{ services?: string[] }>('api/v3/services', signal);
  return (services ?? []).sort((a, b) => a.localeCompare(b));
}

export async function fetchOperations(service: string, signal: AbortSignal): Promise<Operation[]> {
  const path = `api/v3/operations?${new URLSearchParams({ service })}`;
  const { operations } = await get<{ operations?: Operation[] }>(path, signal);
  return (operations ?? []).sort((a, b) => a.name.localeCompare(b.name));
}

/** Summaries of the traces that match. The server says "none" with status 404. */
export async function fetchSummaries(query: URLSearchParams, signal: AbortSignal): Promise<Summary[]> {
  try {
    const { summaries } = await get<{ summaries?: Summary[] }>(`api/v3/trace-summaries?${query}`, signal);
    return summaries ?? [];
  } catch (error) {
    if (error instanceof Failure && error.status === 404 && /no traces found/i.test(error.message)) return [];
    throw error;
  }
}

export async function fetchTrace(id: string, signal: AbortSignal): Promise<TracesData> {
  const { result } = await get<{ result?: TracesData }>(`api/v3/traces/${encodeURIComponent(id)}`, signal);
  return result ?? {};
}

/** Which service calls which, in the milliseconds before `endTs`, which are milliseconds too. */
export async function fetchDependencies(
  endTs: number,
  lookback: number,
  signal: AbortSignal,
): Promise<Dependency[]> {
  const query = new URLSearchParams({ endTs: String(endTs), lookback: String(lookback) });
  const { data } = await get<{ data?: Dependency[] | null }>(`api/dependencies?${query}`, signal);
  return data ?? [];
}

/** The trace as JSON for reading, in a browser tab of its own. */
export function traceJsonUrl(id: string): string {
  return serverUrl(`api/traces/${encodeURIComponent(id)}?prettyPrint=true`);
}
