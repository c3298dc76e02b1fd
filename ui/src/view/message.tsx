// What stands where there is nothing to show (yet): loading, failed, empty.

import type { ComponentChildren } from 'preact';
import { Failure } from '../api/failure';

export function Loading({ what }: { what: string }) {
  return (
    <div class="message" role="status" data-testid="loading">
      <span class="spinner" aria-hidden="true" />
      <p>Loading {what}…</p>
    </div>
  );
}

interface MessageProps {
  title: string;
  children?: ComponentChildren;
  testId: string;
}

export function Message({ title, children, testId }: MessageProps) {
  return (
    <section class="message" data-testid={testId}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Failed({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { title, advice } = explain(error);
  return (
    <div class="message failed" role="alert" data-testid="failure">
      <h2>{title}</h2>
      <p class="said">{error.message}</p>
      <p>{advice}</p>
      <button type="button" class="primary" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

function explain(error: Error): { title: string; advice: string } {
  const status = error instanceof Failure ? error.status : -1;
  if (status === 0) {
    return {
      title: 'The server cannot be reached',
      advice: 'Check that it is running and that this computer has a way to it.',
    };
  }
  if (status === 401 || status === 403) {
    return { title: 'Access denied', advice: 'Sign in again, or ask whoever runs this server for access.' };
  }
  if (status === 429 || status === 503) {
    return { title: 'The server is busy', advice: 'It asks for a pause. Try again in a few seconds.' };
  }
  if (status >= 500) {
    return {
      title: 'The server failed',
      advice: 'Its log has the cause. The storage behind it may be down.',
    };
  }
  if (status >= 400) {
    return { title: 'The server refused the request', advice: 'Change the search and try again.' };
  }
  return { title: 'Something went wrong', advice: 'Reload the page, or try again.' };
}
